"""Grants on single rows: one declaration per model makes its permission tables.

The tables are django-guardian's direct foreign-key form: deleting a row deletes its
grants, so a reused number can never inherit them, and a check is one indexed look-up.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

type Table = type[models.Model]


def object_grants(model: type[models.Model]) -> tuple[Table, Table]:
    """Make the tables of grants on ``model``'s rows: to users, and to groups.

    Call it in the module of the model and keep the result there, as in
    ``OrderUserPermission, OrderGroupPermission = object_grants(Order)``.
    """
    tables = (
        _table(model, "User", UserObjectPermissionBase),
        _table(model, "Group", GroupObjectPermissionBase),
    )
    model.object_grants = tables  # type: ignore[attr-defined]
    return tables


def _table(model: type[models.Model], to: str, base: Any) -> Table:
    # Nobody administers these rows one by one, so there are no permissions on them.
    meta = type("Meta", (base.Meta,), {"default_permissions": ()})
    body = {
        "__module__": model.__module__,
        "__doc__": f"A permission of one {to.lower()} on one {model.__name__}.",
        "content_object": models.ForeignKey(model, on_delete=models.CASCADE),
        "Meta": meta,
    }
    made: Table = type(f"{model.__name__}{to}Permission", (base,), body)
    return made
