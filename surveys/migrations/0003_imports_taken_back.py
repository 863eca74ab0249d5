"""What an import needs to be taken back: which responses came with it, and by whom, when and why they went again."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("surveys", "0002_vacuum_responses_early"),
    ]
    operations = [
        migrations.AlterField(
            model_name="responseimport", name="state",
            field=models.CharField(
                choices=[("uploaded", "Uploaded"), ("done", "Done"), ("taking_back", "Being taken back"), ("taken_back", "Taken back")],
                default="uploaded", max_length=16,
            ),
        ),
        migrations.AddField("responseimport", "first_response_id", models.BigIntegerField(blank=True, null=True)),
        migrations.AddField("responseimport", "last_response_id", models.BigIntegerField(blank=True, null=True)),
        migrations.AddField("responseimport", "taken_back_by", models.ForeignKey(
            blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL,
        )),
        migrations.AddField("responseimport", "take_back_asked_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("responseimport", "taken_back_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("responseimport", "take_back_reason", models.CharField(blank=True, max_length=240)),
        migrations.AddField("responseimport", "erased", models.PositiveIntegerField(
            default=0, help_text="responses erased so far by taking it back",
        )),
    ]
