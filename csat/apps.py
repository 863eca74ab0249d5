"""The wiring of the project as a Django application."""

from django.apps import AppConfig

from csat.celery import app as celery_app

__all__ = ["CsatConfig", "celery_app"]


class CsatConfig(AppConfig):
    """Loads Celery with Django, so that every process publishes to the right broker."""

    name = "csat"

    def ready(self) -> None:
        """Register the system checks."""
        from csat import checks  # noqa: F401  registers by being imported
