"""Columns as SVG: pure geometry in whole units, drawn by ``billing/chart.html``.

The table beside a chart has every number, so a chart is one picture with a name; the
patterns of its series are told apart without colours, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, GAP = 720, 240, 8
TOP, BOTTOM, LEFT = 12, 28, 8
LABELS = 8  # more of them would run into each other
SERIES = 5  # as many fills as there are in charts.css


@dataclass(frozen=True, slots=True)
class Column:
    """A part of a column: where it is, which fill it has, what it says."""

    x: int
    y: int
    width: int
    height: int
    fill: int
    said: str


@dataclass(frozen=True, slots=True)
class Label:
    x: int
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    columns: tuple[Column, ...]
    labels: tuple[Label, ...]
    legend: tuple[tuple[int, str], ...]
    zero: int
    limit: int | None = None
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def base(self) -> int:
        """Where the labels stand."""
        return self.height - GAP


@dataclass(frozen=True, slots=True)
class Bar:
    """The values of one column, one of each series, and how they are said."""

    label: str
    values: tuple[int, ...]
    said: tuple[str, ...]


def draw(
    title: str, series: Sequence[str], bars: Sequence[Bar], limit: int | None = None
) -> Chart:
    """Stand the values of each bar on one another; those below zero hang down.

    ``limit`` is drawn as a line across. All zero makes an empty chart.
    """
    up = max([sum(v for v in bar.values if v > 0) for bar in bars] + [limit or 0])
    down = max([-sum(v for v in bar.values if v < 0) for bar in bars] + [0])
    room, span = HEIGHT - TOP - BOTTOM, max(up + down, 1)
    zero = TOP + (room * up // span if up or down else room)
    step = (WIDTH - 2 * LEFT) // max(len(bars), 1)
    every = -(-len(bars) // LABELS)
    columns, labels = [], []
    for n, bar in enumerate(bars):
        x = LEFT + n * step
        columns += _stack(bar, x, step - GAP if step > 2 * GAP else step, zero, span)
        if n % every == 0:
            labels.append(Label(x, bar.label))
    legend = tuple((n % SERIES, name) for n, name in enumerate(series))
    line = zero - room * limit // span if limit is not None else None
    return Chart(title, tuple(columns), tuple(labels), legend, zero, line)


def _stack(bar: Bar, x: int, width: int, zero: int, span: int) -> list[Column]:
    room = HEIGHT - TOP - BOTTOM
    up = down = 0
    found = []
    for n, (value, said) in enumerate(zip(bar.values, bar.said, strict=True)):
        if not value:
            continue
        low, high = (up, up + value) if value > 0 else (down + value, down)
        up, down = (high, down) if value > 0 else (up, low)
        top, end = zero - room * high // span, zero - room * low // span
        height = max(end - top, 1)
        found.append(Column(x, top, width, height, n % SERIES, f"{bar.label}: {said}"))
    return found
