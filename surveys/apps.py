"""Django app: everything up to a stored answer."""

from django.apps import AppConfig


class SurveysConfig(AppConfig):
    """Registers with those who know nothing of surveys."""

    name = "surveys"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell accounts which customers there are, and the audit trail what its objects are called, and design what archiving stops."""
        from accounts.scopes import level_sources
        from surveys import trail
        from surveys.contacts.selectors import list_known_levels
        from surveys.design import hooks
        from surveys.sending import archiving

        if list_known_levels not in level_sources:
            level_sources.append(list_known_levels)
        if archiving.pause_campaigns not in hooks.on_archived:
            hooks.on_archived.append(archiving.pause_campaigns)
            hooks.archiving_consequences.append(archiving.say_consequences)
        trail.register()
