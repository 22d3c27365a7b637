"""What an agent wants to do, in words for the person who decides.

Row by row, before and after. Of rows that the person may not see themselves it is told
how many there are, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import Field, Model
from django.utils import timezone

from agents.models import Approval
from paybill_site.kernel.actions import registry
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.querysets import view_permission
from paybill_site.kernel.templatetags.paybill_ui import money

NOTHING, LONGEST = "nothing", 300
# What a new row is called, and when it was made: no person decides on that.
UNSAID = frozenset({"id", "public_id"})


@dataclass(slots=True)
class Row:
    """One row that would change: what it is, and (field, before, after)."""

    title: str
    public_id: str
    is_new: bool = False
    is_gone: bool = False
    changes: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Effect:
    """What would happen: rows, how many more the person may not see, and events."""

    rows: tuple[Row, ...]
    unseen: int
    events: tuple[str, ...]


def action_label(approval: Approval) -> str:
    """The verb in words: "Cancel order"."""
    action = registry.get(approval.action)
    return action.label() if action else approval.tool.replace("_", " ").capitalize()


def arguments(approval: Approval) -> list[tuple[str, str]]:
    """The arguments without secrets, by the titles of the action's own form."""
    action = registry.get(approval.action)
    fields = action.Input.model_fields if action else {}
    return [
        (_title(name, fields.get(name)), str(value)[:LONGEST])
        for name, value in approval.arguments.items()
    ]


def target(approval: Approval, actor: Actor) -> str:
    """What is acted on: "Product Chair"; its kind alone where they may not see it."""
    label, _, public_id = approval.target.partition(":")
    model = _model(label)
    if model is None:
        return ""
    rows: Any = model._default_manager
    found = rows.visible_to(actor).filter(public_id=public_id).first()
    kind = str(model._meta.verbose_name)
    return f"{kind[:1].upper()}{kind[1:]} {found or ''}".strip()


def effect(approval: Approval, actor: Actor) -> Effect:
    """What would happen, as far as this person may see it. A query for each model."""
    changes: list[Mapping[str, Any]] = approval.shown.get("changes", [])
    events = [_event(event["name"]) for event in approval.shown.get("events", [])]
    by_row: dict[str, list[Mapping[str, Any]]] = {}
    for change in changes:
        by_row.setdefault(str(change["row"]), []).append(change)
    seen = _seen(by_row, actor)
    rows = tuple(_row(name, by_row[name]) for name in by_row if name in seen)
    return Effect(rows, len(by_row) - len(rows), tuple(events))


def unseen(approval: Approval, actor: Actor) -> int:
    """How many of the rows that would change this person may not see."""
    names = {str(change["row"]): () for change in approval.shown.get("changes", [])}
    return len(names) - len(_seen(names, actor))


def _seen(by_row: Mapping[str, Any], actor: Actor) -> frozenset[str]:
    """The rows that the person may see; of new ones those whose kind they may."""
    seen: set[str] = set()
    by_model: dict[str, list[str]] = {}
    for name in by_row:
        by_model.setdefault(name.partition(":")[0], []).append(name)
    for label, names in by_model.items():
        model = _model(label)
        if model is None:
            continue
        if actor.may(view_permission(model)):
            seen.update(names)
        elif hasattr(rows := model._default_manager, "visible_to"):
            ids = {name.partition(":")[2]: name for name in names}
            found = rows.visible_to(actor).filter(public_id__in=ids)
            seen.update(ids[i] for i in found.values_list("public_id", flat=True))
    return frozenset(seen)


def _row(name: str, changes: Iterable[Mapping[str, Any]]) -> Row:
    label, _, public_id = name.partition(":")
    model = _model(label)
    title = str(model._meta.verbose_name) if model else label
    row = Row(title=title[:1].upper() + title[1:], public_id=public_id)
    changes = list(changes)
    for change in changes:
        if change["field"] in UNSAID:
            row.is_new = row.is_new or change["before"] is None
            row.is_gone = row.is_gone or change["after"] is None
    currency = _currency(model, public_id, changes)
    for change in changes:
        if change["field"] not in UNSAID:
            row.changes.append(_change(model, change, currency, row))
    return row


def _change(
    model: type[Model] | None, change: Mapping[str, Any], currency: str, row: Row
) -> tuple[str, str, str]:
    found = _field(model, change["field"])
    name = str(getattr(found, "verbose_name", change["field"]).replace("_", " "))
    before = "" if row.is_new else _value(found, change["before"], currency)
    after = "" if row.is_gone else _value(found, change["after"], currency)
    return name[:1].upper() + name[1:], before, after


def _value(found: Field[Any, Any] | None, value: Any, currency: str) -> str:
    """A value as people say it."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    choices = dict(getattr(found, "flatchoices", ()) or ())
    if value in choices:
        return str(choices[value])
    if found is not None and found.name.endswith("_minor") and currency:
        return (
            str(money(int(value), currency)) if isinstance(value, int) else str(value)
        )
    if found is not None and found.get_internal_type() == "DateTimeField":
        return _moment(str(value))
    return str(value)[:LONGEST]


def _moment(value: str) -> str:
    try:
        at = timezone.localtime(datetime.fromisoformat(value))
    except ValueError:
        return value
    return at.strftime("%d %B %Y, %H:%M:%S %Z")


def _currency(
    model: type[Model] | None, public_id: str, changes: list[Mapping[str, Any]]
) -> str:
    """The currency of a row's amounts: among its changes, or on the row itself."""
    for change in changes:
        if change["field"] == "currency":
            return str(change["after"] or change["before"] or "")
    money_moves = any(str(c["field"]).endswith("_minor") for c in changes)
    if model is None or not money_moves or _field(model, "currency") is None:
        return ""
    rows: Any = model._base_manager.filter(public_id=public_id)
    return str(rows.values_list("currency", flat=True).first() or "")


def _field(model: type[Model] | None, name: str) -> Field[Any, Any] | None:
    if model is None:
        return None
    fields = {field.name: field for field in model._meta.concrete_fields}
    return fields.get(name)


def _model(label: str) -> type[Model] | None:
    try:
        found: type[Model] = apps.get_model(label)
    except (LookupError, ValueError):
        return None
    return found


def _title(name: str, info: Any) -> str:
    title = getattr(info, "title", None) or name.replace("_", " ")
    return str(title)[:1].upper() + str(title)[1:]


def _event(name: str) -> str:
    """``storefront.order_cancelled`` -> "order cancelled"."""
    return re.sub(r"[._]", " ", name.partition(".")[2] or name)
