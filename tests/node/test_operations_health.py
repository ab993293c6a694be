# SPDX-License-Identifier: EUPL-1.2
"""Monitors learn whether the node works, and nothing else."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from mostovi.node import health
from mostovi.node.health import Gauge, prometheus_text
from mostovi.node.job_models import JobRun

pytestmark = pytest.mark.django_db


def beat(ago: dt.timedelta = dt.timedelta(0)) -> None:
    now = timezone.now()
    JobRun.objects.create(name="exchange.relay", due=now, last_finished=now - ago)


def test_a_working_node_is_ok(client: Client) -> None:
    beat()
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert set(answer.json()["parts"].values()) == {"ok"}
    assert "no-store" in answer["Cache-Control"]


def test_a_node_whose_worker_rests_still_answers_people(client: Client) -> None:
    beat(dt.timedelta(minutes=10))
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["parts"]["worker"] == "failing"


@pytest.mark.parametrize("part", sorted(health.NEEDED_TO_ANSWER))
def test_a_node_that_cannot_work_leaves_service(
    client: Client, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    beat()
    monkeypatch.setitem(health.PARTS, part, lambda: False)
    answer = client.get("/health")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "failing",
        "parts": {name: "failing" if name == part else "ok" for name in health.PARTS},
    }


def test_health_needs_no_account_and_takes_no_orders(client: Client) -> None:
    assert client.head("/health").status_code == 200
    assert client.post("/health").status_code == 405


@pytest.fixture
def token() -> str:
    path: Path = settings.MOSTOVI.keys / "metrics.token"
    path.write_text("a-secret-token\n", encoding="ascii")
    return "a-secret-token"


def test_metrics_are_for_this_machine_or_with_the_token(client: Client, token: str) -> None:
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="::1").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.7").status_code == 404
    assert client.get("/metrics", REMOTE_ADDR="").status_code == 404
    for given, status in ((token, 200), ("wrong", 404), ("", 404)):
        headers = {"Authorization": f"Bearer {given}"}
        answer = client.get("/metrics", REMOTE_ADDR="10.0.0.7", headers=headers)
        assert answer.status_code == status


def test_a_proxy_on_this_machine_does_not_open_the_metrics(
    client: Client, settings: pytest.FixtureRequest
) -> None:
    forwarded = client.get(
        "/metrics", REMOTE_ADDR="127.0.0.1", headers={"X-Forwarded-For": "10.0.0.7"}
    )
    assert forwarded.status_code == 404
    settings.BEHIND_HTTPS = True  # type: ignore[attr-defined]
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 404


def test_metrics_are_valid_prometheus_text(client: Client) -> None:
    beat()
    text = client.get("/metrics", REMOTE_ADDR="127.0.0.1").content.decode()
    seen: set[str] = set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name = line.split()[2]
            assert name not in seen
            seen.add(name)
        elif not line.startswith("# HELP "):
            assert re.fullmatch(
                r'[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [-+.e0-9]+', line
            )
            assert line.split("{")[0].split(" ")[0] in seen
    assert {"mostovi_part_ok", "mostovi_job_failures", "mostovi_outbox_age_seconds"} <= seen


def test_label_values_are_quoted() -> None:
    text = prometheus_text([Gauge("m", "A meaning.", 1.5, (("job", 'a"b\\c\n'),))])
    assert text == '# HELP m A meaning.\n# TYPE m gauge\nm{job="a\\"b\\\\c\\n"} 1.5\n'
