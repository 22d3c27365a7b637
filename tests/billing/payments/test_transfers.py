"""Bank transfers: by hand, and from a statement that is matched by references."""

from __future__ import annotations

from typing import Any

import pytest

from billing.actions import ImportStatement, MarkInvoicePaid, VoidInvoice
from billing.errors import AlreadyPaid, NotInStatement, ReferenceUsed, Unmatched
from billing.gateways import statement
from billing.ledger.checking import differences
from billing.models import Customer, Invoice, Payment, Subscription
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden, Invalid
from tests.billing.desk import only_open
from tests.races import at_once

HEAD = "date,amount,currency,text,reference\n"


def came(invoice: Invoice, amount: int | None, actor: Actor, name: str = "b1") -> Any:
    transfer = {"reference": name, "amount": amount}
    return perform(MarkInvoicePaid, invoice, transfer, actor=actor)


def bring(text: str, actor: Actor, **more: Any) -> dict[str, Any]:
    done = perform(ImportStatement, None, {"csv": text, **more}, actor=actor)
    return dict(done.output)


def line(invoice: Invoice, amount: str = "30.00", name: str = "b1", **more: str) -> str:
    quoted = more.get("quoted", invoice.reference)
    currency = more.get("currency", "EUR")
    return f"2026-03-01,{amount},{currency},Thanks {quoted} Acme,{name}\n"


def test_a_part_leaves_the_rest_open(unpaid: Subscription, operator: Actor) -> None:
    invoice = only_open(unpaid)
    came(invoice, 1000, operator)
    invoice.refresh_from_db()
    assert (invoice.state, invoice.paid, invoice.outstanding) == ("open", 1000, 2000)
    came(invoice, 2000, operator, "b2")
    invoice.refresh_from_db()
    unpaid.refresh_from_db()
    assert (invoice.state, unpaid.state) == ("paid", "active")


def test_too_much_goes_to_the_balance(unpaid: Subscription, operator: Actor) -> None:
    payment = came(only_open(unpaid), 3750, operator).result
    assert payment.invoice.state == "paid"
    assert Customer.objects.get().balance == 750
    assert payment.amount == 3750


def test_the_same_transfer_counts_once(unpaid: Subscription, operator: Actor) -> None:
    came(only_open(unpaid), 1000, operator)
    with pytest.raises(ReferenceUsed):
        came(only_open(unpaid), 1000, operator)
    assert only_open(unpaid).paid == 1000


def test_what_comes_for_a_paid_invoice_goes_to_the_balance(
    unpaid: Subscription, operator: Actor
) -> None:
    """Money that is there is recorded; only the amount has to be said."""
    invoice = only_open(unpaid)
    came(invoice, None, operator)
    with pytest.raises(AlreadyPaid):
        came(invoice, None, operator, "b2")
    again = came(invoice, 3000, operator, "b2").result
    assert (again.state, again.amount) == ("succeeded", 3000)
    invoice.refresh_from_db()
    assert (invoice.state, invoice.paid) == ("paid", 3000)
    assert Customer.objects.get().balance == 3000
    assert list(differences()) == []


def test_what_comes_for_an_invoice_that_was_taken_back_is_kept_too(
    unpaid: Subscription, operator: Actor
) -> None:
    invoice = only_open(unpaid)
    perform(VoidInvoice, invoice, actor=operator)
    came(invoice, 3000, operator)
    invoice.refresh_from_db()
    unpaid.refresh_from_db()
    assert (invoice.state, invoice.paid) == ("void", 0)
    assert Customer.objects.get().balance == 3000
    assert unpaid.state != "active"
    assert list(differences()) == []


def test_a_statement_pays_what_it_quotes(unpaid: Subscription, operator: Actor) -> None:
    invoice = only_open(unpaid)
    told = bring(HEAD + line(invoice), operator)
    invoice.refresh_from_db()
    assert invoice.state == "paid"
    assert told["matched"] == [
        {
            "line": 2,
            "reference": "b1",
            "amount": 3000,
            "currency": "EUR",
            "invoice": invoice.public_id,
            "rest": 0,
        }
    ]
    # The file again, and one that overlaps: nothing more.
    again = bring(HEAD + line(invoice), operator)
    assert (again["known"], again["matched"]) == (1, [])
    assert Payment.objects.count() == 1


@pytest.mark.parametrize(
    "quoted",
    [
        "PB-{n}",
        "pb {s} {q}",
        "PB{s}{q}",
        "/INV/PB.{s}.{q}/",
        "Invoice PB-{s} - {q}, thank you",
    ],
)
def test_payers_and_banks_write_references_as_they_like(
    unpaid: Subscription, operator: Actor, quoted: str
) -> None:
    invoice = only_open(unpaid)
    series, sequence = invoice.number.split("-")
    text = quoted.format(n=invoice.number, s=series, q=sequence).replace(",", " ")
    bring(HEAD + line(invoice, quoted=text), operator)
    invoice.refresh_from_db()
    assert invoice.state == "paid"


