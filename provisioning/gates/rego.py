"""Operators' own policies in Rego, evaluated in a process of its own, under limits.

A policy is a module of ``package paybill`` that defines ``findings``: a set of objects
``{"address": ..., "level": "refuse" | "approve" | "note", "says": ...}``. It sees
``input.plan`` (the plan as ``terraform show -json`` gives it, masked) and
``input.run``. The interpreter has no way out: no network, no files, no environment.
A policy that is wrong when it is asked refuses the plan: no answer is not a yes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from provisioning.errors import PolicyRefused
from provisioning.gates.context import Context
from provisioning.gates.verdict import Finding, Level
from provisioning.models import RegoPolicy
from provisioning.runner import plans

EVALUATOR = Path(__file__).with_name("rego_process.py")
SECONDS = 10.0  # for one policy with all of its cases, or with one plan
LONGEST = 64_000  # characters of a policy
_findings = TypeAdapter(list[Finding])


class Expected(BaseModel):
    """A finding that a case is about; what it says is compared only when given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str = Field(default="", max_length=500)
    level: Level
    says: str = Field(default="", max_length=500)


class Case(BaseModel):
    """A test of a policy: a plan fragment, and exactly what is to be found in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=100)
    plan: dict[str, Any]
    run: dict[str, str] = Field(default_factory=dict)
    findings: list[Expected] = Field(max_length=50)


def ask(plan: dict[str, Any], context: Context) -> Iterator[tuple[str, list[Finding]]]:
    """What each enabled policy says of the plan."""
    seen = {"plan": masked(plan), "run": context.facts()}
    for policy in RegoPolicy.objects.filter(enabled=True):
        try:
            (found,) = evaluate(policy.text, [seen])
        except PolicyRefused as refusal:
            says = f"the policy could not be asked: {refusal.detail}"[:500]
            found = [Finding(level="refuse", says=says)]
        yield policy.name, found


def masked(plan: dict[str, Any]) -> dict[str, Any]:
    """The plan's changes with sensitive and unknown values masked, and nothing else."""
    return {
        "resource_changes": [
            {
                **{k: row[k] for k in ("address", "type", "name") if k in row},
                "mode": row.get("mode", "managed"),
                "change": {
                    "actions": row["change"]["actions"],
                    "before": plans.before(row["change"]),
                    "after": plans.after(row["change"]),
                },
            }
            for row in plan.get("resource_changes") or []
        ]
    }


def prove(text: str, cases: list[Case]) -> None:
    """Raise PolicyRefused unless the policy parses and passes its own cases.

    At least one case has to find something: a policy that never finds anything may
    just have a typing error in it.
    """
    if not any(case.findings for case in cases):
        raise PolicyRefused("at least one case has to expect a finding")
    inputs = [{"plan": masked(case.plan), "run": case.run} for case in cases]
    for case, found in zip(cases, evaluate(text, inputs), strict=True):
        missing, surplus = _differences(case.findings, found)
        if missing or surplus:
            raise PolicyRefused(_words(case, missing, surplus))


def evaluate(text: str, inputs: list[dict[str, Any]]) -> list[list[Finding]]:
    """What the policy finds in each input. Raises PolicyRefused: wrong, or too long."""
    asked = json.dumps({"text": text, "inputs": inputs, "seconds": int(SECONDS)})
    try:
        process = subprocess.run(
            [sys.executable, "-I", str(EVALUATOR)],
            input=asked,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            env={},
        )
    except subprocess.TimeoutExpired:
        raise PolicyRefused(f"it takes longer than {SECONDS:.0f} seconds") from None
    return _read(process.stdout, len(inputs))


def _read(output: str, count: int) -> list[list[Finding]]:
    try:
        answer = json.loads(output)
    except ValueError:  # killed: by its limit of memory or of processor time
        raise PolicyRefused("it needs more time or memory than it may have") from None
    if "error" in answer:
        raise PolicyRefused(str(answer["error"]))
    try:
        found = [_findings.validate_python(one) for one in answer["findings"]]
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise PolicyRefused(f"findings: {where}: {first['msg']}") from None
    if len(found) != count:
        raise PolicyRefused("it did not answer every case")
    return found


def _differences(
    expected: list[Expected], found: list[Finding]
) -> tuple[list[str], list[str]]:
    """What was expected and not found, and what was found and not expected."""
    left, missing = list(found), []
    for one in expected:
        match = next((f for f in left if _same(one, f)), None)
        if match is None:
            missing.append(f"{one.level} {one.address}".strip())
        else:
            left.remove(match)
    return missing, [f"{f.level} {f.address}".strip() for f in left]


def _same(expected: Expected, found: Finding) -> bool:
    same = (expected.address, expected.level) == (found.address, found.level)
    return same and expected.says in {"", found.says}


def _words(case: Case, missing: list[str], surplus: list[str]) -> str:
    parts = []
    if missing:
        parts.append(f"it does not find {', '.join(missing[:5])}")
    if surplus:
        parts.append(f"it finds {', '.join(surplus[:5])}, which is not expected")
    return f"case {case.name}: {' and '.join(parts)}"
