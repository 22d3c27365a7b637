"""Operators' view of products of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from paybill_site.kernel.actions import AnyAction
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin import VerbAdmin, operators, waiting
from paybill_site.kernel.errors import PaybillError
from provisioning import actions
from provisioning.admin.tasks import task
from provisioning.models import NoticeState, Product, ProductNotice

type Links = Iterable[tuple[str, models.Model | str | None]]


@operators.register(Product)
class ProductAdmin(VerbAdmin[Product]):
    """Any container image; its webhook is told of tenants."""

    list_display = ("code", "name", "image", "address")
    search_fields = ("code", "name")
    exclude = ("secret", "former_secret")
    creator = actions.AddProduct
    verbs = (actions.ChangeProduct, actions.RotateProductSecret)

    def related(self, obj: Product) -> Links:
        for notice in obj.notices.select_related("tenant")[:10]:
            yield f"{notice.kind} {notice.tenant} ({notice.state})", notice

    def _perform(
        self, request: HttpRequest, verb: AnyAction, objects: list[Any], form: Any
    ) -> HttpResponse:
        """A fresh secret is shown on the page that answers, and never again."""
        if verb is not actions.RotateProductSecret or len(objects) != 1:
            return super()._perform(request, verb, objects, form)
        try:
            done = self.perform_on(objects[0], request, verb, form)
        except PaybillError as refusal:
            form.add_error(None, refusal.detail)
            return self._ask(request, verb, objects, form)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "title": f"The signing secret of {objects[0]}",
            "product": done.result,
            "back": request.get_full_path(),
        }
        return TemplateResponse(request, "provisioning/secret.html", context)


@operators.register(ProductNotice)
class ProductNoticeAdmin(VerbAdmin[ProductNotice]):
    """What products were told, and what they answered."""

    list_display = ("public_id", "product", "tenant", "kind", "state_badge", "tries")
    list_filter = ("state", "kind", "product")
    list_select_related = ("product", "tenant")
    search_fields = ("public_id", "tenant__public_id", "tenant__name")
    exclude = ("key",)
    verbs = (actions.SendNoticeAgain,)

    def related(self, obj: ProductNotice) -> Links:
        return [("product", obj.product), ("tenant", obj.tenant)]


@waiting
def notices_owed(actor: Actor) -> Iterable[dict[str, Any]]:
    """Products that were asked and have not answered."""
    owed = ProductNotice.objects.visible_to(actor).filter(
        state=NoticeState.OWED, tries__gt=0
    )
    count = owed.count()
    if count:
        title = "Products that do not answer"
        yield task(title, ProductNotice, "state__exact=owed", count)
