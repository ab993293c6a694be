# SPDX-License-Identifier: EUPL-1.2
"""Cases: a procedure for each kind, records, tasks, plans, supervision, referrals, services.

Each field of case work is a package of its own in here: `children`, `victims`, `alternatives` (to
detention), `directory` (services) and `transfers` (of responsibility). They stand on the modules
beside this file and register with them what a case page shows, what a record must satisfy and what
opens a gate; nothing here imports them, and they do not import each other.
"""
