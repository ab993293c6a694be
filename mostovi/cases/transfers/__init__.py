# SPDX-License-Identifier: EUPL-1.2
"""Transfer of responsibility for a whole case between nodes: always somebody's, never two's."""
