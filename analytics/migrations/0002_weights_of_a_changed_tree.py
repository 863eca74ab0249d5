from django.db import migrations, models


class Migration(migrations.Migration):
    """Weights that follow from another form of the tree say so; no row changes."""

    dependencies = [
        ('analytics', '0001_initial'),
    ]

    operations = [
        migrations.AlterField(
            model_name='weightset',
            name='origin',
            field=models.CharField(choices=[('equal', 'Equal'), ('manual', 'Set by hand'), ('ahp', 'AHP expert panel'), ('entropy', 'Entropy'), ('factor', 'Factor analysis'), ('derived', 'Derived importance'), ('moved', 'Indicator moved'), ('added', 'Indicator added'), ('removed', 'Indicator removed')], max_length=16),
        ),
    ]
