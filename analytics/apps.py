"""Django app: everything after a stored answer."""

from typing import Any

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    """Listens to what makes results out of date."""

    name = "analytics"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register with those who know nothing of results."""
        from accounts.breakdowns import on_breakdown_changed
        from accounts.scopes import level_sources
        from analytics.dashboards import tree_figures, tree_panel
        from analytics.dashboards.scope_levels import list_scored_levels
        from analytics.indicators import expert_wake as expert_bell
        from analytics.indicators import hooks, trail
        from analytics.indicators.builder_panel import panel
        from analytics.indicators.proposals import create_proposed_tree
        from analytics.scoring import wake as bell
        from analytics.scoring.received import list_received
        from analytics.scoring.refusals import run_problem
        from surveys.answering import wake
        from surveys.design.hooks import on_created_from_template, received_counts, row_panels

        listen(wake.on_results_changed, bell.wake_questionnaire)
        listen(wake.on_rows_changed, bell.rows_changed)
        listen(on_breakdown_changed, bell.breakdown_changed)
        listen(hooks.on_definition_changed, bell.definition_changed)
        listen(hooks.tree_panels, tree_panel.render)
        listen(hooks.tree_figures, tree_figures.read)
        listen(hooks.run_problems, run_problem)
        listen(hooks.on_comparison_wanted, bell.wake_comparison)
        listen(hooks.on_expert_invited, expert_bell.wake_expert_mail)
        listen(row_panels, panel)
        listen(received_counts, list_received)
        listen(level_sources, list_scored_levels)
        trail.register()
        listen(on_created_from_template, create_proposed_tree)


def listen(listeners: list[Any], listener: Any) -> None:
    """Register once, however often the app gets ready."""
    if listener not in listeners:
        listeners.append(listener)
