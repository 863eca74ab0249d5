"""Responses are vacuumed after some ten thousand changes, with their indexes: see docs/decisions/vacuumed-early.md."""

from django.db import migrations

SETTINGS = {
    "autovacuum_vacuum_threshold": "20000",
    "autovacuum_vacuum_scale_factor": "0.005",
    "vacuum_index_cleanup": "on",
}


class Migration(migrations.Migration):
    dependencies = [("surveys", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE surveys_response SET ({})".format(", ".join(f"{key} = {value}" for key, value in SETTINGS.items())),
            "ALTER TABLE surveys_response RESET ({})".format(", ".join(SETTINGS)),
        ),
    ]
