"""Lists come in pages, always."""

from __future__ import annotations

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request


class Pages(PageNumberPagination):
    """Fifty rows a page, up to two hundred with `?page_size=`."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def get_page_size(self, request: Request) -> int:
        """Return the size asked for; ValidationError for one that would be answered with another."""
        given = request.query_params.get(self.page_size_query_param, str(self.page_size))
        if not (given.isascii() and given.isdigit()) or len(given) > 6 or not 0 < int(given) <= self.max_page_size:
            raise ValidationError({
                self.page_size_query_param: [_("Give a number from 1 to %(most)s.") % {"most": self.max_page_size}]
            })
        return int(given)
