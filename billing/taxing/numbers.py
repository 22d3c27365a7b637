"""VAT numbers, checked without asking anybody: form, check digits and the country.

That a number is well-formed does not say that it is in force; that is for the operator
to look up (VIES) where it matters.
"""

from __future__ import annotations

from stdnum.eu import vat
from stdnum.exceptions import ValidationError

# Greek numbers begin with the letters of the language, not of ISO 3166.
PREFIX_OF = {"GR": "EL"}


def checked(number: str, country: str) -> bool:
    """Tell whether it is a well-formed VAT number of this member state."""
    try:
        compact: str = vat.compact(number)
        vat.validate(compact)
    except ValidationError:
        return False
    return compact.upper().startswith(prefix_of(country))


def prefix_of(country: str) -> str:
    """The letters that a number of this member state begins with."""
    return PREFIX_OF.get(country, country)


def tidy(number: str) -> str:
    """The number as it stands on documents: capitals, nothing between them."""
    return "".join(c for c in number if c.isalnum()).upper()
