"""A dry run decides what the call would decide, and leaves every row as it was."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.dispatch import call
from agents.models import Limit
from examples.storefront.models import Customer, Product, Variant
from paybill_site.kernel.actors import Actor
from tests.agents.calls.conftest import SetLimit

TEXTS = st.sampled_from(["", "a@example.com", "b@example.com", "x", "http://evil.com"])
NUMBERS = st.sampled_from([-100, -6, -5, -1, 0, 1, 13, 100, 101])
CALLS: st.SearchStrategy[Any] = st.one_of(
    st.tuples(st.just("note"), st.fixed_dictionaries({"text": TEXTS})),
    st.tuples(
        st.just("stock"),
        st.fixed_dictionaries(
            {"pieces": NUMBERS, "price": st.sampled_from([0, 1, 500, 900])}
        ),
    ),
    st.tuples(st.just("drop"), st.just({})),
    st.tuples(st.just("register"), st.fixed_dictionaries({"text": TEXTS})),
)


def verdict(actor: Actor, tool: str, arguments: dict[str, Any], **how: Any) -> str:
    """What was decided: done, or by which rule it was refused."""
    try:
        call(actor, tool, arguments, **how)
    except Exception as refusal:  # noqa: BLE001 - a constraint's refusal is one too
        members: Any = getattr(refusal, "members", {})
        return f"{type(refusal).__name__} {members.get('rule', '')}"
    return "done"


def rows() -> list[Any]:
    return [sorted(model.objects.values_list()) for model in (Product, Customer)] + [
        list(Variant.objects.order_by("pk").values())
    ]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(st.tuples(CALLS, st.integers(0, 2)), max_size=4))
def test_the_dry_run_decides_as_the_call(
    steps: list[Any], worker: Actor, limited: SetLimit
) -> None:
    Limit.objects.all().delete()
    for model in (Variant, Product, Customer):
        model.objects.all().delete()
    for name, variants in (("one", 1), ("three", 3), ("four", 4)):
        product = Product.objects.create(name=name)
        for number in range(variants):
            Variant.objects.create(
                product=product, sku=f"{name}{number}", name="v", price_minor=1, stock=5
            )
    limited(3, "rows", per="object")
    limited(1000, "amount", currency="EUR")
    products = list(Product.objects.order_by("pk"))
    for number, ((tool, said), which) in enumerate(steps):
        about = {"id": products[which].public_id} if tool != "register" else {}
        arguments = {**about, **said}
        before = rows()
        dry = verdict(worker, tool, arguments, dry_run=True)
        assert rows() == before
        key = f"{number}-{id(steps)}-{products[0].pk}"
        real = verdict(worker, tool, arguments, key=key)
        assert dry == real
        assert real == "done" or rows() == before
