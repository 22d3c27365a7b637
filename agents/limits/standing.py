"""How much of its limits an agent has used, for people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from agents.limits.claims import begin
from agents.models import Agent, Limit, LimitUse
from agents.states import Per

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Standing:
    """One limit and what is used of it by a subject, in the window that runs now."""

    limit: Limit
    subject: str
    used: int
    resets_at: datetime | None

    @property
    def words(self) -> str:
        return words(self.limit)

    @property
    def percent(self) -> int:
        """Of the most, 100 at most; a limit of nothing is used up."""
        most = self.limit.most
        return min(100, self.used * 100 // most) if most else 100

    @property
    def tone(self) -> str:
        """How near the end is: "", "near" (from 80 percent) or "over"."""
        if self.used >= self.limit.most:
            return "over"
        return "near" if self.percent >= 80 else ""


def words(limit: Limit) -> str:
    """``100 calls for each agent, every 3600 s``."""
    unit = f"minor units of {limit.currency}" if limit.currency else str(limit.measure)
    window = f", every {limit.window} s" if limit.window else ""
    where = (
        f" in {limit.tool or limit.workflow}" if limit.tool or limit.workflow else ""
    )
    return f"{limit.most} {unit}{where} for each {limit.per}{window}"


def of(agent: Agent) -> list[Standing]:
    """Every limit that holds for the agent, the most used first. Two queries."""
    roles = agent.principal.groups.values("pk")
    mine = Q(agent=agent) | Q(role__in=roles) | Q(agent=None, role=None)
    limits = list(Limit.objects.filter(mine).exclude(per=Per.CALL).order_by("pk"))
    now = timezone.now()
    uses: dict[int, list[LimitUse]] = {}
    for use in _uses(limits, agent, now):
        uses.setdefault(use.limit_id, []).append(use)
    found = [
        Standing(limit, use.subject, use.used, _end(limit, now))
        for limit in limits
        for use in uses.get(limit.pk, [LimitUse(subject="", used=0)])
    ]
    return sorted(found, key=lambda one: -one.percent)


def _uses(limits: Iterable[Limit], agent: Agent, now: datetime) -> Iterable[LimitUse]:
    """The present windows; of what is counted for each agent or token, its own."""
    wanted = Q(pk=None)
    for limit in limits:
        one = Q(limit=limit, starts_at=begin(limit.window, now))
        if limit.per == Per.AGENT:
            one &= Q(subject=agent.public_id)
        elif limit.per == Per.TOKEN:
            tokens = agent.tokens.order_by().values_list("family", "public_id")
            names = {family or token for family, token in tokens}
            one &= Q(subject__in=[f"token:{name}" for name in sorted(names)])
        wanted |= one
    return LimitUse.objects.filter(wanted).order_by("-used", "pk")[:SHOWN]


def _end(limit: Limit, now: datetime) -> datetime | None:
    if not limit.window:
        return None
    return begin(limit.window, now) + timedelta(seconds=limit.window)
