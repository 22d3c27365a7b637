"""Webhooks of an account: what may be told, to whom, and how it gets there.

Each room says in its ``apps.ready()`` what it publishes::

    publishes(InvoicePaid, "invoice.paid", invoice)

``invoice(event)`` returns a ``Fact``: ids and states, nothing else. The class that it
is annotated to return becomes the JSON Schema of the type.
"""

from __future__ import annotations

from tenants.hooks.catalogue import Fact
from tenants.hooks.handlers import publishes

__all__ = ["Fact", "publishes"]
