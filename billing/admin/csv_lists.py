"""Lists of the administration as CSV: rows as shown, sent while they are read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, StreamingHttpResponse

from billing.reports import export
from paybill_site.kernel.admin import VerbAdmin

ASKED = "as"


def download(rows: Iterable[Iterable[Any]], name: str) -> StreamingHttpResponse:
    """Rows as a file that the browser saves."""
    answer = StreamingHttpResponse(
        export.lines(rows), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


class CsvAdmin[M: models.Model](VerbAdmin[M]):
    """A list that can be saved: ``?as=csv`` sends ``csv_columns`` of the filtered one.

    Whoever may see the list may save it; amounts are minor units, beside a currency.
    """

    csv_columns: ClassVar[tuple[str, ...]] = ()
    change_list_template = "admin/reports/list.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        given = request.GET.copy()
        if given.pop(ASKED, None) is None:
            return super().changelist_view(request, extra_context)
        if not self.has_view_permission(request):
            raise PermissionDenied
        request.GET = given  # type: ignore[assignment]  # the list's own filters
        rows = self.get_changelist_instance(request).get_queryset(request)
        pieces = export.of_rows(rows, list(self.csv_columns))
        return download(pieces, str(self.model._meta.model_name))
