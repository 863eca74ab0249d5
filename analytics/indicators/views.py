"""The Indicators pages: the trees, one tree, one indicator."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import TeamRequest, team_view
from accounts.audit import record_event
from accounts.roles import Permission
from analytics.indicators import access, selectors, services
from analytics.indicators.changing import NO_REASON, TreeError
from analytics.indicators.forms import (
    IndicatorForm,
    MappingForm,
    MoveForm,
    NewIndicatorForm,
    NewTreeForm,
    RemovalForm,
    RulesForm,
    TreeNamesForm,
)
from analytics.indicators.hooks import get_figures, tree_panels
from analytics.indicators.models import Indicator, IndicatorTree, SourceRole
from analytics.indicators.planning import plan_for_document
from analytics.indicators.problems import list_problems
from analytics.indicators.replies import (
    MOVED,
    STATUS,
    answer,
    get_number,
    node_view,
    posted_number,
    refuse,
    tell_it_is_gone,
)
from analytics.indicators.sentences import sentence
from analytics.indicators.undoing import get_undoable
from surveys.design.models import Questionnaire
from surveys.design.selectors import get_document, get_draft, get_latest_version

ROLES = (SourceRole.NPS, SourceRole.OVERALL, SourceRole.COMMENT, SourceRole.EFFORT)


@require_safe
@team_view(Permission.VIEW_RESULTS)
def tree_list(request: TeamRequest) -> HttpResponse:
    """List the team's trees; a single one opens at once."""
    trees = list(selectors.list_trees(team=request.actor.team))
    if len(trees) == 1 and "all" not in request.GET:
        return redirect("indicators:tree", trees[0].pk)
    at = timezone.now()
    cards = [(one, [panel(request.actor, one, at) for panel in tree_panels]) for one in trees]
    return render(request, "indicators/tree_list.html", {"cards": cards, "nav": "indicators"})


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Permission.DESIGN)
def tree_new(request: TeamRequest) -> HttpResponse:
    """Propose a tree for a questionnaire and create it."""
    questionnaires = Questionnaire.objects.filter(team=request.actor.team, archived_at=None).order_by("name")
    form = NewTreeForm(request.POST or None, questionnaires=questionnaires)
    if request.method == "POST" and form.is_valid():
        try:
            tree = _create(request, form.cleaned_data["questionnaire"])
        except TreeError as error:
            form.add_error("questionnaire", sentence(error.code, error.details))
        else:
            messages.success(request, _("The tree has been created with equal weights."))
            return redirect("indicators:tree", tree.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "indicators/tree_new.html", {"form": form, "nav": "indicators"}, status=status)


@require_safe
@team_view(Permission.VIEW_RESULTS)
def tree(request: TeamRequest, tree_id: int) -> HttpResponse:
    """Show one tree with its weights, questions, rules and weight sets."""
    found = access.get_tree(request.actor, tree_id)
    return _tree_page(request, found)


@require_POST
@team_view(Permission.DESIGN)
def tree_rename(request: TeamRequest, tree_id: int) -> HttpResponse:
    """Give a tree new names."""
    found = access.get_tree(request.actor, tree_id)
    form = TreeNamesForm(request.POST, tree=found)
    if not form.is_valid():
        return _tree_page(request, found, names=form, status=422)
    before = found.names
    if services.rename_tree(tree=found, names=form.names):
        _record(request, found, "indicator_tree.renamed", {"before": before})
        messages.success(request, _("Saved."))
    else:
        messages.info(request, _("The name is this already; nothing has changed."))
    return redirect("indicators:tree", found.pk)


