# SPDX-License-Identifier: EUPL-1.2
"""The process that works on one calculation over own records, begun by the worker's quick lane.

Its words are the run, the holder's name and the number of the process that began it
(`procedures.batches`). Exit status 0: the run is finished, with or without success.
"""

from __future__ import annotations

import sys


def main(pk: str, holder: str, parent: int) -> int:
    """Work on the run."""
    import django

    django.setup()
    from mostovi.procedures import batches
    from mostovi.statistics import calculation_work
    from mostovi.statistics.calculation_models import Calculation

    return batches.carry_out(Calculation, calculation_work.work, pk, holder, parent)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
