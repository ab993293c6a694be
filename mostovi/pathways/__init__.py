# SPDX-License-Identifier: EUPL-1.2
"""Pathways: law as tested data, which ways are open to a person, and what a reform would change.

The law of each partner and of the EU stands in `mostovi/content/law/`. One rule has two evaluators:
`evaluating` answers for one person in Kleene's three values with reasons, `population` compiles the
same rule to an Ibis expression for a table of people. What is not known is never a no (R6).
"""
