# SPDX-License-Identifier: EUPL-1.2
"""Reason codes in words that a person can act on."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostovi.exchange.reasons import Reason

_WORDS: Mapping[str, str | Promise] = {
    Reason.UNREACHABLE: _("The other node did not answer. Mostovi tries again by itself."),
    Reason.EXPIRED: _("The time for delivery is over. Try again, or withdraw the letter."),
    Reason.REDIRECTED: _("The other node's address points elsewhere. Ask its administrator."),
    Reason.REFUSED_BY_PEER: _("The other node refused the request. Ask its administrator."),
    Reason.REFUSED_BY_RECEIVER: _("The receiver cannot accept this letter."),
    Reason.UNKNOWN_SIGNING_KEY: _(
        "The other node does not know this node's key. Both need the newest directory of nodes."
    ),
    Reason.SIGNING_KEY_EXPIRED: _("This node's key has ended. Make new keys and publish them."),
    Reason.SIGNING_KEY_REVOKED: _("This node's key was revoked. Make new keys and publish them."),
    Reason.SIGNING_KEY_NOT_YET_VALID: _("This node's key is not valid yet. Check the clocks."),
    Reason.UNKNOWN_ENCRYPTION_KEY: _(
        "The other node no longer holds the key. Fetch the newest directory, then try again."
    ),
    Reason.ENCRYPTION_KEY_EXPIRED: _(
        "The other node's key has ended. Fetch the newest directory, then try again."
    ),
    Reason.NO_ENCRYPTION_KEY: _(
        "No valid key of the other node is known. Fetch the newest directory."
    ),
    Reason.NO_SIGNING_KEY: _("This node has no valid key. Make new keys."),
    Reason.UNKNOWN_PEER: _("The other node is not in the directory."),
    Reason.PEER_SUSPENDED: _("The other node is suspended or has left."),
    Reason.OUTSIDE_PROFILE: _("The content does not fit the receiver's profile of this letter."),
    Reason.WRONG_PURPOSE: _("The receiver does not take this letter for this purpose."),
    Reason.NO_BASIS: _("The receiver found no valid consent or legal duty in the letter."),
    Reason.LETTER_TYPE_NOT_ALLOWED: _("The receiver does not take this kind of letter."),
    Reason.UNKNOWN_LETTER_TYPE: _("The receiver does not know this kind of letter yet."),
    Reason.HOLDS_NO_PERSONS: _("The receiver holds no data about persons."),
    Reason.NOT_YET_VALID: _("The clocks of the two nodes differ. Check them, then try again."),
    Reason.ID_REUSED: _("A letter with the same number and other content came before."),
    Reason.SEQUENCE_REUSED: _("A letter with this place in the thread came before."),
    Reason.CHAIN_BROKEN: _("The letter does not follow the one before it."),
    Reason.BAD_RECEIPT: _("The answer carried no valid receipt. Mostovi tries again by itself."),
    Reason.TOO_LARGE: _("The letter is too large."),
    Reason.WITHDRAWN: _("Withdrawn by this node before delivery."),
    Reason.ERASED: _("The person's data was erased before delivery."),
    Reason.RECEIVED_BEFORE_WITHDRAWAL: _("The receiver had it before it was withdrawn."),
    Reason.TRY_AGAIN: _("One of the nodes could not store it. Mostovi tries again by itself."),
    Reason.BAD_SIGNATURE: _("The letter was altered on the way. Try again."),
    Reason.NOT_DECRYPTABLE: _("The letter was damaged on the way. Try again."),
    Reason.WRONG_RECEIVER: _("The letter was taken to the wrong node. Check its address."),
}


def in_words(reason: str) -> str | Promise:
    """What the reason code means and what to do; the code itself where there is no wording."""
    return _WORDS.get(reason, reason.replace("_", " "))
