# SPDX-License-Identifier: EUPL-1.2
"""Signed, encrypted letters between nodes: keys, outbox, inbox, receipts, profiles."""
