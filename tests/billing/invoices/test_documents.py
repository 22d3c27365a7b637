"""Invoices on paper: every letter is there, and the same bytes for ever."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from facturx import get_facturx_xml_from_pdf, xml_check_xsd
from lxml import etree
from pypdf import PdfReader
from reportlab.pdfbase.ttfonts import TTFontFile

from billing import documents, mails
from billing.actions import DraftInvoice
from billing.documents.drawing import BOLD, FONTS, PLAIN
from billing.documents.facturx import RAM
from billing.documents.words import LANGUAGES, PHRASES, Words
from billing.errors import StillADraft
from billing.models import Customer, Invoice
from billing.states import LineKind
from paybill_site.accounts.models import User
from paybill_site.kernel.actions import perform
from tests.billing.invoices.desk import KEEPER, bill, coupon, credit, line, pay, redeem
from tests.cast import LogIn

# Every letter that these languages are written with beyond a to z.
LETTERS = (
    "ÄÖÜäöüßẞÀÂÆÇÈÉÊËÎÏÔŒÙÛŸàâæçèéêëîïôœùûÿÁÍÑÓÚáíñóú¿¡ªºÌÒìòĄĆĘŁŃŚŹŻąćęłńśźż€"
    "«»„“”\u2013—…\u202f\u00a0\u2212·"
)


def text_of(pdf: bytes) -> str:
    pages = PdfReader(BytesIO(pdf)).pages
    said = " ".join(page.extract_text() for page in pages)
    return re.sub(r"\s+", " ", said.replace("\u202f", " "))


def test_the_font_has_every_letter_of_the_six_languages() -> None:
    written = set(LETTERS) | {c for each in PHRASES.values() for p in each for c in p}
    for name in (PLAIN, BOLD):
        known = TTFontFile(str(FONTS / f"{name}.ttf")).charToGlyph
        assert {letter for letter in written if ord(letter) not in known} == set()


def test_an_invoice_says_what_why_and_how_to_pay(german: Customer) -> None:
    redeem(german, coupon(percent=10))
    invoice = bill(german, line(2495, "Basic"), 10_000)
    said = text_of(documents.pdf(invoice))
    for words in (
        "Rechnung",
        invoice.number,
        "Bäckerei Größe & Söhne KG",
        "Sample Software GmbH",
        "DE136695976",
        "Basic",
        "24,95 €",
        "Save: \u22122,50 € (10% off 24.95 EUR)",
        "USt. 19 %",
        "133,82 €",
        f"Bitte bei der Zahlung angeben: PB-{invoice.number}",
        "31.01.2026",
    ):
        assert words.replace("\u00a0", " ") in said.replace("\u00a0", " "), words


def test_the_same_invoice_is_the_same_bytes_whatever_changes_after(
    german: Customer, settings: Any
) -> None:
    invoice = bill(german, 10_000)
    before = documents.pdf(invoice)
    settings.PAYBILL_SELLER = {**settings.PAYBILL_SELLER, "name": "Another GmbH"}
    german.name, german.language = "New name", "fr"
    german.save()
    pay(invoice)
    assert documents.pdf(Invoice.objects.get(pk=invoice.pk)) == before


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_each_language(german: Customer, language: str) -> None:
    german.language, german.vat_number = language, "ATU13585627"
    german.country, german.business = "AT", True
    german.save()
    said = text_of(documents.pdf(bill(german, 123_456)))
    words = Words(language)
    assert words["invoice"] in said
    assert words["reverse charge"].replace("\u00a0", " ") in said


def test_another_language_is_english() -> None:
    assert Words("tlh")["invoice"] == "Invoice"
    assert Words("de-AT").money(-123_456_789, "EUR") == "\u22121.234.567,89\u00a0€"
    assert Words("en").money(1_234_567, "JPY") == "1,234,567\u00a0JPY"


def test_a_credit_note_names_its_invoice(german: Customer) -> None:
    invoice = bill(german, 10_000)
    pay(invoice)
    note = credit(invoice, amount=4000, memo="Zwei Tage ohne Dienst")
    said = text_of(documents.pdf(note)).replace("\u00a0", " ")
    for words in ("Rechnungskorrektur", note.number, invoice.number, "47,60 €", "Zwei"):
        assert words in said


def test_many_lines_take_many_pages(german: Customer) -> None:
    invoice = bill(german, *(line(100 + n, f"Service {n}") for n in range(60)))
    pages = PdfReader(BytesIO(documents.pdf(invoice))).pages
    assert len(pages) >= 3
    assert f"Seite 2 / {len(pages)}" in pages[1].extract_text()


def test_a_draft_is_no_document(customer: Customer) -> None:
    lines = [{"description": "Set-up", "unit_amount": 5000}]
    drafted = perform(DraftInvoice, customer, {"lines": lines}, actor=KEEPER).result
    with pytest.raises(StillADraft):
        documents.pdf(drafted)


def test_electronic_invoices_carry_data_that_fits_the_standard(
    german: Customer,
) -> None:
    german.e_invoice = True
    german.street, german.city, german.postcode = "Ring 2", "Köln", "50667"
    german.save()
    redeem(german, coupon(percent=10))
    back = line(-500, "Unused", kind=LineKind.CREDIT)
    invoice = bill(german, 8, 8, 8, 10_000, back, line(119, tax_included=True))
    pdf = documents.pdf(invoice)
    assert documents.pdf(invoice) == pdf
    _, xml = get_facturx_xml_from_pdf(pdf)
    assert xml_check_xsd(xml, flavor="factur-x", level="en16931")
    _assert_adds_up(etree.fromstring(xml), invoice)


def _assert_adds_up(data: Any, invoice: Invoice) -> None:
    """Business rules BR-CO-10 to 16 of EN 16931, which the XSD does not know."""

    def minor(name: str) -> list[int]:
        found = data.iterfind(f".//{{{RAM}}}{name}")
        return [round(float(each.text) * 100) for each in found]

    *lines, total_of_lines = minor("LineTotalAmount")
    assert sum(lines) == total_of_lines == minor("TaxBasisTotalAmount")[0]
    assert sum(minor("BasisAmount")) == total_of_lines
    assert sum(minor("CalculatedAmount")) == minor("TaxTotalAmount")[0] == invoice.tax
    assert total_of_lines + invoice.tax == minor("GrandTotalAmount")[0] == invoice.total
    assert minor("DuePayableAmount")[0] == invoice.outstanding
    assert min(minor("ChargeAmount")) >= 0


def test_only_who_may_see_it_downloads_it(
    customer: Customer,
    owner_user: User,
    outsider_user: User,
    operator_user: User,
    log_in: LogIn,
) -> None:
    invoice = bill(customer, 10_000)
    address = f"/invoices/{invoice.public_id}.pdf"
    for user, status in ((owner_user, 200), (outsider_user, 404), (operator_user, 200)):
        for path in (address, f"/api/invoices/{invoice.public_id}/pdf"):
            assert log_in(user).get(path).status_code == status, path
    assert Client(SERVER_NAME="localhost").get(address).status_code == 302
    answer = log_in(owner_user).get(address)
    assert answer["Content-Disposition"].endswith(f'"{invoice.number}.pdf"')
    assert answer.content.startswith(b"%PDF")


def test_the_invoice_comes_with_its_mail_once_to_each_address(
    german: Customer, owner_user: User, mailoutbox: list[Any]
) -> None:
    german.email = owner_user.email
    german.save()
    invoice = bill(german, 10_000)
    mails.about("opened", invoice.public_id, "dlv_1")
    (sent,) = mailoutbox
    ((name, content, kind),) = sent.attachments
    assert (name, kind) == (f"{invoice.number}.pdf", "application/pdf")
    assert content == documents.pdf(invoice)
    note = credit(invoice, amount=1000, memo="a lamp was broken")
    mails.of_note(note.public_id, "dlv_2")
    assert "a lamp was broken" in mailoutbox[1].body
