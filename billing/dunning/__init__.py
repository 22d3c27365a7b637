"""What happens when an invoice is not paid: when, and by which rules.

What is asked here writes nothing: which rules hold (``schedules``), what is owed
(``owing``), what comes next (``cases``) and all that will come (``foretelling``). The
steps are taken in ``advancing``, the payments tried again in ``retrying``.
"""

from __future__ import annotations

from billing.dunning.cases import check_changes, coming, moments, open_case
from billing.dunning.foretelling import timeline

__all__ = ["check_changes", "coming", "moments", "open_case", "timeline"]
