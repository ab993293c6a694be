# SPDX-License-Identifier: EUPL-1.2
"""The words of the matching model, for translators: `content/matching/model.yaml` holds them in
English, pages translate them with gettext. A test keeps this list and the model equal.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_noop as _

WORDS: Final = (
    _(
        "Before anything is compared: how seldom two records drawn from a register of "
        "some 12,000 persons are one person's"
    ),
    _("Before looking, of 50 pairs of names one is written for one person"),
    _("Names"),
    _("Three or more words of the names are the same"),
    _("The first and the last word of the names are the same, in this or the other order"),
    _("One word of the names is the same, another is alike or stands at another place"),
    _("Both words of the names are alike, neither is the same"),
    _("One record has only one word of the name, and the other has it too"),
    _("One word of the names is the same, the rest is different"),
    _("One word of the names is alike, the rest is different"),
    _("The names are different"),
    _("How common the shared words are"),
    _("Both shared words are rare"),
    _("One shared word is rare"),
    _("The shared words are common"),
    _("Everything that is shared is among the most common names"),
    _("Date of birth"),
    _("The same day"),
    _("Day and month are exchanged"),
    _("Two of day, month and year are the same"),
    _(
        "The same year; at least one record does not know the day (1 January and 1 July "
        "count as not known)"
    ),
    _("The estimated ages fit"),
    _("At most two years apart"),
    _("The ages do not fit"),
    _("Sex"),
    _("The same"),
    _("Different"),
    _("Places"),
    _("The same place"),
    _("One place lies in the other"),
    _("Different places in one country"),
    _("Places in different countries, or not known to lie in one"),
    _("Mother"),
    _("The same full name"),
    _("The same first name"),
    _("An alike first name"),
    _("Different names"),
    _("Father"),
    _("Child"),
    _("Brother or sister"),
    _("Husband or wife"),
    _("Two words of two names, side by side"),
    _("The same word, and a rare one"),
    _("The same word, a common one"),
    _("The same word, one of the most common"),
    _("The same consonants, other vowels"),
    _("One sound apart"),
    _("An initial that fits"),
    _("Two sounds apart"),
    _("Different words"),
    _("Only one of the two names has this word"),
)
