"""What agents may meet, said in an app's ``tools.py`` as ``admin.py`` does for people.

    class OrderTools(ModelTools):
        model = Order
        fields = ("state", "customer", "total_minor", "placed_at")
        filters = ("state", "customer", "placed_at__gte", "placed_at__lt")

A declaration gives the tools ``list_orders``, ``get_order`` and ``count_orders`` and
lets the agents' database role read just the columns that they need.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models

from paybill_site.kernel import grants
from paybill_site.kernel.schemas import field_schema

LOOKUPS = frozenset({"exact", "in", "gt", "gte", "lt", "lte"})


class ModelTools:
    """The declaration of one model. Related rows are shown by public id.

    ``parts`` are rows that belong to the row and are shown with it: the accessor and
    the fields. ``filters`` are fields or ``field__lookup``; filters, ordering and
    search are over readable fields only, or they would tell what is not shown.
    """

    model: ClassVar[type[models.Model]]
    fields: ClassVar[tuple[str, ...]]
    filters: ClassVar[tuple[str, ...]] = ()
    ordering: ClassVar[tuple[str, ...]] = ()
    search: ClassVar[tuple[str, ...]] = ()
    parts: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    page_size: ClassVar[int] = 50
    verbs: ClassVar[tuple[str, ...]] = ("list", "get", "count")

    def __init_subclass__(cls) -> None:
        _check(cls)
        registry[cls.model] = cls
        _expose(cls)


type Declaration = type[ModelTools]
registry: dict[type[models.Model], Declaration] = {}


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


def _check(tools: Declaration) -> None:
    """Raise ValueError where a declaration would leak or could not be carried out."""
    shown = frozenset(tools.fields)
    asked = {split_filter(name)[0] for name in tools.filters}
    hidden = (asked | set(tools.ordering) | set(tools.search)) - shown
    if hidden:
        raise ValueError(f"{tools.__name__}: {sorted(hidden)} can not be read")
    wrong = {split_filter(name)[1] for name in tools.filters} - LOOKUPS
    if wrong:
        raise ValueError(f"{tools.__name__}: unknown look-ups {sorted(wrong)}")
    for name in tools.fields:
        field_schema(tools.model, name)
    for name in tools.ordering:
        # A page would end where the comparison with NULL is neither true nor false.
        if tools.model._meta.get_field(name).null:
            raise ValueError(f"{tools.__name__}: {name} may be null: no ordering")


def _expose(tools: Declaration) -> None:
    grants.expose(tools.model, _with_ids(tools.model, tools.fields))
    for accessor, fields in tools.parts.items():
        related: Any = tools.model._meta.get_field(accessor)
        owner = related.field.name
        shown = _with_ids(related.related_model, (*fields, owner))
        grants.expose(related.related_model, shown)
    _expose_grants(tools.model)


def _with_ids(model: type[models.Model], fields: tuple[str, ...]) -> list[str]:
    """The fields and the ids; also the ids of the rows that the fields point to."""
    for name in fields:
        related: Any = model._meta.get_field(name).related_model
        if related is not None:
            grants.expose(related, [related._meta.pk.name, *id_names(related)])
    pk: Any = model._meta.pk
    return sorted({pk.name, *id_names(model), *fields})


def _expose_grants(model: type[models.Model]) -> None:
    """What ``visible_to`` has to read to find the grants on single rows."""
    tables = getattr(model, "object_grants", None)
    if tables is None:
        return
    for table, holder in zip(tables, ("user", "group"), strict=True):
        grants.expose(table, ["content_object", "permission", holder])
    members: Any = get_user_model()
    grants.expose(members.groups.through, ["user", "group"])
    grants.expose(Group, ["id"])
    grants.expose(Permission, ["id", "codename", "content_type"])
    grants.expose(ContentType, ["id", "app_label"])
