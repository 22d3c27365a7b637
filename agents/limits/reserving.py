"""Taking from limits, so that no two calls together ever take more than there is.

All limits of a call are counted up by one statement, each only as far as its ``most``
allows. The rows are taken in one order (objects first, then counts, by limit, subject
and window) and after every other row of the call, before the head of the audit chain:
so calls wait for each other in a queue and never in a circle. The limit itself is held
meanwhile: who removes it waits, and a limit that is gone by then is none.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from agents.errors import BlastRadius
from agents.limits import claims
from agents.limits.claims import Claim, Use
from agents.limits.terms import Terms
from agents.states import Measure, Per
from paybill_site.kernel import planes
from paybill_site.kernel.errors import LimitReached, PaybillError, TooMany

RESERVE = """
WITH wanted AS MATERIALIZED (
  SELECT w.*, l.most, l.shadow FROM jsonb_to_recordset(%s::jsonb)
    AS w(pk bigint, subject text, starts_at timestamptz, n bigint, objects text[])
  JOIN agents_limit l ON l.id = w.pk
  FOR KEY SHARE OF l
), touched AS (
  INSERT INTO agents_touchedobject (limit_id, subject, starts_at, object)
  SELECT pk, subject, starts_at, object FROM wanted, unnest(objects) AS object
    ORDER BY pk, subject, starts_at, object
  ON CONFLICT (limit_id, subject, starts_at, object) DO NOTHING
  RETURNING limit_id, subject
), asked AS MATERIALIZED (
  SELECT pk, subject, starts_at, most, shadow, CASE WHEN objects IS NULL THEN n
    ELSE (SELECT count(*) FROM touched t
          WHERE t.limit_id = wanted.pk AND t.subject = wanted.subject) END AS n
  FROM wanted
), reserved AS (
  INSERT INTO agents_limituse AS u (limit_id, subject, starts_at, used)
  SELECT pk, subject, starts_at, n FROM asked WHERE n > 0 AND (shadow OR n <= most)
    ORDER BY pk, subject, starts_at
  ON CONFLICT (limit_id, subject, starts_at) DO UPDATE
    SET used = u.used + excluded.used
    WHERE (SELECT l.shadow OR u.used + excluded.used <= l.most
           FROM agents_limit l WHERE l.id = u.limit_id)
  RETURNING limit_id, subject, used
)
SELECT asked.pk, asked.n, reserved.used FROM asked LEFT JOIN reserved
  ON reserved.limit_id = asked.pk AND reserved.subject = asked.subject
