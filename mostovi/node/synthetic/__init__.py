# SPDX-License-Identifier: EUPL-1.2
"""The synthetic world: invented people for demonstrations, tests and measurements.

`lists` reads the content, `world` generates (pure, streaming), `load` writes into a node.
"""
