"""The one row of rules for runs, so that there is something to look at and to change."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def make(apps: Any, schema_editor: Any) -> None:
    rules = apps.get_model("provisioning", "RunRules")
    if not rules.objects.exists():
        rules.objects.create()


class Migration(migrations.Migration):
    dependencies = [("provisioning", "0007_products")]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
