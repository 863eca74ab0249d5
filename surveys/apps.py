"""Django app: everything up to a stored answer."""

from django.apps import AppConfig


class SurveysConfig(AppConfig):
    name = "surveys"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make this app's objects known to the audit trail."""
        from surveys import trail

        trail.register()
