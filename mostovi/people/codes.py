# SPDX-License-Identifier: EUPL-1.2
"""Codes people can read aloud: record codes (`ME-7K3F-92QX`) and the person's long printed code.

Symbols are Crockford's base 32 (no I, L, O, U). The last symbol is a check over GF(32): every
single wrong symbol and every exchange of two symbols is noticed, also between two groups.
"""

from __future__ import annotations

import re
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RECORD_SYMBOLS = 8
PRINTED_SYMBOLS = 16
PRINTED_BITS = (PRINTED_SYMBOLS - 1) * 5
_VALUE = {symbol: value for value, symbol in enumerate(ALPHABET)}
# What people write for a symbol that looks alike.
_LOOKALIKE = str.maketrans({"O": "0", "I": "1", "L": "1"})
# Dashes that keyboards and phones put in place of the hyphen, and all spaces.
_SEPARATORS = re.compile(r"[\s\-‐-―−_./·]+")


class CodeError(ValueError):
    """The text is not a code; the message says what to look at."""


def _times_two(value: int) -> int:
    """Multiply by the generator of GF(32) with x^5 + x^2 + 1."""
    value <<= 1
    return value ^ 0b100101 if value & 0b100000 else value


def check_symbol(symbols: str) -> str:
    """The symbol that makes the code whole.

    >>> check_symbol("7K3F92Q")
    '9'
    """
    total = 0
    for symbol in symbols:
        total = _times_two(total) ^ _VALUE[symbol]
    return ALPHABET[_times_two(total)]


def _grouped(symbols: str) -> str:
    return "-".join(symbols[start : start + 4] for start in range(0, len(symbols), 4))


def _random_symbols(count: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(count))


def _canonical(text: str, length: int) -> str:
    symbols = _SEPARATORS.sub("", text.upper()).translate(_LOOKALIKE)
    if len(symbols) != length:
        raise CodeError(f"The code has {length} letters and digits; this has {len(symbols)}.")
    if any(symbol not in _VALUE for symbol in symbols):
        raise CodeError("The code has a letter that codes never use (U or a sign).")
    if check_symbol(symbols[:-1]) != symbols[-1]:
        raise CodeError("The code does not add up; one letter or digit is wrong or two changed.")
    return symbols


def record_code(prefix: str, body: str) -> str:
    """Write a record code from the node's partner code and seven symbols.

    >>> record_code("me", "7K3F92Q")
    'ME-7K3F-92Q9'
    """
    return f"{prefix.upper()}-{_grouped(body + check_symbol(body))}"


def new_record_code(prefix: str) -> str:
    """A fresh code for a person or a case; the table's unique constraint settles collisions."""
    return record_code(prefix, _random_symbols(RECORD_SYMBOLS - 1))


def parse_record_code(text: str) -> str:
    """The canonical form of a typed record code; raises `CodeError` naming what is wrong.

    >>> parse_record_code(" me 7k3f-92q9 ")
    'ME-7K3F-92Q9'
    """
    tidy = _SEPARATORS.sub("", text.upper())
    prefix, rest = tidy[:-RECORD_SYMBOLS], tidy[-RECORD_SYMBOLS:]
    if not 2 <= len(prefix) <= 12 or not prefix.isascii() or not prefix.isalpha():
        raise CodeError("A record code starts with the letters of its node, such as ME.")
    return f"{prefix}-{_grouped(_canonical(rest, RECORD_SYMBOLS))}"


def new_printed_code() -> str:
    """The long code that opens a person's own file: 75 random bits and a check symbol."""
    body = _random_symbols(PRINTED_SYMBOLS - 1)
    return _grouped(body + check_symbol(body))


def parse_printed_code(text: str) -> str:
    """The canonical form of a typed printed code; raises `CodeError`."""
    return _grouped(_canonical(text, PRINTED_SYMBOLS))


def looks_like_record_code(text: str) -> bool:
    """Whether `text` is a whole record code, so that a search need not try it as a name."""
    try:
        parse_record_code(text)
    except CodeError:
        return False
    return True
