"""Responses are vacuumed after some ten thousand changes, with their indexes: see docs/decisions/vacuumed-early.md."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

SETTINGS = {
    "autovacuum_vacuum_threshold": "20000",
    "autovacuum_vacuum_scale_factor": "0.005",
    "vacuum_index_cleanup": "on",
}


class OnPostgresql(migrations.RunSQL):
    """Other databases, such as the demonstration's, have no such settings."""

    def _run_sql(self, schema_editor: BaseDatabaseSchemaEditor, sqls: str) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super()._run_sql(schema_editor, sqls)


class Migration(migrations.Migration):
    dependencies = [("surveys", "0001_initial")]
    operations = [
        OnPostgresql(
            "ALTER TABLE surveys_response SET ({})".format(", ".join(f"{key} = {value}" for key, value in SETTINGS.items())),
            "ALTER TABLE surveys_response RESET ({})".format(", ".join(SETTINGS)),
        ),
    ]
