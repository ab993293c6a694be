# SPDX-License-Identifier: EUPL-1.2
"""What the wire format's page says is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mostovi.exchange import attachments, directory, letters, receipts, requests
from mostovi.exchange.peers import ENTRY_TYP
from mostovi.exchange.profiles import PROFILES, letter_types
from mostovi.exchange.wire_urls import urlpatterns

PAGE = (Path(__file__).parents[2] / "docs" / "exchange.md").read_text(encoding="utf-8")


def test_every_member_of_the_envelope_is_explained() -> None:
    for member in sorted(letters._REQUIRED | letters._OPTIONAL):
        assert f"`{member}`" in PAGE, member


@pytest.mark.parametrize(
    "fact",
    [
        letters.SIGNATURE, letters.KEY_AGREEMENT, letters.CONTENT_ENCRYPTION,
        f"{letters.MAXIMUM_TOKEN:,} bytes", f'"batch": {directory.MAXIMUM_BATCH}',
        f"{attachments.LARGEST_SEALED:,} bytes", receipts.TYP, requests.TYP, directory.TYP,
        ENTRY_TYP, attachments.CONTENT,
    ],
)  # fmt: skip
def test_every_constant_is_named_as_it_is(fact: str) -> None:
    assert fact in PAGE


def test_every_address_is_named() -> None:
    for pattern in urlpatterns:
        path = re.sub(r"<str:sha256>", "<sha256>", str(pattern.pattern))
        assert f"/exchange/{path}" in PAGE or f"exchange/{path}" in PAGE, path


def test_every_verdict_and_node_status_is_named() -> None:
    for verdict in receipts.Verdict:
        if verdict is not receipts.Verdict.DUPLICATE:  # a repeat gets the stored receipt
            assert f"`{verdict}`" in PAGE
    for status in directory.Status:
        assert f"`{status}`" in PAGE


def test_every_letter_type_has_its_file() -> None:
    for letter_type in letter_types():
        assert (PROFILES / f"{letter_type}.json").is_file()
