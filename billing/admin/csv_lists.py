"""Lists of the administration as CSV: rows as shown, sent while they are read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from billing.reports import export

ASKED = "as"


def download(rows: Iterable[Iterable[Any]], name: str) -> StreamingHttpResponse:
    """Rows as a file that the browser saves."""
    answer = StreamingHttpResponse(
        export.lines(rows), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


class CsvList:
    """Beside ``VerbAdmin``: ``?as=csv`` sends ``csv_columns`` of the filtered list.

    Whoever may see the list may save it; amounts are minor units, beside a currency.
    """

    csv_columns: ClassVar[tuple[str, ...]] = ()
    change_list_template = "admin/reports/list.html"
    model: Any

    def changelist_view(
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse | StreamingHttpResponse:
        base: Any = super()
        given = request.GET.copy()
        if given.pop(ASKED, None) is None:
            page: HttpResponse = base.changelist_view(request, extra_context)
            return page
        admin: Any = self
        if not admin.has_view_permission(request):
            raise PermissionDenied
        request.GET = given  # what is left are the list's own filters
        rows = admin.get_changelist_instance(request).get_queryset(request)
        pieces = export.of_rows(rows, list(self.csv_columns))
        return download(pieces, self.model._meta.model_name)