"""

GIVE_BACK = """
UPDATE agents_limituse u SET used = greatest(u.used - w.n, 0)
FROM (
  SELECT id, n FROM agents_limituse
  JOIN jsonb_to_recordset(%s::jsonb)
    AS w(pk bigint, subject text, starts_at timestamptz, n bigint)
    ON limit_id = w.pk AND agents_limituse.subject = w.subject
      AND agents_limituse.starts_at = w.starts_at
  ORDER BY limit_id, agents_limituse.subject, agents_limituse.starts_at
  FOR NO KEY UPDATE OF agents_limituse
) w WHERE w.id = u.id
"""


@dataclass(frozen=True, slots=True)
class Reserved:
    """What a call took: for the audit, and to give a part of it back."""

    claims: tuple[Claim, ...] = ()
    taken: tuple[dict[str, Any], ...] = ()
    shadow: tuple[dict[str, Any], ...] = ()

    def facts(self) -> dict[str, Any]:
        """What the audit entry tells: the limits, and what would have been refused."""
        told = {"limits": list(self.taken), "shadow_limits": list(self.shadow)}
        return {name: found for name, found in told.items() if found}


def reserve(terms: Terms, use: Use) -> Reserved:
    """Take what a call uses, in the open transaction, which a refusal has to end.

    Raises LimitReached, or TooMany where a window ends, with the rule
    ``limit:<measure>``, the limit, how much is used, the most and when it resets.
    """
    asked = claims.claims(terms.ceilings, use, timezone.now())
    for currency in claims.foreign(terms.ceilings, use):
        raise LimitReached(
            f"no limit allows amounts in {currency}", rule=f"limit:{Measure.AMOUNT}"
        )
    shadow = [*_each(asked)]
    counted = [claim for claim in asked if claim.ceiling.per is not Per.CALL]
    if not counted:
        return Reserved(shadow=tuple(shadow))
    with planes.cursor() as cursor:
        cursor.execute(RESERVE, [_rows(counted)])
        found = {pk: (n, used) for pk, n, used in cursor.fetchall()}
    taken = []
    for claim in counted:
        ceiling = claim.ceiling
        n, used = found.get(ceiling.pk, (0, None))  # it was just taken away: no limit
        if n and used is None:
            raise reached(claim, _used(claim))
        if not n:
            continue
        one = {"id": ceiling.id, "version": ceiling.version, "n": n, "used": used}
        taken.append(one)
        if used > ceiling.most:
            shadow.append({**one, "most": ceiling.most})
    return Reserved(tuple(counted), tuple(taken), tuple(shadow))


def give_back(reserved: Reserved, rows: int) -> None:
    """Give back rows that a read had reserved and did not answer with."""
    unused = [
        claim for claim in reserved.claims if claim.ceiling.measure is Measure.ROWS
    ]
    if rows > 0 and unused:
        with planes.atomic(), planes.cursor() as cursor:
            cursor.execute(GIVE_BACK, [_rows(unused, rows)])


def reached(claim: Claim, used: int) -> PaybillError:
    """The refusal at a limit."""
    ceiling, resets = claim.ceiling, claim.resets_at
    members: dict[str, Any] = {
        "rule": f"limit:{ceiling.measure}",
        "limit": ceiling.id,
        "used": used,
        "most": ceiling.most,
        "resets_at": resets.isoformat() if resets else None,
    }
    says = f"the limit is {ceiling.most} {_unit(claim)}; {used} are used"
    if resets is None:
        return LimitReached(says, **members)
    wait = max(1, int((resets - timezone.now()).total_seconds()) + 1)
    return TooMany(
        f"{says}; it resets at {resets:%Y-%m-%d %H:%M:%S} UTC",
        retry_after=wait,
        **members,
    )


def _each(asked: Sequence[Claim]) -> list[dict[str, Any]]:
    """Check the limits of a single call; what a shadow limit would have refused."""
    shadow = []
    for claim in asked:
        ceiling = claim.ceiling
        if ceiling.per is not Per.CALL or claim.n <= ceiling.most:
            continue
        if not ceiling.shadow:
            if ceiling.measure is Measure.ROWS:
                raise blast(claim.n, ceiling.most, limit=ceiling.id)
            raise reached(claim, claim.n)
        told = {"id": ceiling.id, "version": ceiling.version, "n": claim.n}
        shadow.append({**told, "most": ceiling.most})
    return shadow


def blast(rows: int, most: int, **members: Any) -> BlastRadius:
    """The refusal of a call that would change too many rows."""
    says = f"it would change {rows} rows; the most in one call is {most}"
    return BlastRadius(says, rule="blast_radius", rows=rows, most=most, **members)


def _rows(counted: Sequence[Claim], n: int | None = None) -> str:
    return json.dumps(
        [
            {
                "pk": claim.ceiling.pk,
                "subject": claim.subject,
                "starts_at": claim.starts_at.isoformat(),
                "n": claim.n if n is None else n,
                "objects": claim.objects,
            }
            for claim in counted
        ]
    )


def _used(claim: Claim) -> int:
    with planes.cursor() as cursor:
        cursor.execute(
            "SELECT used FROM agents_limituse"
            " WHERE limit_id = %s AND subject = %s AND starts_at = %s",
            [claim.ceiling.pk, claim.subject, claim.starts_at],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _unit(claim: Claim) -> str:
    ceiling = claim.ceiling
    if ceiling.measure is Measure.AMOUNT:
        return f"minor units of {ceiling.currency}"
    per = "" if ceiling.per is Per.AGENT else f" per {ceiling.per}"
    return f"{ceiling.measure}{per}"
