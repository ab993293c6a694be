# SPDX-License-Identifier: EUPL-1.2
"""Purposes, roles, access, the audit chain, encryption and retention.

Everything above obeys this package and it knows none of it. `access.decide` is the one place where
access is decided; `policy` its table; `doors` puts it before every view; `audit` chains what was
read and written; `vault` seals identity fields under one key per subject; `retention` ends records.
"""
