"""Plays one task from the starting state, with the variants that nothing may pass.

In the task's sandbox: by another customer's assistant (not found); then each call that
writes as a dry run, outside any run, and as it is; at the end the rows, in full, and
all calls that write once more under the same keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from examples.storefront.replay import asking, touched
from examples.storefront.replay.asker import (
    ACCEPTED,
    REFUSED,
    Conversation,
    Verdict,
    call,
)
from examples.storefront.replay.folder import Call, Task
from examples.storefront.replay.stage import Played, Stage, compare
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.sandboxes import sandbox, settle


def play(stage: Stage, task: Task, number: int) -> Played:
    """Play a task and take everything back."""
    played = Played(task)
    actor, other = _actors(stage, task)
    with sandbox():
        _foreign(stage, played, Conversation(other, f"{number}:foreign"))
        conversation = Conversation(actor, str(number))
        for one in task.calls:
            _take(stage, played, conversation, one)
        settle()
        compare(stage, played)
        _repeat(stage, played, conversation)
    return played


def is_calm(task: Task) -> bool:
    """Whether nothing is to change: all that writes is refused."""
    return not task.changed and all(one.verdict == REFUSED for one in task.writes)


def play_calm(stage: Stage, tasks: Sequence[tuple[int, Task]]) -> list[Played]:
    """Play calm tasks of one customer, one after the other.

    As long as nothing changes, each begins from the starting state; so they share a
    sandbox and the runs that are open. When something did, each is played alone.
    """
    done = []
    actor, other = _actors(stage, tasks[0][1])
    with sandbox():
        conversation = Conversation(actor, f"calm:{tasks[0][0]}")
        stranger = Conversation(other, f"calm:{tasks[0][0]}:foreign")
        for _, task in tasks:
            played = Played(task)
            _foreign(stage, played, stranger)
            for one in task.calls:
                _take(stage, played, conversation, one)
                if one.writes:
                    _once_more(stage, played, conversation, one)
            played.expect(True, "rows", None)
            done.append(played)
        settle()
        calm = not any(touched.since(stage.mark).values())
    return done if calm else [play(stage, task, number) for number, task in tasks]


def _actors(stage: Stage, task: Task) -> tuple[Actor, Actor]:
    """The assistant with the task's customer, and with another one.

    Not in the sandbox: the tokens are for later tasks as well.
    """
    customer = stage.whose.customer(task)
    keys = (customer, stage.whose.another(customer))
    one, other = (stage.desk.serving(stage.ids.customers[key]) for key in keys)
    return one, other


def _take(stage: Stage, played: Played, conversation: Conversation, one: Call) -> None:
    """One call of the task, as what it is."""
    if one.writes:
        _write(stage, played, conversation, one)
    elif one.tool in asking.READS:
        _read(stage, played, conversation, one)
    else:
        played.counts["not_offered"] += 1


def _foreign(stage: Stage, played: Played, conversation: Conversation) -> None:
    """The same calls by the assistant of another customer find nothing."""
    for one in played.task.writes:
        before = touched.newest_note()
        with sandbox():
            got = conversation.write(
                asking.asked(one, stage.ids), f"{one.number}:{len(played.counts)}"
            )
            hidden = got.is_ == REFUSED and touched.newest_note() == before
        played.expect(hidden, "foreign", one, "not found, no change", str(got))


def _write(stage: Stage, played: Played, conversation: Conversation, one: Call) -> None:
    """A call that writes: outside any run, as a dry run, and as it is."""
    asked = asking.asked(one, stage.ids)
    key = f"{conversation.count()}:{one.number}"
    before = touched.newest_note()
    outside = call(conversation.actor, asked.tool, asked.arguments, key=f"out:{key}")
    kept = outside.is_ == REFUSED and touched.newest_note() == before
    played.expect(kept, "outside", one, "refused, no change", str(outside))
    dry = conversation.write(asked, key, dry_run=True)
    kept = dry.is_ == one.verdict and touched.newest_note() == before
    played.expect(kept, "dry_run", one, f"{one.verdict}, no change", str(dry))
    got = conversation.write(asked, key)
    good = got.is_ == one.verdict
    if good and one.verdict == REFUSED:
        good = bool(got.rule) and touched.newest_note() == before
        played.rules[got.rule] += 1
    played.expect(good, one.verdict, one, one.verdict, str(got))
    played.written.append((one, asked, conversation.last, got))


def _read(
    stage: Stage,
    played: Played,
    conversation: Conversation,
    one: Call,
) -> None:
    wanted = stage.whose.finds(one, stage.whose.customer(played.task))
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


def _repeat(stage: Stage, played: Played, conversation: Conversation) -> None:
    """The same calls under the same keys change nothing more."""
    before = touched.newest_note()
    for one, asked, taken, first in played.written:
        got = conversation.again(asked, taken)
        same = got.is_ == one.verdict and dict(got.result) == dict(first.result)
        same = same and got.repeated == (one.verdict == ACCEPTED)
        good = same and touched.newest_note() == before
        said = f"{one.verdict} as before, no change"
        played.expect(good, "repeated", one, said, f"{got}, repeated: {got.repeated}")


def _once_more(
    stage: Stage, played: Played, conversation: Conversation, one: Call
) -> None:
    """The refused call that was made last, under its key."""
    _, asked, taken, first = played.written[-1]
    before = touched.newest_note()
    got = conversation.again(asked, taken)
    good = (got.is_, got.rule) == (first.is_, first.rule)
    good = good and touched.newest_note() == before
    played.expect(good, "repeated", one, f"{first} as before, no change", str(got))
