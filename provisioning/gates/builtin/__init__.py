"""The policies that are always asked. Each is a function of the plan and its context.

Regions, sizes, tags and exposure are about what will exist. They refuse only a run that
builds: what has to be taken away (unprotect, destroy) is not held back by a fault that
it does not make, there they only ask a person, and a look (refresh) is only told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from provisioning.gates.builtin import exposure, regions, sizes, stores, tags
from provisioning.gates.context import Context
from provisioning.gates.reading import Change
from provisioning.gates.verdict import Finding
from provisioning.states import Operation

type Rule = Callable[[list[Change], Context], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Policy:
    name: str
    title: str
    rule: Rule

    def ask(self, rows: list[Change], context: Context) -> Iterator[Finding]:
        """What the rule finds, in the weight that the run's operation gives it."""
        for finding in self.rule(rows, context):
            yield _weighed(finding, context)


POLICIES = (
    Policy("data_stores", "No data store is destroyed or replaced", stores.rule),
    Policy("regions", "Everything is in the region it may be in", regions.rule),
    Policy("sizes", "Nothing is larger than what was bought", sizes.rule),
    Policy("tags", "Everything says whose it is", tags.rule),
    Policy("exposure", "Nothing is open to everybody", exposure.rule),
)


def _weighed(finding: Finding, context: Context) -> Finding:
    if context.operation == Operation.REFRESH:
        return finding.model_copy(update={"level": "note"})
    if finding.level == "refuse" and not context.builds:
        return finding.model_copy(update={"level": "approve"})
    return finding
