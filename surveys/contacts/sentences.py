"""The sentences behind the codes of contacts and imports: what happened and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Sentences = Mapping[str, "str | Promise"]

TABLE_ERRORS: Final[Sentences] = {
    "too_large": _("The file is larger than %(detail)s MB. Split it and import the parts one after another."),
    "too_many_rows": _("The file has more than %(detail)s rows. Split it and import the parts one after another."),
    "too_many_columns": _("The file has more than %(detail)s columns. Remove those that are not needed."),
    "empty": _("The file is empty. The first row must hold the names of the columns."),
    "no_rows": _("The file has the names of columns but no rows below them. Add the contacts and try again."),
    "wrong_kind": _("This is no CSV or Excel file (.xlsx). Save the list in one of these forms and try again."),
    "protected": _("This Excel file is protected by a password. Save it without a password and try again."),
    "encoding": _("The text of the file cannot be read. Save it as UTF-8 or choose its encoding."),
    "not_a_table": _("This is no table of text. Save it as CSV or .xlsx and try again."),
    "old_excel": _("This is an old Excel file (.xls). Save it as .xlsx or CSV and try again."),
    "not_a_workbook": _("This Excel file is damaged and cannot be read. Open it in Excel, save it anew as .xlsx and try again."),
    "bomb": _("This Excel file unpacks to far more than it should, so it was not opened. Save it as CSV instead."),
}
MAPPING_ERRORS: Final[Sentences] = {
    "no_email": _("Choose the column that holds the e-mail address."),
    "twice": _("Two columns go to the same place. Choose one of them."),
}
ROW_REASONS: Final[Sentences] = {
    "no_address": _("No e-mail address"),
    "bad_address": _("Not an e-mail address"),
}
CORRECTIONS: Final[Sentences] = {
    "full_width": _("full-width characters"),
    "spaces": _("stray spaces"),
    "invisible": _("invisible characters"),
    "unknown_language": _("unknown languages left empty"),
}
LEFT_OUT: Final[Sentences] = {
    "no_address": _("No valid address"),
    "unsubscribed": _("Stopped survey e-mails"),
    "bounced": _("Address does not exist"),
    "complaint": _("Marked as spam"),
    "manual": _("Stopped by staff"),
}
