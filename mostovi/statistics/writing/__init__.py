# SPDX-License-Identifier: EUPL-1.2
"""Published tables as files: CSV, SDMX (CSV, JSON, ML), HXL, Excel. One way in: `write`."""

from mostovi.statistics.writing.files import FORMATS, write
from mostovi.statistics.writing.publications import NotProtected, Publication

__all__ = ["FORMATS", "NotProtected", "Publication", "write"]