def test_without_the_banks_name_a_line_is_known_by_what_it_says(
    unpaid: Subscription, operator: Actor
) -> None:
    invoice = only_open(unpaid)
    row = f"2026-03-01;10.00;EUR;{invoice.reference}\n"
    text = f"date;amount;currency;text\n{row}{row}"
    # Two alike on one day are two transfers; the file again brings neither.
    assert len(bring(text, operator)["matched"]) == 2
    assert bring(text, operator)["known"] == 2
    invoice.refresh_from_db()
    assert invoice.paid == 2000


def test_what_fits_nothing_is_told_before_anything_is_recorded(
    unpaid: Subscription, operator: Actor
) -> None:
    invoice = only_open(unpaid)
    text = HEAD + "".join(
        [
            line(invoice, "10.00", "b1"),
            line(invoice, "10.00", "b2", quoted="rent of March"),
            line(invoice, "10.00", "b3", quoted="PB-2026-999999"),
            line(invoice, "10.00", "b4", currency="USD"),
            line(invoice, "-4.20", "b5", quoted="fee of the bank"),
            line(invoice, "10.005", "b6"),
        ]
    )
    with pytest.raises(Unmatched) as refused:
        bring(text, operator)
    assert "line 3: it quotes no invoice" in refused.value.detail
    assert [u["line"] for u in refused.value.members["unmatched"]] == [3, 4, 5, 7]
    assert Payment.objects.count() == 0
    told = bring(text, operator, leave_unmatched=True)
    assert len(told["matched"]) == 1
    assert (len(told["unmatched"]), told["outgoing"]) == (4, 1)
    assert only_open(unpaid).paid == 1000


def test_an_invoice_that_is_paid_by_a_line_before_takes_no_more(
    unpaid: Subscription, operator: Actor
) -> None:
    invoice = only_open(unpaid)
    text = HEAD + line(invoice, "35.00", "b1") + line(invoice, "30.00", "b2")
    told = bring(text, operator, leave_unmatched=True)
    assert [m["rest"] for m in told["matched"]] == [500]
    assert told["unmatched"][0]["why"] == f"{invoice.number} is paid"
    assert Customer.objects.get().balance == 500


def test_a_long_statement_asks_no_more_than_a_short_one(
    unpaid: Subscription, django_assert_num_queries: Any
) -> None:
    invoice = only_open(unpaid)
    for many in (1, 500):
        rows = [line(invoice, "0.01", f"b{number}") for number in range(many)]
        rows += [
            line(invoice, "0.01", f"c{number}", quoted=f"PB-2025-{number:06}")
            for number in range(many)
        ]
        lines = statement.read(HEAD + "".join(rows))
        with django_assert_num_queries(2):
            found = statement.match(lines)
        assert (len(found.matches), len(found.unmatched)) == (many, many)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("when,amount,currency,text\n", "line 1: there is no column date"),
        (HEAD + "2026-02-30,1.00,EUR,x,b1\n", "line 2: the date"),
        (HEAD + "2026-02-03,1.0e5,EUR,x,b1\n", "line 2: the amount"),
        (HEAD + "2026-02-03,1.234.50,EUR,x,b1\n", "line 2: the amount"),
        (HEAD + "2026-02-03,NaN,EUR,x,b1\n", "line 2: the amount"),
        (HEAD + "2026-02-03,1.00,XXX,x,b1\n", "line 2: the currency"),
        (HEAD + "2026-02-03,1.00,EUR\n", "line 2: it has not as many columns"),
        (HEAD + "2026-02-03,1.00,EUR,x,b1,more\n", "line 2: it has not as many"),
        (HEAD + '2026-02-03,1.00,EUR,"x,b1\n', "line 2"),
        (HEAD + "2026-02-03,1.00,EUR,x,b1\n" * 5_001, "at most 5000 lines"),
    ],
)
def test_what_is_no_statement_is_refused_with_the_line(
    control: Any, operator: Actor, text: str, why: str
) -> None:
    with pytest.raises(NotInStatement, match=why):
        bring(text, operator)


def test_only_operators_bring_statements(owner: Actor) -> None:
    with pytest.raises(Forbidden):
        bring(HEAD, owner)
    with pytest.raises(Invalid):
        bring("x" * 1_000_001, owner)


def test_a_statement_twice_at_once_counts_once(
    committed: None, unpaid: Subscription, operator: Actor
) -> None:
    invoice = only_open(unpaid)
    text = HEAD + line(invoice, "10.00")
    at_once([lambda: bring(text, operator)] * 2)
    assert Payment.objects.count() == 1
    assert only_open(unpaid).paid == 1000
