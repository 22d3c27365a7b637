"""Usage events in partitions of a month, and what the running code may do with them.

What makes an event unique can not stand in these partitions: a unique key of a table
partitioned by time has to contain the time. So it stands in a narrow table of its own,
in eight parts by its digest, and outlives the events.

The running code owns nothing, so it makes and drops partitions by two functions that
are their owner's. No foreign key: what an event points to was looked up in the same
transaction, is never deleted, and a check for each row would cost more than the row.
"""

from __future__ import annotations

from django.db import migrations

PARTS = 8
MONTHS = """
DROP TABLE billing_usageevent, billing_usagekey;

CREATE SEQUENCE billing_usageevent_number_seq;
CREATE TABLE billing_usageevent (
  number bigint NOT NULL DEFAULT nextval('billing_usageevent_number_seq'),
  tenant_id bigint NOT NULL,
  meter_id bigint NOT NULL,
  batch_id bigint NOT NULL,
  at timestamptz NOT NULL,
  value numeric NOT NULL,
  key varchar(200) NOT NULL,
  weight smallint NOT NULL,
  cancels bigint,
  digest uuid NOT NULL,
  source varchar(60) NOT NULL,
  name varchar(100) NOT NULL,
  properties jsonb NOT NULL
) PARTITION BY RANGE (at);
CREATE INDEX usage_event_of_meter ON billing_usageevent (tenant_id, meter_id, at);
CREATE INDEX usage_event_of_batch ON billing_usageevent (batch_id);
ALTER SEQUENCE billing_usageevent_number_seq OWNED BY billing_usageevent.number;

CREATE TABLE billing_usagekey (
  digest uuid NOT NULL PRIMARY KEY,
  content uuid NOT NULL,
  at timestamptz NOT NULL
) PARTITION BY HASH (digest);
"""
FUNCTIONS = """
CREATE FUNCTION billing_usage_month(moment timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  first timestamp := date_trunc('month', moment AT TIME ZONE 'UTC');
  part text := 'billing_usageevent_' || to_char(first, 'YYYYMM');
BEGIN
  IF to_regclass(part) IS NOT NULL THEN RETURN; END IF;
  PERFORM pg_advisory_xact_lock(hashtext('paybill.usage_month'));
  -- Not to_regclass: it may remember from before the lock that there is none.
  IF EXISTS (SELECT FROM pg_class WHERE relname = part
    AND relnamespace = 'public'::regnamespace) THEN RETURN; END IF;
  EXECUTE format(
    'CREATE TABLE %I PARTITION OF billing_usageevent'
    ' FOR VALUES FROM (%L) TO (%L)',
    part, first AT TIME ZONE 'UTC', (first + interval '1 month') AT TIME ZONE 'UTC');
END $$;

-- Whatever asks for it: a month that may still be corrected, or that is not rolled up,
-- stays.
CREATE FUNCTION billing_usage_forget(moment timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  first timestamp := date_trunc('month', moment AT TIME ZONE 'UTC');
  part text := 'billing_usageevent_' || to_char(first, 'YYYYMM');
BEGIN
  IF to_regclass(part) IS NULL
    OR (first + interval '1 month') AT TIME ZONE 'UTC' > now() - interval '120 days'
    OR EXISTS (SELECT 1 FROM billing_usageevent e JOIN billing_usagebatch b
      ON b.id = e.batch_id WHERE b.rolled_at IS NULL
      AND e.at < (first + interval '1 month') AT TIME ZONE 'UTC')
  THEN RETURN false; END IF;
  EXECUTE format('DROP TABLE %I', part);
  RETURN true;
END $$;

CREATE FUNCTION billing_meter_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what a meter means is final' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER meter_is_final BEFORE UPDATE ON billing_meter FOR EACH ROW
WHEN ((OLD.code, OLD.aggregation, OLD.value_from, OLD.key_from, OLD.carried)
  IS DISTINCT FROM
  (NEW.code, NEW.aggregation, NEW.value_from, NEW.key_from, NEW.carried))
EXECUTE FUNCTION billing_meter_is_final();

REVOKE ALL ON FUNCTION billing_usage_month(timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION billing_usage_forget(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION billing_usage_month(timestamptz),
  billing_usage_forget(timestamptz) TO paybill_control_app;
"""
HASHES = "".join(
    f"CREATE TABLE billing_usagekey_{part} PARTITION OF billing_usagekey"
    f" FOR VALUES WITH (MODULUS {PARTS}, REMAINDER {part});\n"
    for part in range(PARTS)
)


class Migration(migrations.Migration):
    dependencies = [("billing", "0009_usage")]
    operations = [migrations.RunSQL(MONTHS + HASHES + FUNCTIONS)]
