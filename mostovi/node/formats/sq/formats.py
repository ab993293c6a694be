# SPDX-License-Identifier: EUPL-1.2
"""Day, month, year, also in the short forms. Django's own mix in month-first forms."""

DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j F Y, H:i"
TIME_FORMAT = "H:i"
SHORT_DATE_FORMAT = "d.m.Y"
SHORT_DATETIME_FORMAT = "d.m.Y H:i"
FIRST_DAY_OF_WEEK = 1
DATE_INPUT_FORMATS = ["%d/%m/%Y", "%d.%m.%Y.", "%d.%m.%Y", "%d-%m-%Y", "%Y-%m-%d"]
