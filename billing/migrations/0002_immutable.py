"""A plan that is sold and an invoice that was finalised do not change any more.

The application never tries to; this holds against mistakes and hand-written SQL.
"""

from __future__ import annotations

from django.db import migrations

GUARDS = """
CREATE FUNCTION billing_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is final', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER plan_is_final BEFORE UPDATE ON billing_plan FOR EACH ROW
WHEN ((to_jsonb(OLD) - 'state') IS DISTINCT FROM (to_jsonb(NEW) - 'state'))
EXECUTE FUNCTION billing_refuse_change();

CREATE TRIGGER invoice_is_final BEFORE UPDATE ON billing_invoice FOR EACH ROW
WHEN (OLD.state <> 'draft' AND
  (to_jsonb(OLD) - ARRAY['state', 'paid', 'applied', 'noted', 'credited', 'paid_at'])
  IS DISTINCT FROM (to_jsonb(NEW) - ARRAY['state', 'paid', 'applied', 'noted', 'credited', 'paid_at']))
EXECUTE FUNCTION billing_refuse_change();

CREATE TRIGGER invoice_stays BEFORE DELETE ON billing_invoice FOR EACH ROW
WHEN (OLD.state <> 'draft')
EXECUTE FUNCTION billing_refuse_change();

-- Lines are written while their invoice is a draft, and not touched afterwards.
CREATE FUNCTION billing_refuse_line() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  of_invoice bigint := CASE TG_OP WHEN 'INSERT' THEN NEW.invoice_id ELSE OLD.invoice_id END;
BEGIN
  IF EXISTS (SELECT FROM billing_invoice WHERE id = of_invoice AND state <> 'draft')
     OR TG_OP = 'UPDATE' AND NEW.invoice_id <> OLD.invoice_id THEN
    RAISE EXCEPTION 'lines of a finalised invoice are final'
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER line_is_final BEFORE INSERT OR UPDATE OR DELETE ON billing_invoiceline
FOR EACH ROW EXECUTE FUNCTION billing_refuse_line();
"""

NO_GUARDS = """
DROP TRIGGER line_is_final ON billing_invoiceline;
DROP FUNCTION billing_refuse_line();
DROP TRIGGER plan_is_final ON billing_plan;
DROP TRIGGER invoice_is_final ON billing_invoice;
DROP TRIGGER invoice_stays ON billing_invoice;
DROP FUNCTION billing_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]
    operations = [migrations.RunSQL(GUARDS, NO_GUARDS)]
