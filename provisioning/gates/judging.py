"""Asks every policy about a plan, and puts what they say into one verdict."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from provisioning import entitled
from provisioning.gates import approvals, builtin, costs, diff, rego
from provisioning.gates.context import Context
from provisioning.gates.reading import changes
from provisioning.gates.verdict import WORST, Finding, Level, Verdict
from provisioning.models import Run, ShownPlan

ASKED = "whoever asked wants it confirmed"
MOST_FINDINGS = 200  # of one policy; the rest is counted


def judge(run: Run, plan: dict[str, Any]) -> Verdict:
    """Judge the plan of a run, in the form of ``terraform show -json``.

    It reads the database and computes; operators' policies run in a process of their
    own, so this may take some seconds and is called outside any transaction.
    """
    rows = changes(plan)
    context = Context.of(run, entitled.entitlement_of(run.tenant), plan)
    policies = [
        *(_entry(policy.name, policy.title, policy.ask(rows, context))
          for policy in builtin.POLICIES),
        *(_entry(name, "", found) for name, found in rego.ask(plan, context)),
    ]  # fmt: skip
    return Verdict(
        policies=policies,
        cost=costs.estimate(rows, context),
        refused=_words(policies, "refuse"),
        reasons=[*([ASKED] if run.needs_confirmation else []),
                 *_words(policies, "approve")],
        shown=diff.shown(rows),
        basis=approvals.basis(run.deployment),
    )  # fmt: skip


def keep(run: Run, verdict: Verdict) -> None:
    """Store the verdict with its run. Database only, inside an action."""
    run.policies, run.cost = verdict.policies, verdict.cost
    run.reasons = verdict.reasons
    run.save(update_fields=["policies", "cost", "reasons"])
    ShownPlan.objects.update_or_create(
        run=run, defaults={"resources": verdict.shown, "basis": verdict.basis}
    )


def _entry(name: str, title: str, found: Iterable[Finding]) -> dict[str, Any]:
    findings = sorted(found, key=lambda one: (WORST.index(one.level), one.address))
    return {
        "policy": name,
        "title": title,
        "level": findings[0].level if findings else "pass",
        "findings": [one.model_dump() for one in findings[:MOST_FINDINGS]],
        "more": max(0, len(findings) - MOST_FINDINGS),
    }


def _words(policies: list[dict[str, Any]], level: Level) -> list[str]:
    """One line for each finding of this level, as the run's page and audit say it."""
    return [
        ": ".join(filter(None, (finding["address"], finding["says"])))
        for policy in policies
        for finding in policy["findings"]
        if finding["level"] == level
    ]
