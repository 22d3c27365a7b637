from django.db import migrations, models

# As before for calls without one: all was over for them that stands below their mark.
OVER = f"{2**63 - 1}:{2**63 - 1}:"


class Migration(migrations.Migration):
    dependencies = [("agents", "0009_standing_of_what_was_asked")]

    operations = [
        migrations.AddField(
            model_name="recordedcall",
            name="snapshot",
            field=models.TextField(
                default=OVER, help_text="which transactions were over for it"
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="recordedcall",
            name="mark",
            field=models.BigIntegerField(
                help_text="newest note of rows that it could see"
            ),
        ),
        migrations.AlterField(
            model_name="recordedcall",
            name="at",
            field=models.DateTimeField(help_text="when its transaction began"),
        ),
    ]
