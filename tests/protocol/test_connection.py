"""What the answers of masters mean, and where the scheduler endpoint is."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from mesos_batch.protocol.connection import (
    Verdict,
    base_url,
    call_answer,
    error_answer,
    longest_silence,
    origin,
    scheduler_url,
    subscription_answer,
)

RECORDINGS = Path(__file__).parents[1] / "recordings" / "json"
ASKED = "http://m:5050/api/v1/scheduler"


@pytest.mark.parametrize(
    ("address", "base"),
    [
        ("host:5050", "http://host:5050"),
        ("[::1]:5050", "http://[::1]:5050"),
        ("http://host", "http://host:5050"),
        ("https://host", "https://host:443"),
        ("https://host:8443", "https://host:8443"),
        ("https://host/mesos", "https://host:443/mesos"),
        ("http://host/mesos", "http://host:80/mesos"),
        ("http://host:5050/mesos", "http://host:5050/mesos"),
    ],
)
def test_an_address_leads_to_the_scheduler_endpoint(address: str, base: str) -> None:
    assert scheduler_url(address) == f"{base}/api/v1/scheduler"
    assert base_url(scheduler_url(address)) == base
    assert origin(scheduler_url(address)) in base


@pytest.mark.parametrize(
    ("asked", "location", "leads_to"),
    [
        # Recording leader_failover.
        (ASKED, "//l:5150/master/api/v1/scheduler", "http://l:5150/master/api/v1/scheduler"),
        (
            "https://m/api/v1/scheduler",
            "//l:5150/master/api/v1/scheduler",
            "https://l:5150/master/api/v1/scheduler",
        ),
        (
            "http://proxy/mesos/api/v1/scheduler",
            "//l:5150/master/api/v1/scheduler",
            "http://l:5150/master/api/v1/scheduler",
        ),
        (
            "http://proxy/mesos/api/v1/scheduler",
            "/master/api/v1/scheduler",
            "http://proxy/mesos/master/api/v1/scheduler",
        ),
        (
            "http://proxy/mesos/api/v1/scheduler",
            "//proxy/mesos/master/api/v1/scheduler",
            "http://proxy/mesos/master/api/v1/scheduler",
        ),
        (ASKED, "https://l:5150/api/v1/scheduler", "https://l:5150/api/v1/scheduler"),
        ("https://m/api/v1/scheduler", "http://l:5150/api/v1/scheduler", None),
        (ASKED, "//me:pw@l:5150/api/v1/scheduler", None),
        # A page to log in at: our credentials would go along.
        (ASKED, "https://sso.example/login?next=/api/v1/scheduler", None),
        (ASKED, "//l:99999/api/v1/scheduler", None),
        (ASKED, "mailto:l", None),
        (ASKED, "", None),
    ],
)
def test_where_a_redirect_leads(asked: str, location: str, leads_to: str | None) -> None:
    answer = subscription_answer(asked, 307, {"Location": location}, "")

    assert answer.location == leads_to
    assert answer.verdict is (Verdict.RETRY if leads_to is None else Verdict.REDIRECT)


@pytest.mark.parametrize(
    ("status", "body", "subscribing", "calling"),
    [
        (200, "", Verdict.ACCEPTED, Verdict.ACCEPTED),
        (202, "", Verdict.RETRY, Verdict.ACCEPTED),
        (400, "Failed to validate", Verdict.REFUSED, Verdict.REFUSED),
        (400, "Framework cannot be found", Verdict.REFUSED, Verdict.SUBSCRIBE_AGAIN),
        (401, "", Verdict.NOT_AUTHENTICATED, Verdict.NOT_AUTHENTICATED),
        (403, "Framework is not subscribed", Verdict.NOT_AUTHENTICATED, Verdict.SUBSCRIBE_AGAIN),
        (404, "", Verdict.RETRY, Verdict.SUBSCRIBE_AGAIN),
        (413, "", Verdict.RETRY, Verdict.REFUSED),
        (415, "", Verdict.REFUSED, Verdict.REFUSED),
        (500, "", Verdict.RETRY, Verdict.SUBSCRIBE_AGAIN),
        (503, "", Verdict.RETRY, Verdict.SUBSCRIBE_AGAIN),
    ],
)
def test_what_a_status_means(
    status: int, body: str, subscribing: Verdict, calling: Verdict
) -> None:
    assert subscription_answer(ASKED, status, {}, body).verdict is subscribing
    assert call_answer(status, body).verdict is calling


def test_the_errors_a_real_master_sends_in_a_stream() -> None:
    said: dict[str, Verdict] = {}
    for path in RECORDINGS.glob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            text = (entry.get("body") or {}).get("text", "")
            if entry["kind"] == "record" and '"ERROR"' in text:
                message = json.loads(text)["error"]["message"]
                said[message] = error_answer(message).verdict

    assert said.pop("Framework has been removed") is Verdict.REMOVED
    assert said.pop("Framework failed over") is Verdict.TAKEN_OVER
    assert len(said) >= 3
    assert set(said.values()) == {Verdict.REFUSED}


@pytest.mark.parametrize(
    ("heartbeat", "seconds"),
    [(15.0, 75.0), (0.1, 0.5), (0.0, 75.0), (-1.0, 75.0), (math.inf, 75.0), (math.nan, 75.0)],
)
def test_a_stream_may_miss_five_heartbeats(heartbeat: float, seconds: float) -> None:
    assert longest_silence(heartbeat) == seconds


def test_what_is_said_is_one_short_line() -> None:
    assert call_answer(500, " a\n  b\t").text == "a b"
    assert call_answer(500, "\x1b[31mred").text == "HTTP 500"
    assert len(call_answer(500, "word " * 1000).text) <= 203
