"""Tax on what is invoiced: who owes it, by which rates, kept on each line.

``numbers`` checks VAT numbers offline, ``table`` knows the rates, ``assessing`` puts
the two together. Rounding and the rules themselves are in ``rating.taxes``.
"""

from __future__ import annotations

from billing.taxing.assessing import Taxable, assess, decision_for, seller_country
from billing.taxing.numbers import checked
from billing.taxing.table import Table, shipped

__all__ = [
    "Table",
    "Taxable",
    "assess",
    "checked",
    "decision_for",
    "seller_country",
    "shipped",
]
