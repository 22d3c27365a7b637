"""What an agent did: figures of some days, denials by reason, a timeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from agents.evidence import activity, cost
from agents.evidence.activity import Activity, Deed
from agents.limits import standing
from agents.models import Agent
from billing.reports.charts import Bar, Chart, draw
from paybill_site.kernel import actors
from paybill_site.kernel.admin import operators, tenant_admins

MAY = "agents.view_agent"
ROUTE, NAME = "agents/activity/<slug:public_id>/", "agents_activity"
DAYS = (1, 7, 30)


@operators.page(ROUTE, NAME, MAY)
@tenant_admins.page(ROUTE, NAME, MAY)
def page(request: HttpRequest, site: Any, public_id: str) -> HttpResponse:
    """One agent's activity. A number of queries that does not grow."""
    actor = actors.of_request(request)
    agent = Agent.objects.visible_to(actor).filter(public_id=public_id).first()
    if agent is None:
        raise Http404
    found = activity.of_agent(public_id, _days(request))
    before = _before(request)
    deeds = activity.deeds(public_id, before)
    context = {
        **site.each_context(request),
        "title": f"Activity of {agent}",
        "agent": agent,
        "activity": found,
        "choices": DAYS,
        "chart": _chart(found) if found.calls else None,
        "rules": _shares(found.by_rule),
        "tools": _shares(found.by_tool),
        # As pairs: a template would look up "items" in the counter itself.
        "money": sorted(found.money.items()),
        "shadow": sorted(found.shadow.items()),
        "busy": cost.spent(public_id, found.by_day).total_seconds(),
        "standing": standing.of(agent),
        "deeds": deeds,
        "trail": reverse("admin:kernel_auditentry_changelist", current_app=site.name),
        "older": _older(deeds),
        "from_start": before is None,
    }
    return TemplateResponse(request, "agents/activity.html", context)


def _days(request: HttpRequest) -> int:
    given = request.GET.get("days", "")
    return int(given) if given in {str(n) for n in DAYS} else 7


def _before(request: HttpRequest) -> int | None:
    given = request.GET.get("before", "")
    return (
        int(given)
        if given.isascii() and given.isdecimal() and len(given) < 19
        else None
    )


def _older(deeds: list[Deed]) -> int | None:
    return deeds[-1].entry.pk if len(deeds) == activity.SHOWN else None


def _chart(found: Activity) -> Chart:
    bars = [
        Bar(
            label=f"{day:%d %b}",
            values=(allowed, denied),
            said=(f"{allowed} allowed", f"{denied} denied"),
        )
        for day, (allowed, denied) in found.by_day.items()
    ]
    return draw("Calls a day", ("allowed", "denied"), bars)


def _shares(counts: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """(name, count, percent of the largest), the most frequent first."""
    rows = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:20]
    largest = max((count for _, count in rows), default=1)
    return [(name, count, count * 100 // largest) for name, count in rows]
