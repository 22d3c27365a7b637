"""What agents may meet, said in an app's ``tools.py`` as ``admin.py`` does for people.

    class OrderTools(ModelTools):
        model = Order
        fields = ("state", "customer", "total_minor", "currency", "placed_at")
        filters = ("state", "customer", "placed_at__gte", "placed_at__lt")

A declaration gives the tools ``list_orders``, ``get_order`` and ``count_orders`` and
lets the agents' database role read just the columns that they need. With ``writable``
it gives the action ``UpdateOrder`` as well, and so the tool ``update_order``.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import models
from pydantic import BaseModel

from paybill_site.kernel import updates
from paybill_site.kernel.exposure import expose
from paybill_site.kernel.schemas import MINOR, field_schema

LOOKUPS = frozenset({"exact", "in", "gt", "gte", "lt", "lte"})
OF_RELATIONS = frozenset({"exact", "in"})


class ModelTools:
    """The declaration of one model. Related rows are shown by public id.

    ``parts`` are rows that belong to the row and are shown with it: the accessor and
    the fields. ``filters`` are fields or ``field__lookup``; filters, ordering and
    search are over readable fields only, or they would tell what is not shown.
    ``guarded`` names the permission that a field needs besides the model's own, to be
    read and so also to be written; ``guarded_writes`` what writing it needs. A field
    of a part is ``accessor.field``. Such a permission is held on every row or not.
    ``sensitive`` fields stay out of the audit trail when they are asked or changed.
    ``money`` are amounts in minor units whose names do not end in ``_minor``;
    ``typed`` says what of a JSON field is shown, and as what.
    """

    model: ClassVar[type[models.Model]]
    fields: ClassVar[tuple[str, ...]]
    filters: ClassVar[tuple[str, ...]] = ()
    ordering: ClassVar[tuple[str, ...]] = ()
    search: ClassVar[tuple[str, ...]] = ()
    parts: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    writable: ClassVar[tuple[str, ...]] = ()
    guarded: ClassVar[Mapping[str, str]] = {}
    guarded_writes: ClassVar[Mapping[str, str]] = {}
    sensitive: ClassVar[tuple[str, ...]] = ()
    money: ClassVar[tuple[str, ...]] = ()
    typed: ClassVar[Mapping[str, type[BaseModel]]] = {}
    page_size: ClassVar[int] = 50
    verbs: ClassVar[tuple[str, ...]] = ("list", "get", "count")

    def __init_subclass__(cls) -> None:
        _check(cls)
        if cls.writable:
            updates.make(cls)
        registry[cls.model] = cls
        expose(cls)


type Declaration = type[ModelTools]
registry: dict[type[models.Model], Declaration] = {}


@dataclass(frozen=True, slots=True)
class Extent:
    """What of a declaration one agent meets."""

    declared: Declaration
    fields: tuple[str, ...]
    filters: tuple[str, ...]
    ordering: tuple[str, ...]
    search: tuple[str, ...]
    parts: Mapping[str, tuple[str, ...]]
    writable: tuple[str, ...]

    @property
    def model(self) -> type[models.Model]:
        return self.declared.model

    @property
    def page_size(self) -> int:
        return self.declared.page_size


def extent(tools: Declaration, hidden: Set[str] = frozenset()) -> Extent:
    """The declaration without the fields that are hidden from the agent."""

    def kept(names: tuple[str, ...], accessor: str = "") -> tuple[str, ...]:
        return tuple(
            name for name in names if accessor + split_filter(name)[0] not in hidden
        )

    return Extent(
        declared=tools,
        fields=kept(tools.fields),
        filters=kept(tools.filters),
        ordering=kept(tools.ordering),
        search=kept(tools.search),
        parts={name: kept(fields, f"{name}.") for name, fields in tools.parts.items()},
        writable=kept(tools.writable),
    )


def split_filter(name: str) -> tuple[str, str]:
    """``placed_at__gte`` -> ("placed_at", "gte"); a bare field is "exact"."""
    field, _, lookup = name.rpartition("__")
    return (field, lookup) if field else (name, "exact")


def part_model(model: type[models.Model], accessor: str) -> type[models.Model]:
    """The model of the rows behind ``accessor``."""
    related: Any = model._meta.get_field(accessor)
    found: type[models.Model] = related.related_model
    return found


def id_names(model: type[models.Model]) -> tuple[str, ...]:
    """``("public_id",)``, or nothing for a part that has no id of its own."""
    names = {field.name for field in model._meta.concrete_fields}
    return ("public_id",) if "public_id" in names else ()


def owners_of(model: type[models.Model]) -> list[tuple[type[models.Model], str]]:
    """Where rows of the model are shown as parts: the owner, and the way to it."""
    found = []
    for owner, tools in registry.items():
        for accessor in tools.parts:
            related: Any = owner._meta.get_field(accessor)
            if related.related_model is model:
                found.append((owner, related.field.name))
    return found


def is_money(tools: Declaration, name: str) -> bool:
    """Whether a field, or ``accessor.field``, is an amount in minor units."""
    return name.endswith(MINOR) or name in tools.money


def currency_of(tools: Declaration, accessor: str = "") -> str:
    """Where the currency of amounts stands: ``currency``, or the owner's for parts."""
    if accessor and "currency" in tools.parts[accessor]:
        return "currency"
    if "currency" not in tools.fields:
        return ""
    return (
        f"the currency of the {tools.model._meta.verbose_name}"
        if accessor
        else ("currency")
    )


def _check(tools: Declaration) -> None:
    """Raise ValueError where a declaration would leak or could not be carried out."""
    for find, why in (
        (_hidden, "can not be read"),
        (_unknown_lookups, "unknown look-ups"),
        (_unsorted, "may be null or is another row: no ordering"),
        (_without_currency, "an amount without its currency"),
        (_nowhere, "guarded, typed or money, but not shown"),
    ):
        if wrong := find(tools):
            raise ValueError(f"{tools.__name__}: {sorted(wrong)} {why}")
    for name in tools.fields:
        field_schema(tools.model, name)
    for accessor, fields in tools.parts.items():
        for name in fields:
            field_schema(part_model(tools.model, accessor), name)


def _hidden(tools: Declaration) -> set[str]:
    asked = {split_filter(name)[0] for name in tools.filters}
    asked |= {*tools.ordering, *tools.search, *tools.writable}
    return asked - frozenset(tools.fields)


def _unknown_lookups(tools: Declaration) -> set[str]:
    wrong = set()
    for name in tools.filters:
        field, lookup = split_filter(name)
        related = tools.model._meta.get_field(field).is_relation
        if lookup not in (OF_RELATIONS if related else LOOKUPS):
            wrong.add(lookup)
    return wrong


def _unsorted(tools: Declaration) -> set[str]:
    # A page would end where the comparison with NULL is neither true nor false.
    fields = [tools.model._meta.get_field(name) for name in tools.ordering]
    return {field.name for field in fields if field.null or field.is_relation}


def _without_currency(tools: Declaration) -> set[str]:
    wrong = {n for n in tools.fields if is_money(tools, n) and not currency_of(tools)}
    for accessor, fields in tools.parts.items():
        if not currency_of(tools, accessor):
            names = {f"{accessor}.{name}" for name in fields}
            wrong |= {name for name in names if is_money(tools, name)}
    return wrong


def _nowhere(tools: Declaration) -> set[str]:
    shown = {f"{part}.{name}" for part, names in tools.parts.items() for name in names}
    shown |= set(tools.fields)
    named = {*tools.guarded, *tools.guarded_writes, *tools.typed, *tools.money}
    return (named | set(tools.sensitive)) - shown
