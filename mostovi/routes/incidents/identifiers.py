# SPDX-License-Identifier: EUPL-1.2
"""Phones, vehicles, accounts, addresses and names used online, brought to one form to be compared.

Two ways of writing the same thing must give the same text; two different things must not. Where
the two cannot be had together the form keeps things apart: a missed link can be found by a person,
a wrong one sends police to the wrong door. Nothing here is fuzzy.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from anyascii import anyascii


class IdentifierKind(StrEnum):
    """What can be the same in two incidents."""

    PHONE = "phone"
    VEHICLE = "vehicle"
    ACCOUNT = "account"
    ADDRESS = "address"
    ONLINE = "online"


class Unreadable(ValueError):
    """The text cannot be brought to a form that could be compared; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


COUNTRY_CODES: Final[Mapping[str, str]] = {
    "al": "355", "ba": "387", "xk": "383", "me": "382", "mk": "389", "rs": "381",
}  # fmt: skip
"""Calling codes of the partners: ITU-T E.164 list of assigned codes, from memory."""

_CYRILLIC = str.maketrans({
    "љ": "lj", "њ": "nj", "џ": "dz", "ђ": "dj", "ж": "z", "ч": "c", "ћ": "c", "ш": "s", "ј": "j",
    "ц": "c", "ѓ": "g", "ќ": "k", "ѕ": "dz", "х": "h",
})  # fmt: skip
_LATIN = str.maketrans({"đ": "dj", "ž": "z", "č": "c", "ć": "c", "š": "s", "ë": "e", "ç": "c"})
_STREET_WORDS: Final = {
    "ul": "", "ulica": "", "ulice": "", "rruga": "", "rr": "", "street": "", "str": "", "br": "",
    "broj": "", "no": "", "nr": "", "bb": "bb", "bul": "bulevar", "bulevardi": "bulevar",
    "blvd": "bulevar", "boulevard": "bulevar", "sv": "sveti", "trg": "trg",
}  # fmt: skip


def normalised(kind: str, text: str, partner: str = "") -> str:
    """The one form of `text` that is compared. Raises `Unreadable` when it has none.

    `partner` gives the calling code for a phone number without one.

    >>> normalised("phone", "067/123-456", "me") == normalised("phone", "+382 67 123 456")
    True
    >>> normalised("vehicle", "пг-аб 123") == normalised("vehicle", "PG AB-123")
    True
    """
    whole = unicodedata.normalize("NFKC", text).strip()
    if not whole:
        raise Unreadable("empty")
    if IdentifierKind(kind) is IdentifierKind.PHONE:
        return _phone(whole, partner)
    return _FORMS[IdentifierKind(kind)](whole)


def _phone(text: str, partner: str) -> str:
    extension_free = re.split(r"(?i)\b(?:ext|lok)\b", text)[0]
    if re.search(r"[^\W\d_]", extension_free):
        raise Unreadable("phone_letters")
    digits = "".join(str(unicodedata.digit(sign)) for sign in extension_free if sign.isdigit())
    if extension_free.lstrip("( ").startswith("+"):
        whole = digits
    elif digits.startswith("00"):
        whole = digits[2:]
    elif digits.startswith("0") and partner in COUNTRY_CODES:
        whole = COUNTRY_CODES[partner] + digits[1:]
    elif any(digits.startswith(code) and len(digits) >= 11 for code in COUNTRY_CODES.values()):
        whole = digits
    else:
        raise Unreadable("phone_country")
    # "+382 (0)67": the zero is dialled inside the country only.
    for code in COUNTRY_CODES.values():
        if whole.startswith(f"{code}0"):
            whole = code + whole[len(code) + 1 :]
    if not 8 <= len(whole) <= 15:
        raise Unreadable("phone_length")
    return whole


def _vehicle(text: str) -> str:
    # A Cyrillic report writes the plate's letters in Cyrillic: ПГ АБ is PG AB, not its look-alike.
    bare = re.sub(r"[^a-z0-9]", "", _latin(text.casefold())).upper()
    if not 4 <= len(bare) <= 17 or not any(sign.isdigit() for sign in bare):
        raise Unreadable("vehicle_form")
    return bare


def _account(text: str) -> str:
    bare = re.sub(r"[^A-Za-z0-9]", "", anyascii(text))
    if re.fullmatch(r"(?i)[a-z]{2}[0-9]{2}[a-z0-9]{11,30}", bare) and _is_iban(bare):
        return bare.upper()
    if re.fullmatch(r"(?i)(?:al|ba|xk|me|mk|rs|de|at|it|gr|hr|si|bg|ro|hu|tr)\d{14,28}", bare):
        raise Unreadable("account_check")
    if not 6 <= len(bare) <= 100:
        raise Unreadable("account_length")
    # Wallets of crypto-assets are told apart by upper and lower case, but for hexadecimal ones.
    return bare.lower() if re.fullmatch(r"(?i)0x[0-9a-f]{40}", bare) else bare


def _is_iban(bare: str) -> bool:
    """Check digits after ISO 13616 (modulo 97)."""
    turned = "".join(str(int(sign, 36)) for sign in bare[4:] + bare[:4])
    return int(turned) % 97 == 1


def _address(text: str) -> str:
    words = re.findall(r"[0-9]+|[a-z]+", _latin(text.casefold()))
    kept = [word for word in (_STREET_WORDS.get(word, word) for word in words) if word]
    if len(kept) < 2 or not any(word.isdigit() or word == "bb" for word in kept):
        raise Unreadable("address_number")
    # Town and street are written in either order.
    return " ".join(sorted(kept))


def _online(text: str) -> str:
    low = text
    while True:
        bare = unicodedata.normalize("NFKC", low.casefold())
        bare = re.sub(r"\s+", "", bare)
        bare = re.sub(r"^(?:https?://|www\.|m\.|@)", "", bare)
        bare = re.split(r"[?#]", bare, maxsplit=1)[0].rstrip("/")
        if bare == low:
            break
        low = bare
    if len(low) < 3:
        raise Unreadable("online_short")
    return low


def _latin(text: str) -> str:
    """Latin letters without accents, with what the region writes for those of its own."""
    return anyascii(text.translate(_CYRILLIC).translate(_LATIN)).casefold()


_FORMS: Final[Mapping[IdentifierKind, Callable[[str], str]]] = {
    IdentifierKind.VEHICLE: _vehicle,
    IdentifierKind.ACCOUNT: _account,
    IdentifierKind.ADDRESS: _address,
    IdentifierKind.ONLINE: _online,
}
