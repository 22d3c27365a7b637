"""The log of a run: whole lines, redacted, in chunks that carry their offset."""

from __future__ import annotations

import json
import time
from collections import deque
from contextlib import suppress
from typing import Any

from django.db import Error as DatabaseError
from django.db import close_old_connections
from django.db.models import Max
from django.db.models.functions import Length

from paybill_site.kernel.crypto import redact
from provisioning.models import LogChunk, Run

LONGEST, OFTEN = 8000, 0.5
PROGRESS = {"apply_start", "apply_progress", "apply_complete", "apply_errored"}


def length(run: Run, phase: str) -> int:
    """How many characters a phase has said."""
    ends = run.chunks.filter(phase=phase).annotate(size=Length("text"))
    last = ends.order_by("-offset").values_list("offset", "size").first()
    return sum(last) if last else 0


def read(run: Run, phase: str, offset: int, most: int = 200_000) -> tuple[str, int]:
    """What a phase said from ``offset``, and the offset after it."""
    behind = run.chunks.filter(phase=phase, offset__lte=offset)
    start = behind.aggregate(start=Max("offset"))["start"] or 0
    text, end = "", offset
    for chunk in run.chunks.filter(phase=phase, offset__gte=start).order_by("offset"):
        text += chunk.text[max(0, offset - chunk.offset) :]
        end = chunk.offset + len(chunk.text)
        if len(text) >= most:
            break
    return text, max(end, offset)


class LogWriter:
    """Collects lines of one phase and stores them as chunks."""

    def __init__(self, run: Run, phase: str, secrets: tuple[str, ...] = ()) -> None:
        self.run, self.phase, self.secrets = run, phase, secrets
        self.offset = length(run, phase)
        self._text, self._stored = "", time.monotonic()

    def say(self, line: str) -> None:
        """Add a line; what looks like a secret, and what is one, is masked."""
        for secret in self.secrets:
            line = line.replace(secret, "[redacted]")
        self._text += redact(line).replace("\x00", "") + "\n"
        if len(self._text) >= LONGEST or time.monotonic() - self._stored >= OFTEN:
            self.flush()

    def flush(self) -> None:
        """Store what was collected."""
        self._stored = time.monotonic()
        if not self._text:
            return
        text = self._text
        try:
            LogChunk.objects.create(
                run=self.run, phase=self.phase, offset=self.offset, text=text
            )
        except DatabaseError:  # it is away: Terraform goes on, so we do
            close_old_connections()
            return
        self._text = ""
        self.offset += len(text)


class Interpreter:
    """Turns Terraform's ``-json`` lines into words, and counts what is done.

    ``errors``: what it said was wrong; ``last``: the end of what a command said that
    does not speak JSON.
    """

    def __init__(self, log: LogWriter, total: int = 0) -> None:
        self.log, self.total, self.done, self.failed = log, total, 0, 0
        self.errors: list[str] = []
        self.last: deque[str] = deque(maxlen=20)
        self.now: dict[str, float] = {}

    def hear(self, line: str) -> None:
        try:
            event: dict[str, Any] = json.loads(line)
            words, kind = str(event["@message"]), str(event.get("type", ""))
        except (ValueError, TypeError, KeyError):
            self.last.append(redact(line.strip("╷│╵ ")))
            self.log.say(line)  # not from the -json stream
            return
        if "state" in event:  # the emergency dump; the folder's harvest takes it
            self.log.say("Terraform printed its whole state: taken, kept encrypted")
            return
        if kind == "outputs":
            return  # they may carry values
        if kind == "diagnostic":
            words = _diagnosis(event.get("diagnostic") or {}) or words
            if event.get("@level") == "error":
                self.errors.append(redact(words))
        self.log.say(words)
        if kind in PROGRESS:
            self._count(kind, event.get("hook") or {})

    def trouble(self, words: str) -> str:
        """What a command that failed said of it; ``words`` when it said nothing."""
        return "\n".join(self.errors or filter(None, self.last)) or words

    def _count(self, kind: str, hook: dict[str, Any]) -> None:
        address = str((hook.get("resource") or {}).get("addr", ""))
        if kind in {"apply_start", "apply_progress"}:
            self.now[address] = float(hook.get("elapsed_seconds") or 0)
        else:
            self.now.pop(address, None)
            self.done += kind == "apply_complete"
            self.failed += kind == "apply_errored"
        progress = {
            "done": self.done,
            "total": self.total,
            "failed": self.failed,
            "now": [{"address": a, "seconds": s} for a, s in self.now.items()],
        }
        with suppress(DatabaseError):  # the next step says it again
            Run.objects.filter(pk=self.log.run.pk).update(progress=progress)


def _diagnosis(diagnostic: dict[str, Any]) -> str:
    parts = (diagnostic.get("severity"), diagnostic.get("summary"))
    head = ": ".join(str(part) for part in parts if part)
    detail = str(diagnostic.get("detail") or "")
    address = str(diagnostic.get("address") or "")
    return "\n".join(filter(None, (head, address, detail)))
