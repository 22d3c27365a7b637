"""Factur-X: the invoice's data as XML of EN 16931, carried inside its PDF.

The standard knows value added tax of one rate for each line; an invoice that is taxed
otherwise stays a plain PDF. Discounts are in the lines' net amounts, and say so in
their names. Checked against the XSD of the standard before it leaves here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from facturx import generate_from_binary
from lxml import etree
from lxml.builder import ElementMaker

from billing.models import Invoice, InvoiceLine
from billing.rating import money
from billing.rating.taxes import Treatment

RSM = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
RAM = (
    "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
)
UDT = "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"
GUIDELINE = "urn:cen.eu:en16931:2017"
INVOICE = "380"

_rsm = ElementMaker(namespace=RSM, nsmap={"rsm": RSM, "ram": RAM, "udt": UDT})
_ram = ElementMaker(namespace=RAM)
_udt = ElementMaker(namespace=UDT)

# Code list UNTDID 5305, and what exempts.
CATEGORY = {
    Treatment.DOMESTIC: "S",
    Treatment.DESTINATION: "S",
    Treatment.REVERSE_CHARGE: "AE",
    Treatment.EXEMPT: "E",
    Treatment.OUTSIDE: "O",
}
BECAUSE = {
    "AE": "Reverse charge",
    "E": "Exempt from tax",
    "O": "Not subject to value added tax",
}

type Rate = tuple[str, Decimal]
type Element = etree._Element


def wanted(invoice: Invoice) -> bool:
    """Whether the customer asked for it and the standard can say it."""
    if not invoice.parties.get("e_invoice") or invoice.total < 0:
        return False
    lines = invoice.lines.all()
    return all(line.taxed and len(line.assessment.percents) <= 1 for line in lines)


def inside(pdf: bytes, invoice: Invoice) -> bytes:
    """The PDF with the XML inside; the same invoice gives the same bytes."""
    carrying = generate_from_binary(
        pdf,
        data(invoice),
        flavor="factur-x",
        level="en16931",
        check_xsd=True,
        lang=str(invoice.parties.get("language", "en")),
        xmp_compression=False,
    )
    return _dated(carrying, _opened(invoice))


def _dated(pdf: bytes, moment: datetime) -> bytes:
    """Replace the present, which the library writes, by when it was finalised."""
    day, spelt = f"{moment:%Y%m%d%H%M%S}", f"{moment:%Y-%m-%dT%H:%M:%S}"
    pdf = re.sub(rb"(D:|D\\072)\d{14}", rb"\g<1>" + day.encode(), pdf)
    return re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", spelt.encode(), pdf)


def _opened(invoice: Invoice) -> datetime:
    return invoice.opened_at or invoice.created_at


def data(invoice: Invoice) -> bytes:
    """The invoice in the Cross Industry Invoice syntax of EN 16931."""
    lines = list(invoice.lines.all())
    document = _rsm.CrossIndustryInvoice(
        _rsm.ExchangedDocumentContext(
            _ram.GuidelineSpecifiedDocumentContextParameter(_ram.ID(GUIDELINE))
        ),
        _rsm.ExchangedDocument(
            _ram.ID(invoice.number),
            _ram.TypeCode(INVOICE),
            _ram.IssueDateTime(_day(_opened(invoice))),
        ),
        _rsm.SupplyChainTradeTransaction(
            *(_line(invoice, line) for line in lines),
            _ram.ApplicableHeaderTradeAgreement(
                _party("SellerTradeParty", invoice.parties["seller"]),
                _party("BuyerTradeParty", _buyer(invoice)),
            ),
            _ram.ApplicableHeaderTradeDelivery(),
            _settlement(invoice, lines),
        ),
    )
    text: bytes = etree.tostring(document, xml_declaration=True, encoding="UTF-8")
    return text


def _day(moment: datetime) -> Element:
    return _udt.DateTimeString(f"{moment:%Y%m%d}", format="102")


def _amount(invoice: Invoice, minor: int) -> str:
    return f"{money.to_major(minor, invoice.currency):f}"


def _buyer(invoice: Invoice) -> dict[str, str]:
    """A buyer whose country is not known is taxed, and said to be, at home."""
    buyer = invoice.parties["buyer"]
    return {
        **buyer,
        "country": buyer["country"] or invoice.parties["seller"]["country"],
    }


def _party(name: str, party: dict[str, str]) -> Element:
    lines = {
        "PostcodeCode": party.get("postcode"),
        "LineOne": party.get("street"),
        "CityName": party.get("city"),
        "CountryID": party["country"],
    }
    address = _ram.PostalTradeAddress(
        *(_ram(label, text) for label, text in lines.items() if text)
    )
    made = _ram(name, _ram.Name(party.get("name", "")), address)
    if number := party.get("vat_number"):
        made.append(_ram.SpecifiedTaxRegistration(_ram.ID(number, schemeID="VA")))
    return made


def _rate(line: InvoiceLine) -> Rate:
    assessment = line.assessment
    category = CATEGORY[assessment.treatment]
    if not assessment.percents:
        # Taxable here, but at nothing: no rate is known, or it is zero.
        return ("Z" if category == "S" else category), Decimal(0)
    return category, assessment.percents[0]


def _line(invoice: Invoice, line: InvoiceLine) -> Element:
    # A price is never below zero in the standard; a credit is a quantity below zero.
    quantity = -1 if line.net < 0 else 1
    category, percent = _rate(line)
    named = f"{line.description} ({line.why_discount})" if line.discounts else ""
    tax = _ram.ApplicableTradeTax(_ram.TypeCode("VAT"), _ram.CategoryCode(category))
    if category != "O":
        tax.append(_ram.RateApplicablePercent(f"{percent:f}"))
    return _ram.IncludedSupplyChainTradeLineItem(
        _ram.AssociatedDocumentLineDocument(_ram.LineID(str(line.position))),
        _ram.SpecifiedTradeProduct(_ram.Name(named or line.description)),
        _ram.SpecifiedLineTradeAgreement(
            _ram.NetPriceProductTradePrice(
                _ram.ChargeAmount(_amount(invoice, abs(line.net)))
            )
        ),
        _ram.SpecifiedLineTradeDelivery(
            _ram.BilledQuantity(str(quantity), unitCode="C62")
        ),
        _ram.SpecifiedLineTradeSettlement(
            tax,
            _ram.SpecifiedTradeSettlementLineMonetarySummation(
                _ram.LineTotalAmount(_amount(invoice, line.net))
            ),
        ),
    )


def _settlement(invoice: Invoice, lines: Iterable[InvoiceLine]) -> Element:
    made = _ram.ApplicableHeaderTradeSettlement(
        _ram.PaymentReference(invoice.reference),
        _ram.InvoiceCurrencyCode(invoice.currency),
    )
    if iban := invoice.parties["seller"].get("iban"):
        account = _ram.PayeePartyCreditorFinancialAccount(_ram.IBANID(iban))
        means = _ram.SpecifiedTradeSettlementPaymentMeans(_ram.TypeCode("58"), account)
        made.append(means)
    for rate, (net, tax) in sorted(_by_rate(lines).items()):
        made.append(_tax(invoice, rate, net, tax))
    due = invoice.due_at or _opened(invoice)
    made.append(_ram.SpecifiedTradePaymentTerms(_ram.DueDateDateTime(_day(due))))
    net = invoice.total - invoice.tax
    made.append(
        _ram.SpecifiedTradeSettlementHeaderMonetarySummation(
            _ram.LineTotalAmount(_amount(invoice, net)),
            _ram.TaxBasisTotalAmount(_amount(invoice, net)),
            _ram.TaxTotalAmount(
                _amount(invoice, invoice.tax), currencyID=invoice.currency
            ),
            _ram.GrandTotalAmount(_amount(invoice, invoice.total)),
            _ram.TotalPrepaidAmount(_amount(invoice, invoice.applied)),
            _ram.DuePayableAmount(_amount(invoice, invoice.total - invoice.applied)),
        )
    )
    return made


def _by_rate(lines: Iterable[InvoiceLine]) -> dict[Rate, tuple[int, int]]:
    sums: dict[Rate, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for line in lines:
        net, tax = sums[_rate(line)]
        sums[_rate(line)] = (net + line.net, tax + line.tax)
    return sums


def _tax(invoice: Invoice, rate: Rate, net: int, tax: int) -> Element:
    category, percent = rate
    made = _ram.ApplicableTradeTax(
        _ram.CalculatedAmount(_amount(invoice, tax)), _ram.TypeCode("VAT")
    )
    if why := BECAUSE.get(category):
        made.append(_ram.ExemptionReason(why))
    made.append(_ram.BasisAmount(_amount(invoice, net)))
    made.append(_ram.CategoryCode(category))
    if category != "O":
        made.append(_ram.RateApplicablePercent(f"{percent:f}"))
    return made
