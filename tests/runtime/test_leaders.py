"""Which master is asked: what an address says, and what ZooKeeper's word does to that."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from runtime.followed import following, stream
from runtime.scripted_master import ScriptedMaster, subscribed

from mesos_batch.api import RunOptions, start
from mesos_batch.errors import UsageError
from mesos_batch.protocol.zk import Leader, NoLeader
from mesos_batch.runtime import subscriber
from mesos_batch.runtime.leaders import Elected, NoLeaderError, Seeds, ZooKeeper, masters_at
from mesos_batch.runtime.subscriber import Connected
from mesos_batch.transport import zookeeper
from mesos_batch.transport.http import Login
from mesos_batch.transport.stream import Stream

A = Leader("A", ("a:1", "10.0.0.1:1"))
B = Leader("B", ("b:1", "10.0.0.2:1"))
NEW_A = Leader("new A", A.addresses)


class FakeWatch:
    """Tells what the test says."""

    tell: Callable[[zookeeper.News], None]
    first: Leader | None = None

    def __init__(self, _servers: str, _path: str, _login: str | None, tell: object) -> None:
        type(self).tell = staticmethod(tell)  # type: ignore[arg-type]

    def start(self) -> None:
        if self.first is not None:
            type(self).tell(self.first)

    def close(self) -> None:
        pass


@pytest.fixture
def elected(monkeypatch: pytest.MonkeyPatch) -> Elected:
    monkeypatch.setattr(zookeeper, "LeaderWatch", FakeWatch)
    leaders = Elected(ZooKeeper("z:2181", "/mesos"), lambda: None)
    leaders.start()
    return leaders


def url(address: str) -> str:
    return f"http://{address}/api/v1/scheduler"


def test_an_address_says_where_to_look() -> None:
    assert masters_at("a:5050,https://b/mesos") == (
        url("a:5050"),
        "https://b:443/mesos/api/v1/scheduler",
    )
    found = masters_at("zk://me:s3cret@h1,h2:22/mesos/x")
    assert isinstance(found, ZooKeeper)
    assert (found.servers, found.path) == ("h1:2181,h2:22", "/mesos/x")
    assert found.login is not None
    assert found.login.reveal() == "me:s3cret"
    assert "s3cret" not in repr(found)


def test_seeds_are_gone_through_in_a_circle() -> None:
    seeds = Seeds((url("a"), url("b")))
    asked = []
    for _ in range(3):
        asked.append(seeds.url(0))
        seeds.next()

    assert asked == [url("a"), url("b"), url("a")]


def test_the_addresses_of_a_leader_are_gone_through_in_a_circle(elected: Elected) -> None:
    FakeWatch.tell(A)
    asked = []
    for _ in range(3):
        asked.append(elected.url(0))
        elected.next()
    FakeWatch.tell(B)

    assert asked == [url("a:1"), url("10.0.0.1:1"), url("a:1")]
    assert elected.url(0) == url("b:1")


@pytest.mark.parametrize(
    ("given", "now", "at", "overtaken"),
    [
        (A, A, "a:1", False),
        (A, NoLeader("nobody"), "a:1", False),
        (A, B, "a:1", True),
        (A, NEW_A, "a:1", True),
        # The former leader redirected there before ZooKeeper told.
        (A, A, "b:1", False),
        (A, B, "b:1", False),
        (A, B, "10.0.0.2:1", False),
        (A, NEW_A, "b:1", True),
    ],
)
def test_who_leads_instead(
    elected: Elected, given: Leader, now: zookeeper.News, at: str, overtaken: bool
) -> None:
    FakeWatch.tell(given)
    elected.url(0)
    FakeWatch.tell(now)

    assert elected.overtaken(f"http://{at}/master/api/v1/scheduler") is overtaken


def test_a_leader_overtaken_before_it_is_asked_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The change comes when nobody asks any more who leads and there is no stream to stop yet."""

    class LateStream(Stream):
        def __init__(self, where: str, login: Login | None) -> None:
            FakeWatch.tell(Leader("B", (new.address,)))
            super().__init__(where, login)

    monkeypatch.setattr(zookeeper, "LeaderWatch", FakeWatch)
    monkeypatch.setattr(subscriber, "Stream", LateStream)
    with (
        ScriptedMaster(lambda *_: stream(former, subscribed())) as former,
        ScriptedMaster(lambda *_: stream(new, subscribed())) as new,
    ):
        monkeypatch.setattr(FakeWatch, "first", Leader("A", (former.address,)))
        with following("zk://z/mesos") as it:
            it.until(Connected)

        assert former.requests == []


def test_without_a_leader_the_reason_is_given(elected: Elected) -> None:
    with pytest.raises(NoLeaderError, match="ZooKeeper does not answer at z:2181"):
        elected.url(0)

    FakeWatch.tell(NoLeader("not let in", final=True))
    with pytest.raises(NoLeaderError, match="not let in") as error:
        elected.url(0)
    assert error.value.final


def test_a_mistake_of_the_watch_is_passed_on(elected: Elected) -> None:
    FakeWatch.tell(RuntimeError("a mistake"))

    with pytest.raises(RuntimeError, match="a mistake"):
        elected.url(0)


@pytest.mark.parametrize("address", ["zk://me:s3cret@h:2181", "http://me:s3cret@h:5050", "h"])
def test_a_bad_address_ends_a_run_before_it_begins(address: str) -> None:
    with pytest.raises(UsageError) as refused:
        start([], RunOptions(master=address))

    assert "s3cret" not in str(refused.value)