@require_POST
@team_view(Permission.DESIGN)
def tree_rules(request: TeamRequest, tree_id: int) -> HttpResponse:
    """Change the score vector or the coverage."""
    found = access.get_tree(request.actor, tree_id)
    form = RulesForm(request.POST)
    if not form.is_valid():
        return _tree_page(request, found, rules=form, status=422)
    data, at = form.cleaned_data, timezone.now()
    try:
        changed = services.set_rules(
            tree=found, score_vector=data["score_vector"], coverage=data["coverage"], user=request.actor.user,
            reason=data["reason"], at=at,
        )
    except TreeError as error:
        form.add_error(None, sentence(error.code, error.details))
        return _tree_page(request, found, rules=form, status=422)
    if changed:
        detail = {name: list(pair) for name, pair in changed.items()} | {"reason": data["reason"]}
        _record(request, found, "indicator_tree.rules_set", detail)
        messages.success(request, _("A new series begins with these rules. Published results stay as they are."))
    else:
        messages.info(request, _("The rules are these already; nothing has changed."))
    return redirect("indicators:tree", found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@team_view(Permission.DESIGN)
@node_view
def indicator(request: TeamRequest, node: Indicator) -> HttpResponse:
    """Show one indicator; a POST changes its names and its target."""
    if request.method != "POST":
        return indicator_page(request, node)
    form = IndicatorForm(request.POST)
    if not form.is_valid():
        return indicator_page(request, node, form=form, status=422)
    try:
        services.edit_indicator(
            indicator=node, names=form.names, target=form.cleaned_data["target"],
            revision=posted_number(request, "revision"),
        )
    except TreeError as error:
        return _refused(request, node, error, form=form)
    _record(request, node.tree, "indicator.edited", _about(node))
    messages.success(request, _("Saved."))
    return redirect("indicators:tree", node.tree_id)


@require_POST
@team_view(Permission.DESIGN)
@node_view
def indicator_add(request: TeamRequest, parent: Indicator) -> HttpResponse:
    """Add an indicator below this one."""
    form = NewIndicatorForm(request.POST)
    if not form.is_valid():
        return indicator_page(request, parent, new=form, status=422)
    try:
        node = services.add_indicator(
            parent=parent, key=form.cleaned_data["key"], names=form.names, user=request.actor.user,
            at=timezone.now(), revision=posted_number(request, "revision"), reason=form.cleaned_data["reason"],
        )
    except TreeError as error:
        return _refused(request, parent, error, new=form)
    _record(request, parent.tree, "indicator.added", _about(node))
    messages.success(request, _("Added. Now choose the questions that measure it."))
    return redirect("indicators:indicator", node.pk)


@require_POST
@team_view(Permission.DESIGN)
@node_view
def indicator_remove(request: TeamRequest, node: Indicator) -> HttpResponse:
    """Remove an indicator with all below it."""
    form = RemovalForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        services.remove_indicator(
            indicator=node, reason=reason, user=request.actor.user, at=timezone.now(),
            revision=posted_number(request, "revision"),
        )
    except TreeError as error:
        if error.code == NO_REASON:
            return indicator_page(request, node, removal=form, status=422)
        return refuse(request, node.tree, error)
    _record(request, node.tree, "indicator.removed", _about(node) | {"reason": reason})
    return answer(request, node.tree, _("Removed. The weights beside it changed; results are being recomputed."))


@require_POST
@team_view(Permission.DESIGN)
@node_view
def indicator_map(request: TeamRequest, node: Indicator) -> HttpResponse:
    """Let a question feed this indicator."""
    return _map(request, node.tree, node)


@require_POST
@team_view(Permission.DESIGN)
def tree_map(request: TeamRequest, tree_id: int) -> HttpResponse:
    """Give a question a role in the tree."""
    return _map(request, access.get_tree(request.actor, tree_id), None)


@require_POST
@team_view(Permission.DESIGN)
def source_remove(request: TeamRequest, source_id: int) -> HttpResponse:
    """Stop a question from feeding the tree."""
    try:
        source = access.get_source(request.actor, source_id)
    except Http404:
        return tell_it_is_gone(request)
    return _change(
        request, source.tree, "question.unmapped",
        lambda at: services.unmap_question(source=source, at=at), {"key": source.question_key},
    )


def _create(request: TeamRequest, questionnaire: Questionnaire) -> IndicatorTree:
    version = get_latest_version(questionnaire=questionnaire)
    document = get_document(version=version) if version else get_draft(questionnaire=questionnaire)
    root, roles = plan_for_document(document)
    name = dict.fromkeys(("zh-hans", "en"), questionnaire.name)
    tree = services.create_tree(
        team=request.actor.team, names=name, root=root, roles=roles, questionnaire=questionnaire,
        user=request.actor.user, at=timezone.now(),
    )
    _record(request, tree, "indicator_tree.created", {"questionnaire": questionnaire.pk})
    return tree


def _map(request: TeamRequest, tree: IndicatorTree, node: Indicator | None) -> HttpResponse:
    role = SourceRole.LEAF.value if node else request.POST.get("role", "")
    form = MappingForm(request.POST, questions=selectors.list_unmapped(tree=tree, role=role))
    if not form.is_valid():
        messages.error(request, _("Choose a question."))
        return redirect("indicators:tree", tree.pk) if node is None else redirect("indicators:indicator", node.pk)
    questionnaire, key = form.chosen
    return _change(
        request, tree, "question.mapped",
        lambda at: services.map_question(
            tree=tree, indicator=node, role=role, questionnaire=questionnaire, question_key=key, at=at
        ),
        {"key": key},
    )


def _change(
    request: TeamRequest, tree: IndicatorTree, action: str, service: Callable[[datetime], Any],
    detail: dict[str, Any] | None = None,
) -> HttpResponse:
    """Call a service, say what came of it, and show the tree."""
    try:
        service(timezone.now())
    except TreeError as error:
        return refuse(request, tree, error)
    _record(request, tree, action, detail or {})
    return answer(request, tree, _("Saved. Results are being recomputed."))


def _refused(request: TeamRequest, node: Indicator, error: TreeError, **forms: Any) -> HttpResponse:
    """Say in the form why nothing was stored, with all that was typed; on the tree where the indicator has gone."""
    if not Indicator.objects.filter(pk=node.pk).exists():
        return refuse(request, node.tree, error)
    [form] = forms.values()
    form.add_error("key" if "key" in error.code else None, sentence(error.code, error.details))
    current = access.get_indicator(request.actor, node.pk)
    return indicator_page(request, current, status=STATUS.get(error.code, 422), **forms)


def _about(node: Indicator) -> dict[str, Any]:
    return {"key": node.key, "indicator": node.names}


def _record(request: TeamRequest, tree: IndicatorTree, action: str, detail: dict[str, Any]) -> None:
    record_event(actor=request.actor, action=action, target=f"tree {tree.pk}", name=tree.names, detail=detail,
                 at=timezone.now())


def _tree_page(
    request: TeamRequest, tree: IndicatorTree, *, rules: RulesForm | None = None, names: TreeNamesForm | None = None,
    status: int = 200,
) -> HttpResponse:
    asked = selectors.list_asked(tree=tree)
    held = list(tree.sources.filter(role__in=ROLES).select_related("questionnaire__team"))
    roles = [
        (role, [source for source in held if source.role == role],
         MappingForm(questions=selectors.list_unmapped(tree=tree, role=role, asked=asked), initial={"role": role}))
        for role in ROLES
    ]
    branches = selectors.list_branches(tree=tree)
    sources = [one for branch in branches for one in branch.sources] + held
    return render(request, "indicators/tree.html", {
        "tree": tree, "branches": branches, "roles": roles, "problems": list_problems(tree=tree), "nav": "indicators",
        "texts": selectors.question_texts(sources=sources),
        "weight_sets": selectors.list_weight_sets(tree=tree)[: selectors.SETS_BESIDE_A_TREE],
        "figures": get_figures(request.actor, tree, timezone.now()),
        "undo": get_undoable(tree=tree, number=get_number(request.GET, MOVED)), "said": _("Moved; the weights changed."),
        "names": names or TreeNamesForm(tree=tree),
        "rules": rules or RulesForm(initial={"score_vector": tree.score_vector, "coverage": tree.coverage}),
    }, status=status)


def indicator_page(request: TeamRequest, node: Indicator, *, status: int = 200, **forms: Any) -> HttpResponse:
    """Show one indicator; `forms` are those that were sent, with what is wrong with them."""
    branch = selectors.branch_of(node=node)
    names = {"name_zh": node.names.get("zh-hans", ""), "name_en": node.names.get("en", "")}
    mapping = None
    if branch.is_leaf:
        questions = selectors.list_unmapped(tree=node.tree, role=SourceRole.LEAF)
        mapping = MappingForm(questions=questions, initial={"role": SourceRole.LEAF})
    context = {
        "node": node, "branch": branch, "tree": node.tree, "nav": "indicators", "mapping": mapping,
        "figures": get_figures(request.actor, node.tree, timezone.now()),
        "texts": selectors.question_texts(sources=branch.sources),
        "form": IndicatorForm(initial=names | {"target": node.target}),
        "new": NewIndicatorForm(),
        "move": MoveForm(tree=node.tree) if node.parent_id else None, "removal": RemovalForm(),
    }
    return render(request, "indicators/indicator.html", context | forms, status=status)
