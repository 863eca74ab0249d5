"""Responses are vacuumed after some ten thousand changes, with their indexes: see docs/decisions/vacuumed-early.md.

PostgreSQL alone has such settings; SQLite, which the demo runs on, cleans up by itself.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

SETTINGS = {
    "autovacuum_vacuum_threshold": "20000",
    "autovacuum_vacuum_scale_factor": "0.005",
    "vacuum_index_cleanup": "on",
}


def set_early(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Tell the server when to vacuum the table."""
    if editor.connection.vendor == "postgresql":
        editor.execute(
            "ALTER TABLE surveys_response SET ({})".format(", ".join(f"{key} = {value}" for key, value in SETTINGS.items()))
        )


def reset(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Leave it to the server's defaults again."""
    if editor.connection.vendor == "postgresql":
        editor.execute("ALTER TABLE surveys_response RESET ({})".format(", ".join(SETTINGS)))


class Migration(migrations.Migration):
    dependencies = [("surveys", "0001_initial")]
    operations = [migrations.RunPython(set_early, reset, elidable=False)]
