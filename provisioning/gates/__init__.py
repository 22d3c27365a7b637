"""What stands between a plan and its apply: policies, cost, a person's approval.

1. ``judge`` reads the plan once and asks every policy, built in and operators' own.
   Something refused ends the run; a reason makes it wait for a person.
2. ``keep`` stores the verdict with the run, in the action that finishes the plan.
3. ``check_approval`` is asked when the apply starts: whatever was approved has to be
   this very plan still, made on what is still so.
Policies read the plan under Terraform's own masks: what is sensitive never gets to a
finding, and what is not known before the apply makes a policy ask a person rather
than guess.
"""

from __future__ import annotations

from provisioning.gates.approvals import check_approval
from provisioning.gates.judging import judge, keep
from provisioning.gates.verdict import Finding, Verdict

__all__ = ["Finding", "Verdict", "check_approval", "judge", "keep"]
