# SPDX-License-Identifier: EUPL-1.2
"""The node's own commands, one module each; packages bring theirs in `commands.py`."""
