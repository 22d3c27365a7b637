"""Plays one task from the starting state, with the variants that nothing may pass.

In the task's sandbox: by another customer's assistant (not found); then each call that
writes as a dry run, outside any run, and as it is; at the end the rows, in full, and
all calls that write once more under the same keys.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from examples.storefront.replay import asking, touched
from examples.storefront.replay.asker import (
    ACCEPTED,
    REFUSED,
    Conversation,
    Verdict,
    call,
)
from examples.storefront.replay.desk import Desk
from examples.storefront.replay.exporting import export
from examples.storefront.replay.folder import TABLES, Call, Folder, Task
from examples.storefront.replay.loading import Ids
from examples.storefront.replay.rows import canonical, differences
from examples.storefront.replay.whose import Whose
from paybill_site.kernel.sandboxes import sandbox, settle

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


def play(stage: Stage, task: Task, number: int) -> Played:
    """Play a task and take everything back."""
    played = Played(task)
    customer = stage.whose.customer(task)
    # Before the sandbox: the tokens are for later tasks as well.
    actor, other = (
        stage.desk.serving(stage.ids.customers[key])
        for key in (customer, stage.whose.another(customer))
    )
    with sandbox():
        _foreign(stage, played, Conversation(other, f"{number}:foreign"))
        conversation = Conversation(actor, str(number))
        for one in task.calls:
            if one.writes:
                _write(stage, played, conversation, one)
            elif one.tool in asking.READS:
                _read(stage, played, conversation, one, customer)
            else:
                played.counts["not_offered"] += 1
        settle()
        _compare(stage, played)
        _repeat(stage, played, conversation)
    return played


def _foreign(stage: Stage, played: Played, conversation: Conversation) -> None:
    """The same calls by the assistant of another customer find nothing."""
    with sandbox():
        for one in played.task.writes:
            got = conversation.write(asking.asked(one, stage.ids), str(one.number))
            hidden = got.is_ == REFUSED and got.rule != "open_run"
            hidden = hidden and not any(touched.since(stage.mark).values())
            played.expect(hidden, "foreign", one, "not found, no change", str(got))


def _write(stage: Stage, played: Played, conversation: Conversation, one: Call) -> None:
    asked = asking.asked(one, stage.ids)
    key = str(one.number)
    before = _seen(stage)
    with sandbox():
        aside = Conversation(conversation.actor, f"{conversation.name}:aside")
        outside = call(aside.actor, asked.tool, dict(asked.arguments), key=f"{key}:out")
        kept = outside.is_ == REFUSED and _seen(stage) == before
        played.expect(kept, "outside", one, "refused, no change", str(outside))
    with sandbox():
        dry = _copy(conversation).write(asked, f"{key}:dry", dry_run=True)
        kept = dry.is_ == one.verdict and _seen(stage) == before
        played.expect(kept, "dry_run", one, f"{one.verdict}, no change", str(dry))
    got = conversation.write(asked, key)
    good = got.is_ == one.verdict
    if good and one.verdict == REFUSED:
        good = bool(got.rule) and _seen(stage) == before
        played.rules[got.rule] += 1
    played.expect(good, one.verdict, one, one.verdict, str(got))


def _copy(conversation: Conversation) -> Conversation:
    """The same conversation, in which nothing is remembered of what is rolled back."""
    copy = Conversation(conversation.actor, conversation.name)
    copy._runs = dict(conversation._runs)
    return copy


def _seen(stage: Stage) -> dict[str, dict[str, Any]]:
    """Every row that was touched so far, as it is now."""
    return stage.rows(touched.since(stage.mark))


def _read(
    stage: Stage,
    played: Played,
    conversation: Conversation,
    one: Call,
    customer: str,
) -> None:
    wanted = stage.whose.finds(one, customer)
    broken: list[Verdict] = []

    def ask(tool: str, arguments: Mapping[str, Any]) -> Any:
        got = call(conversation.actor, tool, arguments)
        if got.is_ != ACCEPTED:
            broken.append(got)
            raise _NoAnswerError
        return got.result

    found = _found(asking.READS[one.tool], ask, one)
    said = str(broken[0]) if broken else ("found" if found else "nothing")
    good = bool(found) == wanted and not broken
    played.expect(good, "reads", one, "found" if wanted else "nothing", said)


class _NoAnswerError(Exception):
    """A tool that reads refused."""


def _found(reading: Callable[..., Any], ask: asking.Ask, one: Call) -> Any:
    try:
        return reading(ask, one.arguments)
    except (_NoAnswerError, KeyError):
        return None


def _compare(stage: Stage, played: Played) -> None:
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


def _repeat(stage: Stage, played: Played, conversation: Conversation) -> None:
    """The same calls under the same keys change nothing more."""
    before = _seen(stage)
    again = Conversation(conversation.actor, conversation.name)
    for one in played.task.writes:
        got = again.write(asking.asked(one, stage.ids), str(one.number))
        good = got.is_ == one.verdict and (got.repeated or got.is_ == REFUSED)
        good = good and _seen(stage) == before
        said = f"{one.verdict} as before, no change"
        played.expect(good, "repeated", one, said, f"{got}, repeated: {got.repeated}")
