"""Operators at the catalogue: write a plan, see what it costs, import a file."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from billing.catalogue import writing
from billing.models import Plan, Subscription
from paybill_site.accounts.models import User
from tests.billing.catalogue.samples import METERED, PER_SEAT
from tests.billing.desk import sell
from tests.cast import LogIn

ADMIN = "/operators/billing"


@pytest.fixture
def desk(log_in: LogIn, operator_user: User) -> Client:
    return log_in(operator_user)


@pytest.fixture
def team(desk: Client) -> Plan:
    return sell("team", 4900, prices=[PER_SEAT, METERED])


def test_a_plan_is_tried_with_quantities_before_it_is_sold(
    desk: Client, team: Plan
) -> None:
    address = f"{ADMIN}/plans/team/write/"
    shown = desk.get(address).content.decode()
    assert "49 (flat) EUR" in shown
    assert 'name="quantity-seats"' in shown
    text = writing.written_plan(team).replace("price: 4900", "price: 5900")
    tried = {"text": text, "quantity-seats": "7", "quantity-api-calls": "10000"}
    page = desk.post(address, tried).content.decode()
    for words in ("7 times 9", "10000 times 0.0025", "59 (flat)", "~ team: a new"):
        assert words in page
    assert Plan.objects.count() == 1
    sold = desk.post(address, {**tried, "confirm": "yes"})
    assert sold.status_code == 302
    assert Plan.objects.get(code="team", version=2).price == 5900


def test_what_is_wrong_with_a_plan_stands_at_its_text(desk: Client, team: Plan) -> None:
    address = f"{ADMIN}/plans/team/write/"
    wrong = writing.written_plan(team).replace("EUR", "XXX")
    page = desk.post(address, {"text": wrong, "confirm": "yes"}).content.decode()
    assert "currency: " in page
    assert "no currency" in page
    assert Plan.objects.count() == 1


def test_a_quantity_that_makes_no_sense_is_said(desk: Client, team: Plan) -> None:
    address = f"{ADMIN}/plans/team/write/"
    text = writing.written_plan(team)
    for absurd in ("-1", "1e30", "many"):
        page = desk.post(address, {"text": text, "quantity-seats": absurd})
        assert page.status_code == 200
        assert "Error: " in page.content.decode()


def test_the_file_is_downloaded_changed_shown_and_confirmed(
    desk: Client, team: Plan
) -> None:
    given = desk.get(f"{ADMIN}/catalogue.yaml")
    assert given.headers["Content-Type"] == "application/yaml"
    changed = given.content.decode().replace("price: 4900", "price: 5900")
    file = SimpleUploadedFile("plans.yaml", changed.encode())
    address = f"{ADMIN}/catalogue/"
    page = desk.post(address, {"file": file, "text": ""})
    assert "~ team: a new version (version 2)" in page.content.decode()
    assert Plan.objects.count() == 1
    form = page.context["form"]
    confirmed = {name: form[name].value() for name in ("text", "seen")}
    done = desk.post(address, {**confirmed, "confirm": "yes"})
    assert done.status_code == 302
    assert Plan.objects.get(state="on_sale").price == 5900


def test_a_file_with_mistakes_changes_nothing_and_names_them(
    desk: Client, team: Plan
) -> None:
    wrong = writing.written().replace("kind: usage", "kind: guess")
    posted = {"text": wrong, "confirm": "yes"}
    page = desk.post(f"{ADMIN}/catalogue/", posted).content.decode()
    assert "plans.0.prices.1.kind" in page
    file = SimpleUploadedFile("plans.yaml", b"\xff\xfe")
    page = desk.post(f"{ADMIN}/catalogue/", {"file": file}).content.decode()
    assert "UTF-8" in page
    assert Plan.objects.count() == 1


def test_a_catalogue_that_changed_meanwhile_is_looked_at_again(
    desk: Client, team: Plan
) -> None:
    page = desk.post(
        f"{ADMIN}/catalogue/",
        {"text": writing.written().replace("4900", "5900")},
    )
    form = page.context["form"]
    confirmed = {name: form[name].value() for name in ("text", "seen")}
    sell("meanwhile")
    answer = desk.post(f"{ADMIN}/catalogue/", {**confirmed, "confirm": "yes"})
    assert "look again" in answer.content.decode()
    assert not Plan.objects.filter(code="team", version=2).exists()


@pytest.mark.parametrize("page", ["catalogue/", "catalogue.yaml", "plans/team/write/"])
def test_customers_find_no_such_page(
    log_in: LogIn, owner_user: User, page: str
) -> None:
    assert log_in(owner_user).get(f"{ADMIN}/{page}").status_code in {302, 403, 404}


def test_lists_of_prices_and_customers_open(
    desk: Client, subscription: Subscription
) -> None:
    price, customer = subscription.plan.prices.get(), subscription.customer
    for name, row in (("price", price), ("customer", customer)):
        assert desk.get(f"{ADMIN}/{name}/").status_code == 200
        page = desk.get(f"{ADMIN}/{name}/{row.pk}/change/")
        assert "See also" in page.content.decode()
