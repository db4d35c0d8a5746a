"""Calls on the wire: what is sent, on which connection, and what each answer means."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from transport.byte_master import ACCEPTED, ByteMaster, Connection, answer, later

from mesos_batch.protocol.connection import Answer, Verdict
from mesos_batch.transport.calls import Calls
from mesos_batch.transport.http import Login

PROTOBUF = "application/x-protobuf"
GOOD = Answer(Verdict.ACCEPTED, "HTTP 202")
BROKEN = Answer(Verdict.SUBSCRIBE_AGAIN, "the connection broke")


def calls_to(master: ByteMaster, login: Login | None = None) -> Calls:
    return Calls(login, f"http://{master.address}/api/v1/scheduler", "stream-1")


def serve(connection: Connection, *answers: bytes) -> None:
    for it in answers:
        connection.read()
        connection.write(it)


def test_all_calls_of_a_subscription_are_alike_and_on_one_connection() -> None:
    with ByteMaster(lambda it: serve(it, ACCEPTED, ACCEPTED, later(1))) as master:
        calls = calls_to(master, Login("me", "secret"))
        answers = [calls.send(body, PROTOBUF) for body in (b"one", b"second", b"3")]
        calls.close()

        assert answers == [GOOD] * 3
        assert master.bodies() == [[b"one", b"second", b"3"]]
        first, *others = master.connections[0].requests
    assert first.line == "POST /api/v1/scheduler HTTP/1.1"
    for other in others:
        assert other.line == first.line
        for name in ("host", "user-agent", "authorization", "mesos-stream-id", "accept"):
            assert other.headers[name] == first.headers[name]
    assert first.headers["content-type"] == others[0].headers["content-type"] == PROTOBUF


def test_calls_that_are_independent_do_not_wait_for_each_other() -> None:
    def script(connection: Connection) -> None:
        serve(connection, ACCEPTED)
        for _ in range(3):
            connection.read()
        connection.write(ACCEPTED, later(1), later(1))

    with ByteMaster(script) as master:
        calls = calls_to(master)
        answers = calls.send_all([b"0", b"1", b"2", b"3"], PROTOBUF)
        calls.close()

        assert answers == [GOOD] * 4
        assert master.bodies() == [[b"0", b"1", b"2", b"3"]]


def test_very_many_calls_leave_room_for_their_answers() -> None:
    bodies = [b"%3000d" % number for number in range(2000)]
    long = answer(b"202 Accepted", b"", b"Server: " + 3000 * b"x")
    with ByteMaster(lambda it: serve(it, *[long] * len(bodies))) as master:
        calls = calls_to(master)
        answers = calls.send_all(bodies, PROTOBUF)
        calls.close()

        assert answers == [GOOD] * len(bodies)
        assert master.bodies() == [bodies]


@pytest.mark.parametrize(
    ("refusal", "verdict", "text"),
    [
        (
            answer(b"400 Bad Request", b"Failed to validate scheduler::Call: no"),
            Verdict.REFUSED,
            "Failed to validate scheduler::Call: no",
        ),
        (
            answer(b"403 Forbidden", b"Framework is not subscribed"),
            Verdict.SUBSCRIBE_AGAIN,
            "Framework is not subscribed",
        ),
        (
            b"HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nBusy!\r\n0\r\n\r\n",
            Verdict.SUBSCRIBE_AGAIN,
            "Busy!",
        ),
        (b"HTTP/1.0 503 X\r\n\r\nBusy", Verdict.SUBSCRIBE_AGAIN, "Busy"),
        (b"HTTP/1.1 503 X\r\nContent-Length: 9\r\n\r\nBusy", Verdict.SUBSCRIBE_AGAIN, None),
        (answer(b"307 X", b"", b"Location: //other:5050/x"), Verdict.SUBSCRIBE_AGAIN, "HTTP 307"),
        (b"SMTP\r\n\r\n", Verdict.SUBSCRIBE_AGAIN, "the connection broke"),
        (b"", Verdict.SUBSCRIBE_AGAIN, "the connection broke"),
    ],
    ids=["wrong", "lost", "chunked", "old", "cut", "redirect", "no HTTP", "closed"],
)
@pytest.mark.parametrize("earlier", [0, 1, 2])
def test_what_is_not_accepted_is_told_whether_it_is_the_first_call_or_not(
    earlier: int, refusal: bytes, verdict: Verdict, text: str | None
) -> None:
    with ByteMaster(lambda it: serve(it, *[ACCEPTED] * earlier, refusal)) as master:
        calls = calls_to(master)
        for _ in range(earlier):
            assert calls.send(b"before", PROTOBUF) == GOOD
        told = calls.send(b"now", PROTOBUF)
        calls.close()

        assert told == Answer(verdict, told.text if text is None else text)
        assert master.bodies() == [[*[b"before"] * earlier, b"now"]]


def test_after_a_call_that_is_not_accepted_no_answer_is_told() -> None:
    def script(connection: Connection) -> None:
        serve(connection, ACCEPTED)
        for _ in range(3):
            connection.read()
        connection.write(ACCEPTED, answer(b"400 X", b"no such stream"), ACCEPTED)

    with ByteMaster(script) as master:
        calls = calls_to(master)
        assert calls.send(b"0", PROTOBUF) == GOOD
        answers = calls.send_all([b"1", b"2", b"3"], PROTOBUF)
        calls.close()

    assert answers == [GOOD, Answer(Verdict.SUBSCRIBE_AGAIN, "no such stream")]


def test_nothing_is_sent_twice_when_a_connection_breaks() -> None:
    def script(connection: Connection) -> None:
        serve(connection, ACCEPTED)
        connection.read()
        connection.read()
        connection.write(ACCEPTED)

    with ByteMaster(script) as master:
        calls = calls_to(master)
        assert calls.send(b"0", PROTOBUF) == GOOD
        answers = calls.send_all([b"1", b"2"], PROTOBUF)
        calls.close()

        assert answers == [GOOD, BROKEN]
        assert master.bodies() == [[b"0", b"1", b"2"]]


def test_what_follows_an_announced_end_is_sent_on_another_connection() -> None:
    """A proxy ends a connection after so many requests, and says so with the last answer."""

    def first(connection: Connection) -> None:
        serve(connection, ACCEPTED)
        connection.read()
        connection.write(answer(b"202 Accepted", b"", b"Connection: close"))
        connection.linger()

    with ByteMaster(first, lambda it: serve(it, ACCEPTED, ACCEPTED)) as master:
        calls = calls_to(master)
        assert calls.send(b"0", PROTOBUF) == GOOD
        answers = calls.send_all([b"1", b"2", b"3"], PROTOBUF)
        calls.close()

        assert answers == [GOOD] * 3
        assert master.bodies() == [[b"0", b"1"], [b"2", b"3"]]


@pytest.mark.parametrize("unasked", [b"", answer(b"408 Request Timeout", b"")])
def test_a_connection_that_was_closed_meanwhile_is_replaced(unasked: bytes) -> None:
    def first(connection: Connection) -> None:
        serve(connection, ACCEPTED, ACCEPTED)
        connection.write(unasked)

    with ByteMaster(first, lambda it: serve(it, ACCEPTED)) as master:
        calls = calls_to(master)
        assert [calls.send(body, PROTOBUF) for body in (b"0", b"1")] == [GOOD] * 2
        master.wait_for_end(0)

        assert calls.send(b"2", PROTOBUF) == GOOD
        calls.close()
        assert master.bodies() == [[b"0", b"1"], [b"2"]]


def test_an_answer_may_come_in_pieces() -> None:
    def script(connection: Connection) -> None:
        serve(connection, ACCEPTED, ACCEPTED)
        connection.read()
        for byte in ACCEPTED:
            connection.write(bytes([byte]))

    with ByteMaster(script) as master:
        calls = calls_to(master)
        assert [calls.send(b"c", PROTOBUF) for _ in range(3)] == [GOOD] * 3
        calls.close()


@pytest.mark.parametrize("earlier", [0, 1])
def test_a_master_that_says_nothing_is_given_up(earlier: int) -> None:
    def script(connection: Connection) -> None:
        serve(connection, *[ACCEPTED] * earlier)
        connection.read()
        connection.socket.recv(1)

    with ByteMaster(script) as master:
        calls = calls_to(master)
        for _ in range(earlier):
            assert calls.send(b"before", PROTOBUF) == GOOD
        told = calls.send(b"now", PROTOBUF, timeout=0.05)
        calls.close()

    assert told == Answer(Verdict.SUBSCRIBE_AGAIN, "no answer in time")


def test_a_balancer_gets_its_latest_cookie_back() -> None:
    first = answer(b"202 Accepted", b"", b"Set-Cookie: master=1")
    second = answer(b"202 Accepted", b"", b"Set-Cookie: master=2")
    with ByteMaster(lambda it: serve(it, first, second, ACCEPTED)) as master:
        calls = calls_to(master)
        assert [calls.send(b"c", PROTOBUF) for _ in range(3)] == [GOOD] * 3
        calls.close()
        master.bodies()

    cookies = [it.headers.get("cookie") for it in master.connections[0].requests]
    assert cookies == [None, "master=1", "master=2"]


def test_a_proxy_is_asked_for_the_whole_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with ByteMaster(lambda it: serve(it, *[ACCEPTED] * 3)) as proxy:
        monkeypatch.setenv("http_proxy", f"http://{proxy.address}")
        calls = Calls(None, "http://master.example:5050/api/v1/scheduler", "S")
        assert calls.send_all([b"1", b"2", b"3"], PROTOBUF) == [GOOD] * 3
        calls.close()
        proxy.bodies()

    lines = {request.line for request in proxy.connections[0].requests}
    assert lines == {"POST http://master.example:5050/api/v1/scheduler HTTP/1.1"}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
@pytest.mark.parametrize("trusted", [True, False])
def test_tls_is_verified_by_the_bundle_of_the_environment(
    trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def script(connection: Connection) -> None:
        serve(connection, *[ACCEPTED] * 3)

    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    if trusted:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with ByteMaster(script, tls=context) as master:
        calls = Calls(None, f"https://{master.address}/api/v1/scheduler", "S")
        answers = calls.send_all([b"1", b"2", b"3"], PROTOBUF)
        calls.close()
        if trusted:
            assert answers == [GOOD] * 3
            assert master.bodies() == [[b"1", b"2", b"3"]]
        else:
            assert [it.verdict for it in answers] == [Verdict.SUBSCRIBE_AGAIN]
            assert "by no authority we trust" in answers[0].text
