"""What a shop decides for itself where its written policy leaves room."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from examples.storefront.states import Books, SameItem
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager


class ShopPolicy(models.Model):
    """The settings of the shop; without a row the defaults hold."""

    public_id = PublicId("pol")
    same_item = models.CharField(
        "swaps of an item for itself",
        max_length=10,
        choices=SameItem.choices,
        default=SameItem.NEVER,
    )
    books = models.CharField(max_length=10, choices=Books.choices, default=Books.OWN)
    only = models.BooleanField(default=True, unique=True, editable=False)

    objects = VisibleManager()

    class Meta:
        verbose_name_plural = "shop policies"
        constraints = [
            models.CheckConstraint(condition=Q(only=True), name="one_shop_policy")
        ]

    def __str__(self) -> str:
        return "Shop policy"

    @classmethod
    def here(cls) -> ShopPolicy:
        """The policy of the entered plane's shop."""
        return cls.objects.first() or cls()
