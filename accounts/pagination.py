"""Lists come in pages, always."""

from __future__ import annotations

from rest_framework.pagination import PageNumberPagination


class Pages(PageNumberPagination):
    """Fifty rows a page, up to two hundred with `?page_size=`."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
