# SPDX-License-Identifier: EUPL-1.2
"""The 21 actions: progress by partner, evidence, published figures and their recomputation."""
