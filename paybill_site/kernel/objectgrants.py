"""Grants on single rows: one declaration per model makes its permission tables.

The tables are django-guardian's direct foreign-key form: deleting a row deletes its
grants, so a reused number can never inherit them. The unique index over holder,
permission and object answers a check alone; further indexes by holder and by permission
would only be written, and tempt the planner to read every grant of one of them.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import models
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

type Table = type[models.Model]


def object_grants(model: type[models.Model]) -> tuple[Table, Table]:
    """Make the tables of grants on ``model``'s rows: to users, and to groups.

    Call it in the module of the model and keep the result there, as in
    ``OrderUserPermission, OrderGroupPermission = object_grants(Order)``.
    """
    tables = (
        _table(model, "user", settings.AUTH_USER_MODEL, UserObjectPermissionBase),
        _table(model, "group", Group, GroupObjectPermissionBase),
    )
    model.object_grants = tables  # type: ignore[attr-defined]
    return tables


def _table(model: type[models.Model], holder: str, to: Any, base: Any) -> Table:
    # Nobody administers these rows one by one, so there are no permissions on them.
    meta = type("Meta", (base.Meta,), {"default_permissions": ()})
    body = {
        "__module__": model.__module__,
        "__doc__": f"A permission of one {holder} on one {model.__name__}.",
        "content_object": models.ForeignKey(model, on_delete=models.CASCADE),
        "permission": _unindexed(Permission),
        holder: _unindexed(to),
        "Meta": meta,
    }
    name = f"{model.__name__}{holder.capitalize()}Permission"
    made: Table = type(name, (base,), body)
    return made


def _unindexed(to: Any) -> models.ForeignKey[Any, Any]:
    return models.ForeignKey(to, on_delete=models.CASCADE, db_index=False)
