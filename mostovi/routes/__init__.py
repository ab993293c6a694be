# SPDX-License-Identifier: EUPL-1.2
"""Routes: flows observed and balanced, changes found, threats assessed; never persons."""
