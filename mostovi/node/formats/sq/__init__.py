# SPDX-License-Identifier: EUPL-1.2
"""English as it is written in Europe."""
