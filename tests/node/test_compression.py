# SPDX-License-Identifier: EUPL-1.2
"""Pages travel compressed, and nothing else does."""

import gzip

import pytest

from mostovi.rights.roles import Role

pytestmark = pytest.mark.django_db


def test_a_page_is_small_on_its_way_and_whole_at_its_end(acting, signed_in):
    client = signed_in(acting(Role.SOCIAL_WORKER))
    plain = client.get("/plan/")
    packed = client.get("/plan/", headers={"accept-encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed["Vary"]
    assert len(packed.content) < len(plain.content) / 3
    assert b"</html>" in gzip.decompress(packed.content)


def test_what_machines_read_is_sent_as_it_is(acting, signed_in):
    client = signed_in(acting(Role.SOCIAL_WORKER))
    answer = client.get("/api/v1/openapi.json", headers={"accept-encoding": "gzip"})
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer
