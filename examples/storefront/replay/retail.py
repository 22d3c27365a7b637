"""Plays every task of a folder in a plane of its own, and counts what became of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.management import call_command, get_commands
from django.core.management.base import CommandError
from django.db import OperationalError

from examples.storefront.replay import desk, loading, playing, touched
from examples.storefront.replay.command import KINDS
from examples.storefront.replay.exporting import export
from examples.storefront.replay.folder import TABLES, BadFolder, Folder, Task, read
from examples.storefront.replay.plane import throw_away
from examples.storefront.replay.rows import canonical, differences
from examples.storefront.replay.stage import Played, Stage
from examples.storefront.replay.whose import Whose
from examples.storefront.states import Books, SameItem
from paybill_site.kernel import planes


def play(options: Mapping[str, Any]) -> dict[str, Any]:
    """Play a folder as the command line asks, and report. Raises CommandError."""
    started = time.monotonic()
    books = Books.OWN if options["own_books"] else Books.PUBLISHED
    try:
        folder = read(options["data"])
        with _database(), throw_away():
            stage = prepare(folder, options["allow_same_item"], books)
            tasks = played(stage)
    except BadFolder as error:
        raise CommandError(str(error)) from error
    return summary(tasks) | {
        "data": str(options["data"]),
        "same_item": str(options["allow_same_item"]),
        "books": str(books),
        "seconds": round(time.monotonic() - started, 1),
    }


@contextmanager
def _database() -> Iterator[None]:
    """The installation's database; the embedded one is started if it does not run."""
    started = False
    with planes.plane(planes.CONTROL):
        try:
            with planes.cursor() as cursor:
                cursor.execute("SELECT 1")
        except OperationalError as error:
            if "services" not in get_commands():
                raise CommandError(f"no database answers: {error}") from error
            started = True
    if started:
        call_command("services", "start")
    try:
        yield
    finally:
        if started:
            call_command("services", "stop")


def prepare(folder: Folder, same_item: SameItem, books: Books) -> Stage:
    """Load the folder into the entered, empty plane and hire the assistant.

    Raises BadFolder unless what was loaded reads back as it is in the folder.
    """
    desk.license_plane()
    with planes.atomic():
        ids = loading.load(folder.tables)
    for table in TABLES:
        kept = {k: canonical(table, r) for k, r in export(table).items()}
        given = {k: canonical(table, r) for k, r in folder.tables[table].items()}
        if wrong := differences(given, kept, table):
            raise BadFolder(f"db.json can not be held whole: {wrong[0]}")
    desk.set_policy(same_item, books)
    mark = touched.mark()
    return Stage(folder, ids, desk.open_desk(), mark, Whose(folder.tables))


def played(stage: Stage) -> list[Played]:
    """Every task of the folder, those first in which nothing is to change."""
    calm: dict[str, list[tuple[int, Task]]] = {}
    others = []
    for number, task in enumerate(stage.folder.tasks):
        if playing.is_calm(task):
            calm.setdefault(stage.whose.customer(task), []).append((number, task))
        else:
            others.append((number, task))
    done = [one for tasks in calm.values() for one in playing.play_calm(stage, tasks)]
    return done + [playing.play(stage, task, number) for number, task in others]


def summary(tasks: list[Played]) -> dict[str, Any]:
    """Counts of each kind, and every failure."""
    counts: Counter[str] = sum((one.counts for one in tasks), Counter())
    rules: Counter[str] = sum((one.rules for one in tasks), Counter())
    kinds = {
        kind: {"looked_at": counts[kind], "as_expected": counts[f"{kind}:good"]}
        for kind in KINDS
    }
    equal = sum(one.counts["accepted:good"] for one in tasks if one.counts["rows:good"])
    return {
        "tasks": len(tasks),
        "passed": sum(not one.failures for one in tasks),
        "accepted_with_equal_rows": equal,
        **kinds,
        "reads_not_offered": counts["not_offered"],
        "rules": dict(sorted(rules.items())),
        "failures": [failure for one in tasks for failure in one.failures],
    }
