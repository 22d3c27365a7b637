"""The columns that a declaration lets the agents' database role read, and no others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models

from paybill_site.kernel import grants

if TYPE_CHECKING:
    from paybill_site.kernel.declarations import Declaration


def expose(tools: Declaration) -> None:
    """Fields, ids, parts, and what decides which of the rows are visible."""
    _columns(tools.model, tools.fields)
    _who_sees(tools.model)
    for accessor, fields in tools.parts.items():
        related: Any = tools.model._meta.get_field(accessor)
        _columns(related.related_model, (*fields, related.field.name))
        _who_sees(related.related_model)


def _columns(model: type[models.Model], fields: Iterable[str]) -> None:
    """The fields and the ids; of rows that the fields point to, the ids."""
    grants.expose(model, [*_ids(model), *fields])
    for name in fields:
        related: Any = model._meta.get_field(name).related_model
        if related is not None:
            grants.expose(related, _ids(related))
            # Whether the agent may see the row that is pointed to.
            _who_sees(related)


def _ids(model: type[models.Model]) -> list[str]:
    pk: Any = model._meta.pk
    named = {field.name for field in model._meta.concrete_fields}
    return sorted({pk.name, "public_id"} & named)


def _who_sees(model: type[models.Model]) -> None:
    """What ``visible_to`` has to read: grants on single rows, the row's account."""
    _account(model)
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


def _account(model: type[models.Model]) -> None:
    """The way to the account: agents that act for a person see that person's rows."""
    path: str | None = getattr(model, "account_path", None)
    if path is None:
        return
    for name in filter(None, path.split("__")):
        grants.expose(model, [*_ids(model), name])
        related: Any = model._meta.get_field(name).related_model
        model = related
    grants.expose(model, _ids(model))
