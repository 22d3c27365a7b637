"""Plans say what can be chosen; a price is as final as the plan it belongs to."""

from __future__ import annotations

from django.db import migrations, models

GUARDS = """
CREATE OR REPLACE TRIGGER plan_is_final BEFORE UPDATE ON billing_plan FOR EACH ROW
WHEN ((to_jsonb(OLD) - ARRAY['state', 'retired_at'])
  IS DISTINCT FROM (to_jsonb(NEW) - ARRAY['state', 'retired_at']))
EXECUTE FUNCTION billing_refuse_change();

CREATE TRIGGER price_is_final BEFORE UPDATE OR DELETE ON billing_price FOR EACH ROW
EXECUTE FUNCTION billing_refuse_change();

CREATE FUNCTION billing_refuse_price() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM billing_subscription WHERE plan_id = NEW.plan_id) THEN
    RAISE EXCEPTION 'a plan that was sold is final' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER price_comes_before_sale BEFORE INSERT ON billing_price FOR EACH ROW
EXECUTE FUNCTION billing_refuse_price();
"""

NO_GUARDS = """
DROP TRIGGER price_is_final ON billing_price;
DROP TRIGGER price_comes_before_sale ON billing_price;
DROP FUNCTION billing_refuse_price();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0003_reporting"),
    ]

    operations = [
        migrations.AddField(
            model_name="plan",
            name="backup_days",
            field=models.PositiveIntegerField(default=30, help_text="a backup is kept"),
        ),
        migrations.AddField(
            model_name="plan",
            name="includes",
            field=models.JSONField(
                blank=True, default=dict, help_text="codes of add-ons that come with it"
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="isolations",
            field=models.JSONField(default=list, help_text="that can be chosen"),
        ),
        migrations.AddField(
            model_name="plan",
            name="metered",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="plan",
            name="moves",
            field=models.JSONField(
                blank=True, default=list, help_text="between isolation models, later on"
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="phases_from",
            field=models.CharField(
                choices=[
                    ("own", "when it was taken"),
                    ("subscription", "the subscription's start"),
                ],
                default="own",
                help_text="from where the phases of an add-on are counted",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="retired_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="plan",
            name="sizes",
            field=models.JSONField(
                default=list, help_text="of the stack, to choose from"
            ),
        ),
        migrations.AlterField(
            model_name="plan",
            name="effective_from",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="plan",
            name="isolation",
            field=models.CharField(
                choices=[
                    ("pooled", "Pooled: a schema of its own"),
                    ("bridge", "Bridge: a database of its own"),
                    ("silo", "Silo: everything of its own"),
                ],
                help_text="unless another is chosen",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="plan",
            name="retention_days",
            field=models.PositiveIntegerField(
                default=30, help_text="data is kept after the end"
            ),
        ),
        migrations.AlterField(
            model_name="plan",
            name="size",
            field=models.CharField(
                default="small", help_text="unless another is chosen", max_length=20
            ),
        ),
        migrations.AlterField(
            model_name="plan",
            name="state",
            field=models.CharField(
                choices=[
                    ("scheduled", "Scheduled"),
                    ("on_sale", "on sale"),
                    ("retired", "Retired"),
                ],
                default="on_sale",
                max_length=10,
            ),
        ),
        migrations.AlterModelOptions(
            name="plan",
            options={
                "ordering": ["price", "code", "-version"],
                "permissions": [
                    ("retire_plan", "Can take a plan off sale"),
                    ("start_sale", "Can begin to sell a version whose day has come"),
                    ("migrate_plan", "Can let subscriptions have a later version"),
                    ("import_plans", "Can replace the catalogue by a file"),
                ],
            },
        ),
        migrations.AlterModelOptions(
            name="customer",
            options={"permissions": [("set_terms", "Can set how a customer is billed")]},
        ),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
