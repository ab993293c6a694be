# SPDX-License-Identifier: EUPL-1.2
"""The process that works on one simulation, begun by `simulation_queue`.

Its words are the run, the holder's name and the number of the process that began it. It says every
few seconds that it lives, and ends when the worker that began it has ended, so that a killed worker
leaves nothing behind. Exit status 0: the run is finished, with or without success.
"""

from __future__ import annotations

import logging
import os
import sys
import threading

log = logging.getLogger(__name__)

BEAT = 5.0
"""Seconds between two signs of life."""
_LOOK = 1.0


def main(pk: str, holder: str, parent: int) -> int:
    """Work on the run; whatever goes wrong is written into it."""
    import django

    django.setup()
    from mostovi.pathways import simulation_work

    threading.Thread(target=_live, args=(pk, holder, parent), daemon=True).start()
    try:
        simulation_work.work(pk, holder)
    except simulation_work.Lost:
        return 0
    except MemoryError:
        simulation_work.give_back(pk, holder, "memory")
    except Exception as error:  # noqa: BLE001  (a run never hangs because of a fault nobody knew)
        # What the error says may quote anything; its kind is enough to look for it.
        log.error("simulation failed", extra={"state": type(error).__name__[:40]})
        memory = type(error).__name__ == "OutOfMemoryException"
        simulation_work.give_back(pk, holder, "memory" if memory else "unexpected")
    return 0


def _live(pk: str, holder: str, parent: int) -> None:
    from django.db import Error, connection

    from mostovi.pathways import simulation_work

    wait = threading.Event()
    beat = 0.0
    while not wait.wait(_LOOK):
        if os.getppid() != parent:
            os._exit(3)
        beat += _LOOK
        if beat < BEAT:
            continue
        beat = 0.0
        try:
            if not simulation_work.beat(pk, holder):
                os._exit(3)
        except Error as error:
            log.warning("no sign of life written", exc_info=error)
        finally:
            connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
