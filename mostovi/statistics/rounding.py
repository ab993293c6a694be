# SPDX-License-Identifier: EUPL-1.2
"""Counts moved to a multiple of five, so that any question may be asked of them, ever so often.

A published cell says: the count lies between two numbers, at most nine apart. Which multiple a
count moves to is decided by a secret of the node, the same every time, so that asking again tells
nothing more. When it is counted anew, the value stands until the count has moved away from it by
four or five (which of the two, the secret decides): one person who comes or goes changes almost
never anything that is shown, and when something changes, nobody can say by whom.

After the idea of the cell-key method (Fraser and Wooton, *A proposed method for confidentialising
tabular output*, ABS 2005), with a change held back until it is large.
"""

from __future__ import annotations

import hmac

BASE = 5
"""Counts are shown as multiples of this; every true count lies nearer to its value than this."""
SMALLEST_SHOWN = 3
"""A lower bound under this is given as 0: that there is somebody at all is not said of so few."""


def rounded(count: int, earlier: int | None, cell: str, secret: bytes) -> int:
    """The value to publish for `count`. earlier: what is published for the cell now, or None.

    >>> rounded(0, None, "female", b"secret")
    0
    """
    if count < 0:
        raise ValueError("a count of people is not negative")
    if earlier is None:
        low = count - count % BASE
        return low + BASE if _drawn(cell, secret) * BASE < (count % BASE) * 256 else low
    patience = BASE - 1 - _drawn(f"{cell}:{earlier}", secret) % 2
    if abs(count - earlier) <= patience:
        return earlier
    nearest = BASE * ((count + BASE // 2) // BASE)
    # A value that fell to 0 would say that at most one or two are left: once somebody was shown,
    # the lowest value is the one whose range begins at nobody.
    return max(BASE, nearest) if earlier else nearest


def between(value: int) -> tuple[int, int]:
    """The least and the most people that a published value stands for.

    >>> between(0), between(5), between(10)
    ((0, 4), (0, 9), (6, 14))
    """
    least = value - (BASE - 1)
    return (least if least >= SMALLEST_SHOWN else 0, value + BASE - 1)


def _drawn(text: str, secret: bytes) -> int:
    """0 to 255, decided by the secret."""
    return hmac.digest(secret, text.encode(), "sha256")[0]
