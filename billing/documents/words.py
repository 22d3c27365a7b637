"""What documents say, in the six languages of the portal.

What a plan is called and how an amount came about is as it was stored with the line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from billing.rating import money

LANGUAGES = ("en", "de", "fr", "es", "it", "pl")
_NARROW = "\u202f"  # a narrow space that no line is broken at


@dataclass(frozen=True, slots=True)
class Manner:
    """How numbers and days are written."""

    point: str
    group: str
    day: str


MANNERS = {
    "en": Manner(".", ",", "%d %b %Y"),
    "de": Manner(",", ".", "%d.%m.%Y"),
    "fr": Manner(",", _NARROW, "%d/%m/%Y"),
    "es": Manner(",", ".", "%d/%m/%Y"),
    "it": Manner(",", ".", "%d/%m/%Y"),
    "pl": Manner(",", _NARROW, "%d.%m.%Y"),
}

# For each phrase: English, German, French, Spanish, Italian, Polish.
PHRASES: dict[str, tuple[str, str, str, str, str, str]] = {
    "invoice": ("Invoice", "Rechnung", "Facture", "Factura", "Fattura", "Faktura"),
    "credit note": (
        "Credit note",
        "Rechnungskorrektur",
        "Avoir",
        "Factura rectificativa",
        "Nota di credito",
        "Faktura korygująca",
    ),
    "number": ("Number", "Nummer", "Numéro", "Número", "Numero", "Numer"),
    "date": ("Date", "Datum", "Date", "Fecha", "Data", "Data wystawienia"),
    "due": (
        "Payable by",
        "Zahlbar bis",
        "À payer avant le",
        "Vencimiento",
        "Scadenza",
        "Termin płatności",
    ),
    "of invoice": (
        "For invoice",
        "Zur Rechnung",
        "Sur la facture",
        "De la factura",
        "Della fattura",
        "Do faktury",
    ),
    "period": ("Period", "Zeitraum", "Période", "Periodo", "Periodo", "Okres"),
    "vat number": (
        "VAT number",
        "USt-IdNr.",
        "N° de TVA",
        "NIF-IVA",
        "Partita IVA",
        "Numer VAT",
    ),
    "description": (
        "Description",
        "Beschreibung",
        "Désignation",
        "Descripción",
        "Descrizione",
        "Opis",
    ),
    "amount": ("Amount", "Betrag", "Montant", "Importe", "Importo", "Kwota"),
    "tax": ("Tax", "Steuer", "Taxe", "Impuesto", "Imposta", "Podatek"),
    "net": ("Net", "Netto", "Net", "Base", "Imponibile", "Netto"),
    "subtotal": (
        "Subtotal",
        "Zwischensumme",
        "Sous-total",
        "Subtotal",
        "Subtotale",
        "Suma częściowa",
    ),
    "discount": ("Discount", "Rabatt", "Remise", "Descuento", "Sconto", "Rabat"),
    "total": ("Total", "Gesamtbetrag", "Total", "Total", "Totale", "Razem"),
    "from balance": (
        "From your credit",
        "Aus Ihrem Guthaben",
        "De votre avoir",
        "De su saldo",
        "Dal vostro credito",
        "Z Państwa salda",
    ),
    "to balance": (
        "To your credit",
        "Ihrem Guthaben gutgeschrieben",
        "Porté à votre avoir",
        "Abonado a su saldo",
        "Accreditato sul vostro saldo",
        "Zaliczone na Państwa saldo",
    ),
    "off the invoice": (
        "Off what was open",
        "Vom offenen Betrag abgezogen",
        "Déduit du montant dû",
        "Descontado del importe pendiente",
        "Detratto dall'importo dovuto",
        "Odjęte od kwoty do zapłaty",
    ),
    "refunded": (
        "Paid back",
        "Wird erstattet",
        "Remboursé",
        "Reembolsado",
        "Rimborsato",
        "Do zwrotu",
    ),
    "to pay": (
        "To pay",
        "Zu zahlen",
        "À payer",
        "A pagar",
        "Da pagare",
        "Do zapłaty",
    ),
    "reverse charge": (
        "Reverse charge: the recipient owes the tax"
        " (Article 196 of Directive 2006/112/EC).",
        "Steuerschuldnerschaft des Leistungsempfängers"
        " (Artikel 196 der Richtlinie 2006/112/EG).",
        "Autoliquidation : la taxe est due par le preneur"
        " (article 196 de la directive 2006/112/CE).",
        "Inversión del sujeto pasivo: el destinatario debe el impuesto"
        " (artículo 196 de la Directiva 2006/112/CE).",
        "Inversione contabile: l'imposta è dovuta dal destinatario"
        " (articolo 196 della direttiva 2006/112/CE).",
        "Odwrotne obciążenie: podatek rozlicza nabywca"
        " (art. 196 dyrektywy 2006/112/WE).",
    ),
    "outside the scope": (
        "Not taxable in the seller's country.",
        "Im Land des Verkäufers nicht steuerbar.",
        "Non imposable dans le pays du vendeur.",
        "No sujeto a impuesto en el país del vendedor.",
        "Non imponibile nel paese del venditore.",
        "Nie podlega opodatkowaniu w kraju sprzedawcy.",
    ),
    "exempt": (
        "Exempt from tax.",
        "Steuerbefreit.",
        "Exonéré de taxe.",
        "Exento de impuesto.",
        "Esente da imposta.",
        "Zwolnione z podatku.",
    ),
    "pay by transfer": (
        "Please quote when you pay:",
        "Bitte bei der Zahlung angeben:",
        "À indiquer lors du paiement :",
        "Indique al pagar:",
        "Da indicare al pagamento:",
        "Przy płatności proszę podać:",
    ),
    "page": ("Page", "Seite", "Page", "Página", "Pagina", "Strona"),
}


class Words:
    """One language; English where it is none of the six."""

    def __init__(self, language: str) -> None:
        short = language[:2].lower()
        self.language = short if short in LANGUAGES else "en"
        self._place = LANGUAGES.index(self.language)
        self._manner = MANNERS[self.language]

    def __getitem__(self, phrase: str) -> str:
        return PHRASES[phrase][self._place]

    def money(self, minor: int, currency: str) -> str:
        """``1.234,50 €``; other currencies by their code."""
        sign = "€" if currency == "EUR" else currency
        return f"{self.number(money.to_major(minor, currency))}\u00a0{sign}"

    def number(self, value: object) -> str:
        """A decimal with this language's point and groups."""
        whole, _, part = f"{value:,f}".partition(".")
        grouped = whole.replace(",", self._manner.group).replace("-", "\u2212")
        return f"{grouped}{self._manner.point}{part}" if part else grouped

    def day(self, day: date) -> str:
        return day.strftime(self._manner.day)
