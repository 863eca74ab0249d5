"""The page's numbers and changes as an Excel file."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import content_disposition_header

from accounts.access import TeamRequest
from analytics.dashboards.change.request import parse_change_request, read_requested
from analytics.dashboards.opening import not_exported, results_page
from analytics.dashboards.origins import file_name, origin_of
from analytics.dashboards.overview.read import read_overview
from analytics.dashboards.page_context import language_of, with_query
from analytics.dashboards.selection import Selection, find_problems, sentences_of
from analytics.dashboards.weighting.reading import weighting_problem, with_weighting
from analytics.dashboards.workbook.about import about_lines, definition_lines
from analytics.dashboards.workbook.sheets import list_sheets, metrics_of
from analytics.dashboards.workbook.write import CONTENT_TYPE, write_workbook
from analytics.indicators.weight_words import weight_set_name
from surveys.design.document import text_in


@results_page()
def workbook(request: TeamRequest, selection: Selection) -> HttpResponseBase:
    """Send what the CSV files hold as one workbook; where it cannot be weighted as asked for, the page says why."""
    weighted = with_weighting(selection, request.GET.get("weighting", ""))
    ignored = sentences_of(parse_change_request(selection=selection, query=request.GET).ignored)
    problems = find_problems(weighted, request.GET, "before", "weighting", "weights") | ignored
    if problems:
        return not_exported(request, problems)
    if weighting_problem(weighted):
        return redirect(with_query(reverse("dashboards:overview"), weighted.query()))
    return workbook_reply(selection, request.GET, language_of(request))


def workbook_reply(selection: Selection, query: QueryDict, language: str) -> HttpResponse:
    """Write the workbook of an address whose weights can be made; the changes are those of its `before`."""
    asked = parse_change_request(selection=selection, query=query)
    changes, problem = read_requested(asked)
    weighted = asked.charted
    page = read_overview(selection=weighted)
    sheets = list_sheets(
        page=page, changes=changes, earlier_weight_set=asked.weights_before.number, language=language)
    origin = origin_of(weighted, weighting=weighted.weighting)
    before = weight_set_name(asked.weights_before) if changes is not None else ""
    about = about_lines(page=page, selection=weighted, weights_before=before, problem=problem, language=language)
    file = write_workbook(
        title=text_in(page.names, language), sheets=sheets, about=list(about),
        definitions=list(definition_lines(metrics_of(sheets))),
    )
    reply = HttpResponse(file, content_type=CONTENT_TYPE)
    name = file_name(origin, kind="results", tree=page.tree_id, periods=[page.period])
    reply["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=f"{name}.xlsx")
    return reply
