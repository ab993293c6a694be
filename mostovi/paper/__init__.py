# SPDX-License-Identifier: EUPL-1.2
"""Paper: a structured document becomes a PDF that reads aloud, in every script of the interface.

Knows headings, paragraphs, lists, tables and drawings; knows nothing of what they say. `parts` is
what a document is made of, `setting` sets it, `letters` prepares the fonts.
"""
