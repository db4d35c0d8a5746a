"""The life of a connection: what each thing that can happen to it is answered with."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from runtime.followed import ManualClock, following, stream
from runtime.scripted_master import (
    Answer,
    Request,
    ScriptedMaster,
    chunk,
    error,
    event,
    head,
    status,
    subscribed,
)

from mesos_batch.engine import events as ev
from mesos_batch.runtime import subscriber
from mesos_batch.runtime.subscriber import Connected
from mesos_batch.transport.http import Login

DEAD = "127.0.0.1:1"
END = b"0\r\n\r\n"
RESCIND = event(type="RESCIND", rescind={"offer_id": {"value": "O"}})


GOOD = "good"


class Turns(ScriptedMaster):
    """Gives these answers in turn, ``GOOD`` for a subscription that lasts; the last for ever."""

    def __init__(self, *answers: bytes | list[bytes] | str) -> None:
        def script(_: Request, number: int) -> Answer:
            answer = answers[min(number, len(answers)) - 1]
            if isinstance(answer, str):
                return stream(self, subscribed())
            return answer if isinstance(answer, bytes) else iter([head(), *answer])

        super().__init__(script)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        ([chunk(b"100\nabc"), END], "the stream was cut within a record"),
        ([chunk(b"1"), END], "the stream was cut within a record"),
        ([chunk(b"\x00\xff\x13garbage\n")], "the stream is not RecordIO"),
        ([chunk(b"2\n\x08\x08tail\n")], "the stream is not RecordIO"),
        ([chunk(b"9" * 30)], "a record header has no end"),
        ([chunk(b"3\nabc")], "Error parsing message"),
        ([b"zz\r\n"], "the connection broke"),
        ([chunk(b"100\nabc")], "the connection broke"),
        ([END], "the master ended the subscription"),
    ],
    ids=["cut", "cut in length", "garbage", "short length", "long length", "record", "chunk",
         "closed", "ended"],
)  # fmt: skip
def test_a_broken_stream_is_replaced_with_the_same_framework_id(
    damage: list[bytes], reason: str
) -> None:
    with Turns([subscribed("F1"), *damage], GOOD) as master, following(master.address) as it:
        it.next(Connected)
        lost = it.next(ev.ConnectionLost)
        it.next(Connected)

        again = master.requests[1].call
    assert reason in lost.reason
    assert master.address in lost.reason
    assert again.framework_id.value == again.subscribe.framework_info.id.value == "F1"


def test_a_silent_stream_is_dropped_after_five_heartbeats() -> None:
    """A half-open connection: the master is gone and nobody tells us."""

    def script(_: Request, number: int) -> Answer:
        return stream(master, subscribed(heartbeat=0.02 if number == 1 else 15))

    with ScriptedMaster(script) as master, following(master.address) as it:
        it.next(Connected)
        lost = it.next(ev.ConnectionLost)
        it.next(Connected)

    assert "no heartbeat for 0.1 s" in lost.reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (status(503, "No leader elected"), "No leader elected"),
        (status(404), "HTTP 404"),
        (status(500, "\x00\x01\x02"), "HTTP 500"),
        (status(502, "<html>\n" + "<p>page</p>\n" * 5000), "<html> <p>page</p> <p>page</p>"),
        (status(302, "", Location="http://elsewhere.invalid/login"), "HTTP 302"),
        (status(307), "a redirect without a Location"),
        (status(307, "", Location="ftp://x"), "a redirect to what is no address"),
        (status(307, "", Location="//[::1"), "a redirect to what is no address"),
        (b"HTTP/1.1 503 X\r\nContent-Length: 100\r\n\r\nshort", "HTTP 503"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "the connection broke"),
        (b"", "the connection broke"),
    ],
)
def test_a_master_that_cannot_now_is_asked_again(answer: bytes, reason: str) -> None:
    def script(_: Request, number: int) -> Answer:
        return iter([answer]) if number == 1 else stream(master, subscribed())

    with ScriptedMaster(script) as master, following(master.address) as it:
        lost = it.next(ev.ConnectionLost)
        it.next(Connected)

    assert reason in lost.reason
    assert len(lost.reason) < 300
    assert 0 < lost.retry_in <= 0.2


def test_a_body_without_end_is_not_read_to_its_end() -> None:
    def script(_: Request, number: int) -> Answer:
        return endless() if number == 1 else stream(master, subscribed())

    def endless() -> Iterator[bytes]:
        yield b"HTTP/1.1 503 X\r\nContent-Length: 1000000000000\r\n\r\n"
        while not master.released.is_set():
            yield b"word " * 1000

    with ScriptedMaster(script) as master, following(master.address) as it:
        lost = it.next(ev.ConnectionLost)
        it.next(Connected)

    assert "word word" in lost.reason


@pytest.mark.parametrize("answer", [status(503), [subscribed(), END]], ids=["503", "cut at once"])
def test_the_pauses_grow_while_nothing_holds(answer: bytes | list[bytes]) -> None:
    with Turns(answer) as master, following(master.address, "F") as it:
        pauses = [it.until(ev.ConnectionLost).retry_in for _ in range(3)]

    assert pauses[0] <= 0.2 <= pauses[1] <= 0.4 <= pauses[2]


def test_every_address_is_tried_and_redirects_are_followed() -> None:
    with Turns(GOOD) as leader:
        moved = status(307, Location=f"//{leader.address}/master/api/v1/scheduler")
        with Turns(moved) as standby, following(f"{DEAD},{standby.address}") as it:
            lost = it.next(ev.ConnectionLost)
            connected = it.next(Connected)

    assert "Connection refused" in lost.reason
    assert connected.master == f"http://{leader.address}/master"
    assert connected.event.master == f"http://{leader.address}/master/api/v1/scheduler"


def test_after_the_last_address_comes_the_first() -> None:
    with Turns(status(503), GOOD) as master, following(f"{master.address},{DEAD}") as it:
        troubles = [it.next(ev.ConnectionLost).reason for _ in range(2)]
        it.next(Connected)

    assert master.address in troubles[0]
    assert DEAD in troubles[1]


def test_a_dead_leader_others_still_name_is_left_for_the_addresses_given() -> None:
    """Recording leader_failover: for seconds the other master redirects to one that is killed."""
    dead = status(307, Location=f"//{DEAD}/master/api/v1/scheduler")
    with Turns(dead, dead, GOOD) as master, following(master.address) as it:
        troubles = [it.next(ev.ConnectionLost) for _ in range(2)]
        it.next(Connected)

    assert all(f"http://{DEAD}/master" in lost.reason for lost in troubles)
    assert all(lost.retry_in > 0 for lost in troubles)


def test_masters_that_redirect_to_each_other_are_asked_again_later() -> None:
    def script(_: Request, number: int) -> Answer:
        if number > 2 * (1 + subscriber.MAX_REDIRECTS):
            return stream(master, subscribed())
        return status(307, Location=f"//{master.address}/master/api/v1/scheduler")

    with ScriptedMaster(script) as master, following(master.address) as it:
        troubles = [it.next(ev.ConnectionLost).reason for _ in range(2)]
        it.next(Connected)

    assert all("the masters redirect to each other" in trouble for trouble in troubles)


def test_a_redirect_of_a_master_behind_a_prefix_keeps_the_prefix() -> None:
    def script(request: Request, number: int) -> Answer:
        if number == 1:
            return status(307, Location=f"//{master.address}/master/api/v1/scheduler")
        return stream(master, subscribed())

    with ScriptedMaster(script) as master, following(f"http://{master.address}/mesos/") as it:
        it.next(Connected)

    paths = [request.path for request in master.requests]
    assert paths == ["/mesos/api/v1/scheduler", "/mesos/master/api/v1/scheduler"]


@pytest.mark.parametrize("code", [401, 403])
def test_credentials_that_are_refused_later_end_the_run(code: int) -> None:
    said = status(code, f"{code} no.")
    login = Login("me", "s3cret")
    with (
        Turns([subscribed(), END], said, GOOD) as master,
        following(master.address, login=login) as it,
    ):
        it.next(Connected)
        it.next(ev.ConnectionLost)
        failed = it.next(ev.SubscriptionFailed)
        it.subscriber.close()

        assert it.nothing_more()
        assert len(master.requests) == 2
    assert failed.reason == (
        f"the master does not accept principal 'me' with the secret given ({code} no.): check both"
    )
    assert "s3cret" not in repr(it.seen)


def test_a_subscription_the_master_finds_wrong_is_not_tried_again() -> None:
    said = "Failed to validate scheduler::Call: Authenticated principal 'a' does not match"
    with Turns(status(400, said), GOOD) as master, following(master.address) as it:
        failed = it.next(ev.SubscriptionFailed)

    assert failed.reason == f"the master refuses the subscription: {said}"


def test_a_removed_framework_starts_over_only_when_told() -> None:
    def script(_: Request, number: int) -> Answer:
        if number == 1:
            return iter([head(), error("Framework has been removed"), END])
        asked_again.set()
        return stream(master, subscribed())

    asked_again = threading.Event()
    with ScriptedMaster(script) as master, following(master.address, "F-old") as it:
        gone = it.next(ev.FrameworkRemoved)
        assert not asked_again.wait(0.3)
        it.subscriber.start_over()
        connected = it.next(Connected)

        first, second = (request.call for request in master.requests)
    assert gone.reason == "Framework has been removed"
    assert gone.silent_for is None
    assert first.framework_id.value == "F-old"
    assert not second.HasField("framework_id")
    assert not second.subscribe.framework_info.HasField("id")
    assert connected.event.framework_id == "F"


def test_a_framework_removed_while_it_runs_is_told_of_too() -> None:
    removed = [subscribed(), error("Framework has been removed"), END]
    with Turns(removed) as master, following(master.address) as it:
        it.next(Connected)
        gone = it.next(ev.FrameworkRemoved)
        it.subscriber.close()

        assert it.nothing_more()
        assert len(master.requests) == 1
    assert gone.silent_for is not None


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Framework failed over", "another process has subscribed as framework F and goes on"),
        ("Roles { x } are not present", "refuses the subscription: Roles { x } are not present"),
        ("", "refuses the subscription: an ERROR without a message"),
    ],
)
def test_an_error_in_the_stream_ends_the_run(message: str, reason: str) -> None:
    with Turns([subscribed(), error(message), END], GOOD) as master:
        with following(master.address) as it:
            it.next(Connected)
            failed = it.next(ev.SubscriptionFailed)

        assert len(master.requests) == 1
    assert reason in failed.reason


def test_a_new_framework_gives_up_where_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriber, "GIVE_UP_SECONDS", 0.3)

    with following(f"{DEAD},127.0.0.1:2") as it:
        failed = it.until(ev.SubscriptionFailed)

    assert failed.reason.startswith("no master answers at http://127.0.0.1:")
    assert failed.reason.endswith("Connection refused")


def test_a_framework_that_has_tasks_never_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriber, "GIVE_UP_SECONDS", 0.0)
    with Turns(status(503), status(503), GOOD) as master, following(master.address, "F9") as it:
        it.next(ev.ConnectionLost)
        it.next(ev.ConnectionLost)
        it.next(Connected)

        assert {request.call.framework_id.value for request in master.requests} == {"F9"}


def test_after_the_first_subscription_nobody_gives_up() -> None:
    clock = ManualClock()
    with (
        Turns([subscribed(), END], status(503), GOOD) as master,
        following(master.address, clock=clock) as it,
    ):
        it.next(Connected)
        clock.time += 1000
        it.until(Connected)


def test_a_subscription_that_is_dropped_is_replaced() -> None:
    with Turns(GOOD) as master, following(master.address) as it:
        it.next(Connected)
        it.subscriber.reconnect("a call failed")
        lost = it.next(ev.ConnectionLost)
        it.next(Connected)

    assert lost.reason.endswith("a call failed")


def test_calls_of_an_earlier_subscription_drop_no_later_one() -> None:
    def script(_: Request, number: int) -> Answer:
        return iter([head(), subscribed(), END]) if number == 1 else second()

    def second() -> Iterator[bytes]:
        yield from (head(), subscribed())
        late.wait()
        yield RESCIND
        yield from master.hold()

    late = threading.Event()
    with ScriptedMaster(script) as master, following(master.address) as it:
        first = it.next(Connected)
        it.next(ev.ConnectionLost)
        it.next(Connected)
        it.subscriber.reconnect("a call failed", first.calls)
        late.set()

        it.next(ev.OfferRescinded)


@pytest.mark.parametrize("answer", ["nothing", "a stream", "never"])
def test_closing_ends_whatever_is_waited_for(answer: str) -> None:
    def script(_: Request, __: int) -> Answer:
        asked.set()
        return stream(master, subscribed()) if answer == "a stream" else master.hold()

    asked = threading.Event()
    with ScriptedMaster(script) as master:
        with following(DEAD if answer == "never" else master.address, "F") as it:
            if answer == "never":
                it.next(ev.ConnectionLost)
            else:
                assert asked.wait(60)

        assert "subscriber" not in {thread.name for thread in threading.enumerate()}
