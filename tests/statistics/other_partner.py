# SPDX-License-Identifier: EUPL-1.2
"""The other partner's node, played with keys and the pure modules alone.

It reads every letter and file that leaves the node under test, as they travel, and answers with
letters and files of its own that come in by the real inbox.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from mostovi.exchange import keystore
from mostovi.exchange import services as exchange
from mostovi.exchange.attachments import CONTENT, seal_all
from mostovi.exchange.inbox import Answer
from mostovi.exchange.keys import KeyPair, Use
from mostovi.exchange.letters import Letter, decrypt
from mostovi.exchange.models import Attachment
from mostovi.exchange.profiles import profile
from mostovi.exchange.transport import Reply
from mostovi.rights.access import Actor
from mostovi.rights.purposes import Purpose
from mostovi.statistics import overlap_rounds, overlaps
from mostovi.tracing import one_text, oprf, pieces
from mostovi.tracing.identities import of_file
from tests.exchange.conftest import FakePeer, Node


def ours(use: Use) -> KeyPair:
    """A pair of the node under test."""
    return next(pair for pair in keystore.key_store().pairs() if pair.public.use is use)


@dataclass
class OtherPartner(FakePeer):
    """The peer as a transport, and what it does in a round."""

    secret: bytes = field(default_factory=oprf.new_scalar)
    files: dict[str, bytes] = field(default_factory=dict)
    read_letters: list[Letter] = field(default_factory=list)

    @classmethod
    def met(cls, code: str, now: datetime) -> OtherPartner:
        """A partner's node that stands in the directory."""
        keystore.ensure_keys(keystore.key_store(), now)
        node = Node.fresh(code, now - timedelta(days=1))
        exchange.add_peer(Actor.system(Purpose.GOVERNANCE), entry=node.entry())
        return cls(node, lambda: ours(Use.SIGN), now=now)

    def request(self, method: str, url: str, **more: Any) -> Reply:
        """Letters to it, and files of its own that are fetched."""
        if method == "GET":
            token = self.files.get(url.rsplit("/", 1)[1])
            return Reply(200, token, {}) if token else Reply(404, b"", {})
        return super().request(method, url, **more)

    def letters(self) -> list[Letter]:
        """What has newly arrived from the node under test."""
        seen = len(self.opened)
        self.now = max(self.now, datetime.now(UTC))
        exchange.relay_due(self.now, self)
        new = [item.letter for item in self.opened[seen:]]
        self.read_letters += new
        return new

    def file_of(self, letter: Letter) -> bytes:
        """The files of a letter from the node under test, as they lie there to be fetched."""
        keys = {self.node.encrypt.kid: self.node.encrypt}
        parts = []
        for note in letter.attachments:
            token = Attachment.objects.get(sha256=note.sha256).path.read_bytes()
            parts.append(decrypt(token, keys.get, self.now, cty=CONTENT, blob=True))
        return b"".join(parts)

    def write(
        self, letter_type: str, data: Mapping[str, Any], thread: UUID, *, file: bytes = b"",
        **more: Any,
    ) -> Letter:  # fmt: skip
        """A letter to the node under test, not yet sent."""
        sealed = seal_all(pieces.cut("overlap", file), ours(Use.ENCRYPT).public) if file else []
        self.files |= {one.note.sha256: one.token for one in sealed}
        values: dict[str, Any] = {
            "type": letter_type, "purpose": "statistics", "basis": overlap_rounds.NO_PERSONS,
            "schema": profile(letter_type).digest, "data": dict(data), "time": self.now,
            "expires": self.now + timedelta(days=3),
            "attachments": tuple(one.note for one in sealed),
        }  # fmt: skip
        return self.node.letter(thread=thread, **{**values, **more})

    def bring(self, letter: Letter) -> Answer:
        """Send a letter, and let its files be fetched."""
        answer = exchange.receive(self.node.token(letter, ours(Use.ENCRYPT).public), self.now)
        exchange.fetch_wanted(self.now, self)
        return answer

    def say(self, *given: Any, **more: Any) -> Answer:
        """Write and send."""
        return self.bring(self.write(*given, **more))

    def elements(
        self, stage: str, elements: Sequence[bytes], number: UUID, thread: UUID,
        claimed: int | None = None,
    ) -> Answer:  # fmt: skip
        """Send elements of a round; `claimed`: how many the letter says that there are."""
        data = {"round": str(number), "stage": stage, "elements": claimed or len(elements)}
        return self.say(overlap_rounds.ELEMENTS, data, thread, file=b"".join(elements))

    def own(self, number: UUID, texts: Sequence[str]) -> list[bytes]:
        """Its people under its secret, as the protocol sends them."""
        return overlaps.sent(
            {
                oprf.blind(f"{one_text.VERSION}\0{number}\0{text}".encode(), self.secret)
                for text in texts
            }
        )


def texts(names: Sequence[tuple[str, str, int]]) -> list[str]:
    """The identities of people who are written down like this: given and family name, year."""
    found = []
    for given, family, year in names:
        person = of_file(
            {"birth": {"precision": "year", "year": year}},
            [{"parts": [["given", given], ["family", family]]}], [],
        )  # fmt: skip
        text = one_text.one_text(person)
        assert text is not None
        found.append(text)
    return found
