# SPDX-License-Identifier: EUPL-1.2
"""Family tracing and matching across scripts and nodes, showing nothing that does not match."""
