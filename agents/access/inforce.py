"""What is in force for an agent's principal when it comes in, read by one query.

Permissions on every row, its own and those of its roles (groups); the roles; whether a
kill switch is thrown; the rules, active and in shadow.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agents.access import rules
from agents.access.rules import RulesOf
from paybill_site.kernel import planes

READ = """
WITH mine AS MATERIALIZED (
  SELECT group_id FROM accounts_user_groups WHERE user_id = %(principal)s
)
SELECT
  ARRAY(SELECT group_id FROM mine ORDER BY 1),
  ARRAY(
    SELECT c.app_label || '.' || p.codename
    FROM auth_permission p JOIN django_content_type c ON c.id = p.content_type_id
    WHERE p.id = ANY (ARRAY(
      SELECT permission_id FROM accounts_user_user_permissions
      WHERE user_id = %(principal)s
      UNION SELECT permission_id FROM auth_group_permissions
      WHERE group_id IN (SELECT group_id FROM mine)
    ))
  ),
  EXISTS (SELECT FROM agents_switch),
  (
    SELECT jsonb_agg(jsonb_build_object(
      'public_id', r.public_id, 'version', r.version, 'permission', r.permission,
      'conditions', r.conditions, 'state', r.state) ORDER BY r.id)
    FROM agents_rule r
    WHERE r.state IN ('active', 'shadow')
    AND (r.expires_at IS NULL OR r.expires_at > statement_timestamp())
    AND (
      r.agent_id IN (SELECT id FROM agents_agent WHERE principal_id = %(principal)s)
      OR r.role_id IN (SELECT group_id FROM mine)
    )
  )
"""


@dataclass(frozen=True, slots=True)
class InForce:
    """As it stood when the agent came in."""

    roles: tuple[int, ...]
    everywhere: frozenset[str]  # permissions on every row
    stopped: bool  # by a kill switch
    rules: RulesOf


def of_principal(principal: int, session: Mapping[str, Any]) -> InForce:
    """All of it; ``session`` are the names and values that conditions may name."""
    with planes.cursor() as cursor:
        cursor.execute(READ, {"principal": principal})
        roles, everywhere, stopped, found = cursor.fetchone()
    return InForce(
        roles=tuple(roles),
        everywhere=frozenset(everywhere),
        stopped=stopped,
        rules=rules.of_rows(json.loads(found) if found else (), session),
    )
