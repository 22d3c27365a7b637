"""Products of one's own: added, changed, given a new secret, told of their tenants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import F, Max
from django.utils import timezone
from pydantic import Field, field_validator

from paybill_site.kernel import events, web, webhooks
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Conflict, Invalid
from provisioning.events import NoticeOwed
from provisioning.models import NoticeKind, NoticeState, Product, ProductNotice
from tenants.models import Tenant
from tenants.states import TenantState


class ProductInput(Input):
    name: str = Field(min_length=1, max_length=80, title="Name")
    image: str = Field(
        default="",
        max_length=300,
        pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._/:@-]*$|^$",
        title="Image",
        description="container image that a silo runs, best with its digest",
    )
    address: str = Field(
        max_length=300,
        title="Webhook",
        description="https address that is told of tenants",
    )

    @field_validator("address")
    @classmethod
    def _is_address(cls, value: str) -> str:
        try:
            web.target_of(value)
        except web.Unreachable:  # a name that is not known yet is no mistake
            pass
        except web.Refused as refusal:
            raise ValueError(refusal.detail) from refusal
        return value


class NewProductInput(ProductInput):
    code: str = Field(
        pattern=r"^[a-z][a-z0-9-]{1,39}$", title="Code", description="as plans name it"
    )


class AddProduct(Action[None, NewProductInput, Product]):
    """Add a product of your own; its signing secret is made by the next action."""

    model = Product
    Input = NewProductInput
    permission = "provisioning.add_product"
    creates = True
    danger = Danger.CAREFUL

    def run(self, target: None, data: NewProductInput, *, actor: Actor) -> Product:
        if Product.objects.filter(code=data.code).exists():
            raise Conflict(f"there is a product {data.code} already")
        # Nobody was shown this one: RotateProductSecret makes one to copy.
        return Product.objects.create(secret=webhooks.new_secret(), **data.model_dump())


class ChangeProduct(Action[Product, ProductInput, Product]):
    """Change a product's name, image or webhook."""

    model = Product
    Input = ProductInput
    permission = "provisioning.change_product"
    danger = Danger.CAREFUL

    def run(self, target: Product, data: ProductInput, *, actor: Actor) -> Product:
        for name, value in data.model_dump().items():
            setattr(target, name, value)
        target.save(update_fields=["name", "image", "address"])
        return target


class RotateProductSecret(Action[Product, NoInput, Product]):
    """Make a new signing secret, shown once; the old one is good for a day more."""

    model = Product
    permission = "provisioning.rotate_product_secret"
    danger = Danger.CAREFUL

    def run(self, target: Product, data: NoInput, *, actor: Actor) -> Product:
        target.former_secret = target.secret
        target.former_until = timezone.now() + webhooks.OVERLAP
        target.secret = webhooks.new_secret()
        target.save(update_fields=["secret", "former_secret", "former_until"])
        target.fresh_secret = target.secret
        return target


class NoticeInput(Input):
    product: str = Field(max_length=40, description="code of the product")
    kind: NoticeKind
    key: str = Field(max_length=100)


class OweNotice(Action[Tenant, NoticeInput, ProductNotice]):
    """Write down what a product has to be told; the same key again is the same."""

    model = Tenant
    Input = NoticeInput
    permission = "provisioning.settle_productnotice"

    def run(self, target: Tenant, data: NoticeInput, *, actor: Actor) -> ProductNotice:
        known = ProductNotice.objects.filter(key=data.key).first()
        if known is not None:
            return known
        product = Product.objects.filter(code=data.product).first()
        if product is None:
            raise Invalid(f"the plan names the product {data.product}; there is none")
        told = target.product_notices.aggregate(last=Max("sequence"))["last"] or 0
        return ProductNotice.objects.create(
            product=product,
            tenant=target,
            kind=data.kind,
            key=data.key,
            sequence=told + 1,
        )

    def recall(self, output: Mapping[str, Any]) -> ProductNotice | None:
        rows = ProductNotice._base_manager
        return rows.filter(public_id=output.get("id", "")).first()


class AnswerInput(Input):
    state: NoticeState
    said: str = Field(max_length=200)


class SettleNotice(Action[ProductNotice, AnswerInput, ProductNotice]):
    """Write down what a product answered."""

    model = ProductNotice
    Input = AnswerInput
    permission = "provisioning.settle_productnotice"

    def run(
        self, target: ProductNotice, data: AnswerInput, *, actor: Actor
    ) -> ProductNotice:
        target.tries = F("tries") + 1  # in the database
        target.said = data.said
        if target.state == NoticeState.OWED:
            target.state = data.state
        if data.state == NoticeState.ANSWERED and target.answered_at is None:
            target.answered_at = timezone.now()
        target.save(update_fields=["tries", "said", "state", "answered_at"])
        target.refresh_from_db()
        return target


class SendNoticeAgain(Action[ProductNotice, NoInput, ProductNotice]):
    """Tell a product once more; it knows by the id that it is the same."""

    model = ProductNotice
    permission = "provisioning.resend_productnotice"
    danger = Danger.CAREFUL

    def run(
        self, target: ProductNotice, data: NoInput, *, actor: Actor
    ) -> ProductNotice:
        tenant = target.tenant
        if target.kind != NoticeKind.DELETED and tenant.state == TenantState.CLOSED:
            raise Conflict(f"{tenant.name} is closed; only its deletion is told again")
        events.emit(NoticeOwed(tenant=tenant.public_id, notice=target.public_id))
        return target
