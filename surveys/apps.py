"""Django app: everything up to a stored answer."""

from django.apps import AppConfig


class SurveysConfig(AppConfig):
    """Tells accounts which customers there are to choose a manager's scope from."""

    name = "surveys"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register with those who know nothing of customers."""
        from accounts.scopes import level_sources
        from surveys.contacts.selectors import list_known_levels

        if list_known_levels not in level_sources:
            level_sources.append(list_known_levels)
