# SPDX-License-Identifier: EUPL-1.2
"""Why a letter, a directory or a request is refused: one reason code with one human sentence.

The codes are part of the wire format (`docs/exchange.md`): another node acts on them, so a code
never changes its meaning. Sentences are for people and carry no personal data.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Reason codes of problems and receipts."""

    TOO_LARGE = "too_large"
    WRONG_MEDIA_TYPE = "wrong_media_type"
    MALFORMED = "malformed"
    ALGORITHM_REFUSED = "algorithm_refused"
    UNKNOWN_ENCRYPTION_KEY = "unknown_encryption_key"
    ENCRYPTION_KEY_EXPIRED = "encryption_key_expired"
    NOT_DECRYPTABLE = "not_decryptable"
    UNKNOWN_SIGNING_KEY = "unknown_signing_key"
    SIGNING_KEY_NOT_YET_VALID = "signing_key_not_yet_valid"
    SIGNING_KEY_EXPIRED = "signing_key_expired"
    SIGNING_KEY_REVOKED = "signing_key_revoked"
    BAD_SIGNATURE = "bad_signature"
    UNKNOWN_PEER = "unknown_peer"
    PEER_SUSPENDED = "peer_suspended"
    SOURCE_MISMATCH = "source_mismatch"
    WRONG_RECEIVER = "wrong_receiver"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    LETTER_TYPE_NOT_ALLOWED = "letter_type_not_allowed"
    UNKNOWN_LETTER_TYPE = "unknown_letter_type"
    OUTSIDE_PROFILE = "outside_profile"
    WRONG_PURPOSE = "wrong_purpose"
    NO_BASIS = "no_basis"
    ID_REUSED = "id_reused"
    SEQUENCE_REUSED = "sequence_reused"
    CHAIN_BROKEN = "chain_broken"
    REFUSED_BY_RECEIVER = "refused_by_receiver"
    NO_ENCRYPTION_KEY = "no_encryption_key"
    UNREACHABLE = "unreachable"
    BAD_RECEIPT = "bad_receipt"
    REDIRECTED = "redirected"
    REFUSED_BY_PEER = "refused_by_peer"
    NO_SIGNING_KEY = "no_signing_key"
    UNKNOWN_BLOB = "unknown_blob"
    WRONG_DIGEST = "wrong_digest"
    REQUEST_NOT_SIGNED = "request_not_signed"
    TOO_FEW_STEWARDS = "too_few_stewards"
    OLD_DIRECTORY = "old_directory"
    BAD_DIRECTORY = "bad_directory"
    NO_STEWARDS = "no_stewards"
    WITHDRAWN = "withdrawn"
    ERASED = "erased"
    HOLDS_NO_PERSONS = "holds_no_persons"
    TRY_AGAIN = "try_again"
    RECEIVED_BEFORE_WITHDRAWAL = "received_before_withdrawal"


class ExchangeError(Exception):
    """Something was refused: `reason` for machines, `str(error)` for people, `status` for HTTP."""

    status = 400

    def __init__(self, reason: Reason | str, sentence: str, *, status: int | None = None) -> None:
        super().__init__(sentence)
        self.reason = str(reason)
        self.sentence = sentence
        if status is not None:
            self.status = status


class LetterRefused(ExchangeError):
    """A letter that cannot be trusted, read or accepted; nothing of it is kept."""


class DirectoryRefused(ExchangeError):
    """A node directory that is not signed by enough stewards, is older, or is malformed."""


class RequestRefused(ExchangeError):
    """A polling or blob request without a valid signed request token."""

    status = 401
