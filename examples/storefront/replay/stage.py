"""Where tasks are played, and what became of each: counts, failures, rows in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from examples.storefront.replay import touched
from examples.storefront.replay.asker import Taken, Verdict
from examples.storefront.replay.asking import Asked
from examples.storefront.replay.desk import Desk
from examples.storefront.replay.exporting import export
from examples.storefront.replay.folder import TABLES, Call, Folder, Task
from examples.storefront.replay.loading import Ids
from examples.storefront.replay.rows import canonical, differences
from examples.storefront.replay.whose import Whose

SHOWN = 20  # differences of one task


@dataclass(frozen=True, slots=True)
class Stage:
    """The loaded shop, and who comes to it."""

    folder: Folder
    ids: Ids
    desk: Desk
    mark: touched.Mark
    whose: Whose

    def rows(self, keys: Mapping[str, set[str]]) -> dict[str, dict[str, Any]]:
        """Rows of the shop in canonical form."""
        return {
            table: {
                key: canonical(table, row) for key, row in export(table, names).items()
            }
            for table, names in keys.items()
            if names
        }


@dataclass(slots=True)
class Played:
    """What became of one task."""

    task: Task
    counts: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    failures: list[dict[str, str]] = field(default_factory=list)
    written: list[tuple[Call, Asked, Taken, Verdict]] = field(default_factory=list)

    def expect(self, good: bool, kind: str, what: Call | None, *said: str) -> None:
        """Count one thing that was looked at; note it when it is not as expected."""
        self.counts[kind] += 1
        if good:
            self.counts[f"{kind}:good"] += 1
            return
        expected, got = said
        self.failures.append(
            {
                "task": self.task.name,
                "call": f"{what.number} {what.tool}" if what else "",
                "kind": kind,
                "expected": expected,
                "got": got,
            }
        )


def compare(stage: Stage, played: Played) -> None:
    """The rows that differ from the start are those of the task, and equal in full."""
    seen = touched.since(stage.mark)
    keys = {t: seen[t] | set(played.task.changed.get(t, {})) for t in TABLES}
    found = stage.rows(keys)
    wrong = []
    for table in TABLES:
        start = stage.folder.tables[table]
        for key in sorted(keys[table]):
            row = played.task.changed.get(table, {}).get(key, start.get(key))
            got = found.get(table, {}).get(key)
            wrong += differences(canonical(table, row), got, f"{table}.{key}")
    more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    said = "; ".join(wrong[:SHOWN]) + more
    played.expect(not wrong, "rows", None, "equal rows", said)
