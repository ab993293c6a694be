# SPDX-License-Identifier: EUPL-1.2
"""The process that works on one run of heavy work, begun by the worker's quick lane (`batches`).

Its words are the model of the run, the module whose `work` does it, the run, the holder's name and
the number of the process that began it. Exit status 0: the run is finished, with or without
success.
"""

from __future__ import annotations

import sys
from importlib import import_module


def main(model: str, module: str, pk: str, holder: str, parent: int) -> int:
    """Work on the run. Only here is the module loaded, with all that it needs."""
    import django

    django.setup()
    from django.apps import apps

    from mostovi.procedures import batches

    work = import_module(module).work
    return batches.carry_out(apps.get_model(model), work, pk, holder, parent)


if __name__ == "__main__":
    _model, _module, _pk, _holder, _parent = sys.argv[1:]
    sys.exit(main(_model, _module, _pk, _holder, int(_parent)))
