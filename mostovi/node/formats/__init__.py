# SPDX-License-Identifier: EUPL-1.2
"""How dates are written where Django's own habits do not fit the region."""
