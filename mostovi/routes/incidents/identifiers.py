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

# Cyrillic letters that stand on plates beside the Latin ones they look like.
_LOOKALIKE = str.maketrans("АВЕЗКМНОРСТУХЈ", "ABE3KMHOPCTYXJ")
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
    >>> normalised("vehicle", "пг-АВ 123") == normalised("vehicle", "PG AB-123")
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
    upper = text.upper().translate(_LOOKALIKE)
    bare = "".join(sign for sign in anyascii(_plain(upper)).upper() if sign.isalnum())
    if not 4 <= len(bare) <= 17 or not any(sign.isdigit() for sign in bare):
        raise Unreadable("vehicle_form")
    return bare


def _account(text: str) -> str:
    bare = "".join(sign for sign in text if sign.isalnum())
    if re.fullmatch(r"(?i)[a-z]{2}\d{2}[a-z0-9]{11,30}", bare):
        iban = bare.upper()
        turned = "".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])
        if int(turned) % 97 != 1:
            raise Unreadable("account_check")
        return iban
    if not 6 <= len(bare) <= 100:
        raise Unreadable("account_length")
    # Wallets of crypto-assets are told apart by upper and lower case, but for hexadecimal ones.
    if re.fullmatch(r"(?i)0x[0-9a-f]{40}", bare):
        return bare.lower()
    return bare if bare.isascii() else anyascii(bare).upper()


def _address(text: str) -> str:
    words = re.findall(r"\d+|[^\W\d_]+", _plain(text.casefold()))
    kept = [_STREET_WORDS.get(word, word) for word in (_latin(word) for word in words)]
    kept = [word for word in kept if word]
    if len(kept) < 2 or not any(word.isdigit() or word == "bb" for word in kept):
        raise Unreadable("address_number")
    # Town and street are written in either order.
    return " ".join(sorted(kept))


def _online(text: str) -> str:
    low = text.casefold().strip()
    low = re.sub(r"^https?://(?:www\.|m\.)?", "", low).split("?", 1)[0].split("#", 1)[0]
    low = low.rstrip("/").lstrip("@")
    low = re.sub(r"\s+", "", low)
    if len(low) < 3:
        raise Unreadable("online_short")
    return low


def _latin(word: str) -> str:
    return anyascii(word.translate(_CYRILLIC).translate(_LATIN)).casefold()


def _plain(text: str) -> str:
    """Without accents, but with the letters that `_LATIN` knows."""
    kept = []
    for sign in text:
        parts = unicodedata.normalize("NFD", sign)
        kept.append(sign if sign in "đžčćšëçљњџђжчћшјцѓќѕх" else parts[0])
    return "".join(kept)


_FORMS: Final[Mapping[IdentifierKind, Callable[[str], str]]] = {
    IdentifierKind.VEHICLE: _vehicle,
    IdentifierKind.ACCOUNT: _account,
    IdentifierKind.ADDRESS: _address,
    IdentifierKind.ONLINE: _online,
}
