# SPDX-License-Identifier: EUPL-1.2
"""Who wants to know when a consent ends: higher packages register here, in their `ready`.

Listeners run inside the transaction of the withdrawal, so that the letters telling every receiver
are in the outbox if and only if the withdrawal stands (R2).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mostovi.people.models import Consent, ConsentEvent

Listener = Callable[["Consent", "ConsentEvent"], None]
_listeners: list[Listener] = []


def register(listener: Listener) -> Listener:
    """Have `listener(consent, event)` called at each withdrawal; usable as a decorator."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def unregister(listener: Listener) -> None:
    """The counterpart of `register`."""
    _listeners.remove(listener)


def tell(consent: Consent, event: ConsentEvent) -> None:
    """Call every listener; an exception stops the withdrawal's transaction and is shown."""
    for listener in list(_listeners):
        listener(consent, event)
