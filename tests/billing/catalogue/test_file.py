"""The catalogue as one file: exported, reviewed, imported, refused with its places."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from billing.actions import CreatePlan, ImportCatalogue, RetirePlan
from billing.catalogue import differences, document, writing
from billing.catalogue.errors import CatalogueChanged, CatalogueInvalid, PastForExisting
from billing.models import Plan, Price
from billing.seed import SEEDER, seed_plans
from paybill_site.kernel.actions import perform, rehearse
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden
from paybill_site.kernel.planes import Place
from tests.billing.catalogue.samples import EVERY_MODEL
from tests.billing.desk import Turn, sell

SMALL = """\
format: paybill catalogue 1
plans:
  - code: small
    name: Small
    price: 900
    currency: EUR
    isolation: pooled
    regions: [local]
    prices:
      - code: calls
        kind: usage
        meter: api_calls
        card:
          price: {model: per_unit, unit_amount: 0.0025}
"""


def load(text: str, actor: Actor) -> list[str]:
    done = perform(ImportCatalogue, None, {"text": text}, actor=actor)
    changes: list[str] = done.output["changes"]
    return changes


def command(*words: str) -> str:
    out = StringIO()
    call_command("plans", *words, stdout=out)
    return out.getvalue()


def test_what_was_exported_changes_nothing(operator: Actor) -> None:
    seed_plans()
    sell("all", 1000, prices=EVERY_MODEL, moves=[], summary="Ünïcödé: yes")
    text = writing.written()
    assert differences.between(document.read(text)) == []
    before = Plan.objects.count()
    assert load(text, operator) == []
    assert Plan.objects.count() == before
    assert writing.written() == text


def test_an_empty_installation_becomes_what_the_file_says(operator: Actor) -> None:
    assert load(SMALL, operator) == ["+ small: new (version 1)"]
    calls = Plan.objects.get(code="small").prices.get(code="calls")
    # Not one digit is lost of a number that nobody quoted.
    assert calls.card["price"]["unit_amount"] == "0.0025"
    assert load(SMALL, operator) == []


def test_a_difference_is_a_new_version_and_what_is_gone_is_taken_off_sale(
    operator: Actor,
) -> None:
    sell("old")
    load(SMALL, operator)
    dearer = SMALL.replace("0.0025", "0.005").replace("Small", "Small one")
    asked = rehearse(ImportCatalogue, None, {"text": dearer}, actor=operator)
    assert asked.output["changes"] == ["~ small: a new version (version 2)"]
    assert Plan.objects.filter(code="small").count() == 1
    load(dearer, operator)
    states = Plan.objects.order_by("code", "version").values_list("code", "state")
    assert list(states) == [
        ("old", "retired"),
        ("small", "retired"),
        ("small", "on_sale"),
    ]


def test_the_diff_says_each_value_before_and_after(operator: Actor) -> None:
    load(SMALL, operator)
    changed = SMALL.replace("0.0025", "0.005").replace("price: 900", "price: 950")
    (difference,) = differences.between(document.read(changed))
    assert difference.told() == [
        "~ small: a new version (version 2)",
        "  - prices.base.EUR.phases.0.card.price.amount: 9",
        "  + prices.base.EUR.phases.0.card.price.amount: 9.5",
        "  - prices.calls.EUR.phases.0.card.price.unit_amount: 0.0025",
        "  + prices.calls.EUR.phases.0.card.price.unit_amount: 0.005",
    ]


def test_two_ways_to_say_the_same_are_the_same(operator: Actor) -> None:
    load(SMALL, operator)
    longer = SMALL.replace("price: 900", "price: 900\n    isolations: [pooled]")
    longer = longer.replace("0.0025", "'0.00250'").replace(
        "meter: api_calls", "meter: api_calls\n        timing: arrears"
    )
    assert differences.between(document.read(longer)) == []


MISTAKES: list[tuple[str, str, str, str]] = [
    ("price: 900", "price: 9.5", "5:5 plans.0.price", "valid integer"),
    ("currency: EUR", "currency: EURO", "6:5 plans.0.currency", "at most 3"),
    ("currency: EUR", "currency: XXX", "6:5 plans.0.currency", "no currency"),
    ("name: Small", "nome: Small", "4:5 plans.0.nome", "not permitted"),
    ("    name: Small\n", "", "3:5 plans.0.name", "required"),
    ("0.0025", "-1", "14:11 plans.0.prices.0.card.price", "zero or more"),
    ("0.0025", "much", "14:36 plans.0.prices.0.card.price.unit_amount", "decimal"),
    ("per_unit", "magic", "14:11 plans.0.prices.0.card.price", "using"),
    ("api_calls", "API calls", "12:9 plans.0.prices.0.meter", "pattern"),
    ("        meter: api_calls\n", "", "10:9 plans.0.prices.0", "its meter"),
    ("[local]", "[local", "9:11 ", "expected"),
    ("[local]", "&x [local]\n    sizes: *x", "9:12 ", "aliases"),
    ("name: Small", "name: Small\n    name: Two", "5:5 ", "there twice"),
    ("format: paybill catalogue 1", "format: 2", "1:1 format", "paybill"),
    ("[local]", "[" * 30 + "]" * 30, "8:35 ", "nested too deeply"),
    (
        "price: 900",
        "price: 900\n    moves: [pooled-to-silo]",
        "6:13 plans.0.moves.0",
        "not between",
    ),
]


@pytest.mark.parametrize(("good", "bad", "place", "why"), MISTAKES)
def test_a_mistake_is_told_with_line_column_and_path(
    operator: Actor, good: str, bad: str, place: str, why: str
) -> None:
    with pytest.raises(CatalogueInvalid) as refused:
        load(SMALL.replace(good, bad), operator)
    found = [
        f"{each['line']}:{each['column']} {each['path']}"
        for each in refused.value.members["errors"]
        if why in each["problem"]
    ]
    assert found[:1] == [place], refused.value.members["errors"]
    assert not Plan.objects.exists()


def test_one_mistake_in_the_last_plan_leaves_all_as_it_was(operator: Actor) -> None:
    load(SMALL, operator)
    document_ = yaml.safe_load(SMALL)
    right = {**document_["plans"][0], "price": 1000, "prices": []}
    wrong = {**right, "code": "other", "price": -5}
    wrong |= {"regions": ["local"], "prices": []}
    both = {**document_, "plans": [right, wrong]}
    with pytest.raises(CatalogueInvalid, match=r"plans\.1\.price"):
        load(yaml.safe_dump(both), operator)
    assert Plan.objects.get().price == 900
    assert Price.objects.count() == 2


@pytest.mark.parametrize("text", ["", "[]", "plans", "\x00", "a: b: c", "1" * 40])
def test_what_is_no_catalogue_is_refused(text: str) -> None:
    with pytest.raises(CatalogueInvalid):
        document.read(text)


def test_a_code_is_there_once(operator: Actor) -> None:
    twice = SMALL + SMALL.partition("plans:\n")[2]
    with pytest.raises(CatalogueInvalid, match="small is there twice"):
        load(twice, operator)


def test_whoever_looked_at_another_catalogue_looks_again(operator: Actor) -> None:
    seen = differences.digest()
    sell("meanwhile")
    with pytest.raises(CatalogueChanged):
        perform(ImportCatalogue, None, {"text": SMALL, "seen": seen}, actor=operator)
    assert Plan.objects.get().code == "meanwhile"


def test_a_day_for_existing_ones_is_one_to_come(operator: Actor, turn: Turn) -> None:
    load(SMALL, operator)
    past = SMALL.replace(
        "price: 900", "price: 950\n    effective_for_existing: 2020-01-01T00:00:00Z"
    )
    with pytest.raises(PastForExisting):
        load(past, operator)


def test_customers_do_not_import(owner: Actor) -> None:
    with pytest.raises(Forbidden):
        load(SMALL, owner)


def test_the_command_shows_before_it_changes(control: Place, tmp_path: Path) -> None:
    file = tmp_path / "plans.yaml"
    file.write_text(SMALL)
    shown = command("import", str(file))
    assert "+ small: new (version 1)" in shown
    assert "Nothing is changed yet" in shown
    assert not Plan.objects.exists()
    assert "1 plans changed" in command("import", str(file), "--apply")
    file.write_text(command("export"))
    assert "as the file says" in command("import", str(file), "--apply")
    plan = Plan.objects.get()
    perform(RetirePlan, plan, actor=actor_who("billing.retire_plan"))
    assert "+ small: new (version 2)" in command("import", str(file))


def test_the_command_names_file_line_and_column(control: Place, tmp_path: Path) -> None:
    file = tmp_path / "plans.yaml"
    file.write_text(SMALL.replace("EUR", "XXX"))
    with pytest.raises(CommandError) as refused:
        command("import", str(file), "--apply")
    assert str(refused.value).startswith(f"{file}:6:5: plans.0.currency: ")
    with pytest.raises(CommandError, match="No such file"):
        command("import", str(tmp_path / "none.yaml"))
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(CommandError, match="UTF-8"):
        command("import", str(file))


def actor_who(permission: str) -> Any:
    return SEEDER.__class__(
        kind=SEEDER.kind, id="system:test", grants=SEEDER.grants | {permission}
    )


def test_the_plan_in_the_handbook_can_be_sold(control: Place) -> None:
    page = Path(__file__).parents[3] / "docs" / "catalogue.md"
    text = page.read_text().partition("```yaml\n")[2].partition("```")[0]
    plan = perform(CreatePlan, None, document.read_plan(text), actor=SEEDER).result
    assert (plan.code, plan.price, plan.prices.count()) == ("team", 4900, 3)
