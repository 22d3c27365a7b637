from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0010_snapshot_of_a_call")]

    operations = [
        migrations.CreateModel(
            name="SwitchTurn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("name", models.CharField(max_length=20, unique=True)),
                ("number", models.BigIntegerField(default=0)),
            ],
        ),
    ]
