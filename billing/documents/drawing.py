"""Draws a sheet as PDF. The same sheet gives the same bytes: no date of today is in it.

The font is embedded (DejaVu Sans, ``fonts/LICENSE``): it has every letter of the six
languages, and of most names besides.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from billing.documents.sheet import Sheet

FONTS = Path(__file__).with_name("fonts")
PLAIN, BOLD = "DejaVuSans", "DejaVuSans-Bold"
MARGIN = 20 * mm
WIDTH = A4[0] - 2 * MARGIN
PADDING = 6  # points that the library keeps free within its margins
INK, FAINT = colors.HexColor("#1b1f24"), colors.HexColor("#5b6470")
RULE = colors.HexColor("#c9ced6")


@cache
def _load_fonts() -> None:
    for name in (PLAIN, BOLD):
        pdfmetrics.registerFont(TTFont(name, FONTS / f"{name}.ttf"))


def _style(size: float, **other: Any) -> ParagraphStyle:
    name = other.pop("fontName", PLAIN)
    color = other.pop("textColor", INK)
    return ParagraphStyle(
        "text",
        fontName=name,
        fontSize=size,
        leading=size * 1.4,
        textColor=color,
        **other,
    )


TEXT, SMALL = _style(9), _style(7.5, textColor=FAINT)
RIGHT = _style(9, alignment=TA_RIGHT)
HEAD = _style(8, fontName=BOLD, textColor=FAINT)
HEAD_RIGHT = _style(8, fontName=BOLD, textColor=FAINT, alignment=TA_RIGHT)
TITLE = _style(17, fontName=BOLD, alignment=TA_RIGHT)
NAME = _style(12, fontName=BOLD)
LAST = _style(10, fontName=BOLD)
LAST_RIGHT = _style(10, fontName=BOLD, alignment=TA_RIGHT)


def draw(sheet: Sheet) -> bytes:
    """The document as PDF."""
    _load_fonts()
    target = BytesIO()
    paper = SimpleDocTemplate(
        target,
        pagesize=A4,
        leftMargin=MARGIN - PADDING,
        rightMargin=MARGIN - PADDING,
        topMargin=18 * mm,
        bottomMargin=24 * mm,
        title=f"{sheet.title} {sheet.number}",
        author=sheet.seller.get("name", ""),
        lang=sheet.words.language,
        invariant=1,
    )
    paper.build(list(_story(sheet)), canvasmaker=_pages(sheet))
    return target.getvalue()


def _story(sheet: Sheet) -> Iterable[Any]:
    yield _top(sheet)
    yield Spacer(0, 8 * mm)
    yield _parties(sheet)
    yield Spacer(0, 8 * mm)
    yield _items(sheet)
    yield Spacer(0, 4 * mm)
    yield KeepTogether(_sums(sheet))
    if sheet.taxes:
        yield Spacer(0, 6 * mm)
        yield KeepTogether(_taxes(sheet))
    for words in (*sheet.notes, *sheet.payment):
        yield Spacer(0, 2 * mm)
        yield _text(words)


def _text(words: str, style: ParagraphStyle = TEXT) -> Paragraph:
    return Paragraph(escape(words), style)


def _top(sheet: Sheet) -> Table:
    seller = _text(sheet.seller.get("name", ""), NAME)
    return _bare([[seller, _text(sheet.title, TITLE)]], [WIDTH * 0.5] * 2)


def _parties(sheet: Sheet) -> Table:
    vat = sheet.words["vat number"]
    at_home = sheet.buyer.get("country") == sheet.seller.get("country")
    buyer = sheet.buyer | ({"country": ""} if at_home else {})
    whom = [_text(line) for line in _address(buyer, vat)]
    facts = [[_text(label, SMALL), _text(value, RIGHT)] for label, value in sheet.facts]
    right = _bare(facts, [WIDTH * 0.22, WIDTH * 0.23])
    return _bare([[whom, right]], [WIDTH * 0.55, WIDTH * 0.45])


def _address(party: dict[str, str], vat: str) -> list[str]:
    town = f"{party.get('postcode', '')} {party.get('city', '')}".strip()
    number = party.get("vat_number", "")
    lines = [party.get("name", ""), party.get("street", ""), town]
    lines += [party.get("country", ""), f"{vat} {number}" if number else ""]
    return [line for line in lines if line]


def _bare(rows: list[list[Any]], widths: list[float], side: str = "CENTER") -> Table:
    table = Table(rows, colWidths=widths, hAlign=side)
    flush = [
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
    table.setStyle(TableStyle(flush))
    return table


def _items(sheet: Sheet) -> Table:
    words = sheet.words
    rows: list[list[Any]] = [
        [
            _text("", HEAD),
            _text(words["description"], HEAD),
            _text(words["tax"], HEAD_RIGHT),
            _text(words["amount"], HEAD_RIGHT),
        ]
    ]
    for item in sheet.items:
        described = [_text(item.text), *(_text(small, SMALL) for small in item.small)]
        rows.append(
            [
                _text(item.position, SMALL),
                described,
                _text(item.tax, RIGHT),
                _text(item.amount, RIGHT),
            ]
        )
    widths = [WIDTH * 0.05, WIDTH * 0.61, WIDTH * 0.14, WIDTH * 0.20]
    table = Table(rows, colWidths=widths, repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, 0), 0.8, INK),
                ("LINEBELOW", (0, 1), (-1, -1), 0.4, RULE),
                ("LEFTPADDING", (0, 0), (-1, -1), 2),
                ("RIGHTPADDING", (0, 0), (-1, -1), 2),
            ]
        )
    )
    return table


def _sums(sheet: Sheet) -> list[Any]:
    *others, last = sheet.sums
    rows = [[_text(label, RIGHT), _text(amount, RIGHT)] for label, amount in others]
    rows.append([_text(last[0], LAST_RIGHT), _text(last[1], LAST_RIGHT)])
    table = _bare(rows, [WIDTH * 0.75, WIDTH * 0.25])
    table.setStyle(TableStyle([("LINEABOVE", (0, -1), (-1, -1), 0.8, INK)]))
    return [table]


def _taxes(sheet: Sheet) -> list[Any]:
    words = sheet.words
    heads = [
        _text(words["tax"], HEAD),
        _text(words["net"], HEAD_RIGHT),
        _text(words["tax"], HEAD_RIGHT),
    ]
    rows = [
        [_text(label), _text(net, RIGHT), _text(tax, RIGHT)]
        for label, net, tax in sheet.taxes
    ]
    return [_bare([heads, *rows], [WIDTH * 0.3, WIDTH * 0.2, WIDTH * 0.2], "LEFT")]


def _pages(sheet: Sheet) -> type[Canvas]:
    """A canvas that writes the seller and "1 / 3" at the foot of each page."""
    foot = " · ".join(_address(sheet.seller, sheet.words["vat number"]))

    class Numbered(Canvas):  # type: ignore[misc]  # reportlab publishes no types
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self._kept: list[dict[str, Any]] = []

        def showPage(self) -> None:
            self._kept.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._kept, start=1):
                self.__dict__.update(page)
                self.setFont(PLAIN, 7)
                self.setFillColor(FAINT)
                self.drawString(MARGIN, 12 * mm, foot[:120])
                said = f"{sheet.words['page']} {number} / {len(self._kept)}"
                self.drawRightString(A4[0] - MARGIN, 12 * mm, said)
                super().showPage()
            super().save()

    return Numbered
