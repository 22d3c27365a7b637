"""What is in stock: taken and put back by conditional UPDATEs, in one order for all.

So two orders never wait for each other in a circle. A stock that is blank is not
counted, and never ends.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import F, Q

from examples.storefront import errors
from examples.storefront.models import Variant


def take(counts: Mapping[Variant, int]) -> None:
    """Take so many of each. Raises OutOfStock."""
    for variant, count in sorted(counts.items(), key=lambda one: one[0].public_id):
        enough = Variant.objects.filter(
            Q(stock__isnull=True) | Q(stock__gte=count), pk=variant.pk
        )
        if enough.update(stock=F("stock") - count) != 1:
            raise errors.OutOfStock(f"there is not enough of {variant} in stock")


def put_back(counts: Mapping[Variant, int]) -> None:
    """Put so many of each back."""
    for variant, count in sorted(counts.items(), key=lambda one: one[0].public_id):
        counted = Variant.objects.filter(pk=variant.pk)
        counted.update(stock=F("stock") + count)
