"""Registers this app with Django; the only place where its parts are imported."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_delete


class KernelConfig(AppConfig):
    name = "paybill_site.kernel"
    label = "kernel"
    verbose_name = "Kernel"

    def ready(self) -> None:
        # Models can be imported from here on, not before.
        from paybill_site.kernel.contenttypes import separate_planes  # noqa: PLC0415

        separate_planes()
        _keep_fast_deletes()


def _keep_fast_deletes() -> None:
    # django-tenants listens to every deletion, for tenant models that drop their own
    # schema. Ours never do, and a listener makes Django fetch all rows first.
    from django_tenants.signals import tenant_delete_callback  # noqa: PLC0415

    post_delete.disconnect(tenant_delete_callback)
