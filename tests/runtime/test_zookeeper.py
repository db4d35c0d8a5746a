"""The leader as a real ZooKeeper names it, and its changes."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from runtime.followed import following, stream
from runtime.scripted_master import Answer, Request, ScriptedMaster, event, head, status, subscribed
from zookeeper_server import ZooKeeperServer, register_master

from mesos_batch.engine import events as ev
from mesos_batch.runtime import subscriber
from mesos_batch.runtime.leaders import masters_at
from mesos_batch.runtime.subscriber import OVERTAKEN, Connected

pytestmark = pytest.mark.zookeeper
OWN_THREADS = ("subscriber", "zookeeper", "zk_loop", "_thread_worker")


def rescind(offer_id: str) -> bytes:
    return event(type="RESCIND", rescind={"offer_id": {"value": offer_id}})


class Master(ScriptedMaster):
    """Accepts every subscription and sends what a test says to its newest one."""

    def __init__(self) -> None:
        self._to_send: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        super().__init__(lambda _request, _number: self._answer())

    def send(self, data: bytes) -> None:
        self._to_send.put(data)

    def end_stream(self) -> None:
        self._to_send.put(None)

    def _answer(self) -> Iterator[bytes]:
        yield head()
        yield subscribed()
        while (data := self._to_send.get()) is not None:
            yield data

    def __exit__(self, *_: object) -> None:
        self.end_stream()
        super().__exit__()


@pytest.fixture
def masters() -> Iterator[tuple[Master, Master]]:
    with Master() as one, Master() as two:
        yield one, two


def test_the_oldest_master_is_the_one_asked(
    zookeeper: ZooKeeperServer, masters: tuple[Master, Master]
) -> None:
    path = zookeeper.new_path()
    with zookeeper.client() as client:
        client.create(f"{path}/log_replicas/0000000000", b"", makepath=True)
        client.create(f"{path}/json.info_x", b"{}")
        for number, master in enumerate(masters):
            register_master(client, path, master.address, f"id-{number}")
        with following(f"zk://{zookeeper.address}{path}") as it:
            connected = it.next(Connected)

    assert connected.master == f"http://{masters[0].address}"


def test_another_leader_is_followed_at_once(
    zookeeper: ZooKeeperServer, masters: tuple[Master, Master]
) -> None:
    """Its predecessor is still connected: nothing but ZooKeeper tells of the change."""
    path = zookeeper.new_path()
    one, two = masters
    with zookeeper.client() as client, zookeeper.client() as other:
        register_master(client, path, one.address, "id-1")
        register_master(other, path, two.address, "id-2")
        with following(f"zk://{zookeeper.address}{path}") as it:
            it.next(Connected)
            client.stop()
            lost = it.next(ev.ConnectionLost)
            connected = it.next(Connected)

    assert lost.reason.endswith(OVERTAKEN)
    assert lost.retry_in == 0.0
    assert connected.master == f"http://{two.address}"
    assert two.requests[0].call.framework_id.value == "F"


def test_another_master_at_the_same_address_is_another_leader(
    zookeeper: ZooKeeperServer, masters: tuple[Master, Master]
) -> None:
    path = zookeeper.new_path()
    master, _ = masters
    with zookeeper.client() as client:
        node = register_master(client, path, master.address, "id-1")
        with following(f"zk://{zookeeper.address}{path}") as it:
            it.next(Connected)
            register_master(client, path, master.address, "id-2")
            client.delete(node)
            lost = it.next(ev.ConnectionLost)
            master.end_stream()
            it.next(Connected)

    assert lost.reason.endswith(OVERTAKEN)


def test_without_a_leader_one_is_waited_for(
    zookeeper: ZooKeeperServer, masters: tuple[Master, Master]
) -> None:
    path = zookeeper.new_path()
    one, two = masters
    with zookeeper.client() as client, following(f"zk://{zookeeper.address}{path}", "F") as it:
        nobody = it.next(ev.ConnectionLost)
        node = register_master(client, path, one.address, "id-1")
        it.until(Connected)

        client.delete(node)
        one.send(rescind("leaderless"))
        it.next(ev.OfferRescinded)
        one.end_stream()
        it.next(ev.ConnectionLost)
        register_master(client, path, two.address, "id-2")
        connected = it.until(Connected)

    assert nobody.reason == f"no master is registered at zk://{zookeeper.address}{path}"
    assert connected.master == f"http://{two.address}"


def test_a_leader_that_cannot_be_read_is_waited_for(
    zookeeper: ZooKeeperServer, masters: tuple[Master, Master]
) -> None:
    path = zookeeper.new_path()
    with zookeeper.client() as client:
        client.create(f"{path}/json.info_0000000001", b"{garbage", makepath=True)
        with following(f"zk://{zookeeper.address}{path}", "F") as it:
            lost = it.next(ev.ConnectionLost)
            client.delete(f"{path}/json.info_0000000001")
            register_master(client, path, masters[0].address, "id-1")
            it.until(Connected)

    assert "json.info_0000000001 cannot be read" in lost.reason


def test_a_restart_of_zookeeper_leaves_the_subscription_alone(
    zookeeper: ZooKeeperServer, masters: tuple[Master, Master]
) -> None:
    path = zookeeper.new_path()
    one, two = masters
    with zookeeper.client() as client:
        node = register_master(client, path, one.address, "id-1")
        with following(f"zk://{zookeeper.address}{path}") as it:
            it.next(Connected)
            zookeeper.stop()
            one.send(rescind("while ZooKeeper is away"))
            it.next(ev.OfferRescinded)
            zookeeper.start()
            one.send(rescind("after it came back"))
            it.next(ev.OfferRescinded)

            # And it is watched again.
            client.retry(register_master, client, path, two.address, "id-2")
            client.retry(client.delete, node)
            it.next(ev.ConnectionLost)
            connected = it.next(Connected)

    assert connected.master == f"http://{two.address}"


def test_a_leader_found_is_gone_back_to_while_zookeeper_is_away(
    zookeeper: ZooKeeperServer, masters: tuple[Master, Master]
) -> None:
    path = zookeeper.new_path()
    one, _ = masters
    with zookeeper.client() as client:
        register_master(client, path, one.address, "id-1")
        with following(f"zk://{zookeeper.address}{path}") as it:
            it.next(Connected)
            zookeeper.stop()
            one.end_stream()
            it.next(ev.ConnectionLost)
            it.next(Connected)
        zookeeper.start()


def test_a_redirect_of_the_leader_is_followed(
    zookeeper: ZooKeeperServer, masters: tuple[Master, Master]
) -> None:
    """ZooKeeper tells all watchers, but not all at the same moment."""
    path = zookeeper.new_path()
    leader, _ = masters

    def script(_request: Request, _number: int) -> Answer:
        return status(307, Location=f"//{leader.address}/master/api/v1/scheduler")

    with zookeeper.client() as client, ScriptedMaster(script) as former:
        register_master(client, path, former.address, "id-1")
        with following(f"zk://{zookeeper.address}{path}") as it:
            connected = it.next(Connected)

    assert connected.master == f"http://{leader.address}/master"


def test_a_new_leader_is_not_kept_waiting_for_the_failures_of_the_former(
    zookeeper: ZooKeeperServer, masters: tuple[Master, Master]
) -> None:
    """Right after its election a master may not know yet, and redirect to the dead leader."""
    path = zookeeper.new_path()

    def script(_request: Request, number: int) -> Answer:
        if number == 1:
            return status(307, Location="//127.0.0.1:1/master/api/v1/scheduler")
        return stream(master, subscribed())

    with zookeeper.client() as client, ScriptedMaster(script) as master:
        dead = register_master(client, path, "127.0.0.1:1", "dead")
        with following(f"zk://{zookeeper.address}{path}", "F") as it:
            while it.next(ev.ConnectionLost).retry_in <= 0.8:
                pass
            register_master(client, path, master.address, "id-1")
            client.delete(dead)
            it.until(Connected)

        pauses = [lost.retry_in for lost in it.seen if isinstance(lost, ev.ConnectionLost)]
    assert pauses[-1] <= 0.2


def test_where_the_name_of_a_host_leads_nowhere_its_number_does(
    zookeeper: ZooKeeperServer, masters: tuple[Master, Master]
) -> None:
    path = zookeeper.new_path()
    with zookeeper.client() as client:
        register_master(client, path, masters[0].address, "id-1", hostname="nowhere.invalid")
        with following(f"zk://{zookeeper.address}{path}") as it:
            lost = it.next(ev.ConnectionLost)
            it.next(Connected)

    assert "nowhere.invalid" in lost.reason


def test_a_path_with_credentials(
    zookeeper: ZooKeeperServer,
    masters: tuple[Master, Master],
    caplog: pytest.LogCaptureFixture,
) -> None:
    from kazoo.security import make_digest_acl

    caplog.set_level(1)
    path = zookeeper.new_path()
    login = "me:p@ss,w0rd"
    with zookeeper.client(login) as client:
        acl = [make_digest_acl(*login.split(":"), all=True)]
        client.create(path, b"", acl=acl)
        register_master(client, path, masters[0].address, "id-1")
        with following(f"zk://{login}@{zookeeper.address}{path}") as it:
            it.next(Connected)
            assert "p@ss" not in repr(it.seen) + caplog.text

        for credentials in ("", "me:wr0ng@"):
            address = f"zk://{credentials}{zookeeper.address}{path}"
            with following(address, "F") as it:
                failed = it.next(ev.SubscriptionFailed)
            assert failed.reason == (
                f"ZooKeeper does not let us read zk://{zookeeper.address}{path}: check the user"
                " and the password (zk://USER:PASSWORD@HOST:PORT/PATH)"
            )
            assert "wr0ng" not in repr(masters_at(address))


def test_a_new_framework_gives_up_where_no_master_is(
    zookeeper: ZooKeeperServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriber, "GIVE_UP_SECONDS", 0.3)
    with following(f"zk://{zookeeper.address}/nothing/here") as it:
        failed = it.until(ev.SubscriptionFailed)

    assert failed.reason == f"no master is registered at zk://{zookeeper.address}/nothing/here"


def test_a_new_framework_gives_up_where_no_zookeeper_is(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """And kazoo, which has much to say about that, is not heard."""
    caplog.set_level(1)
    monkeypatch.setattr(subscriber, "GIVE_UP_SECONDS", 0.3)
    with following("zk://me:s3cret@127.0.0.1:1,127.0.0.1:2/mesos") as it:
        failed = it.until(ev.SubscriptionFailed)

    assert failed.reason == "ZooKeeper does not answer at 127.0.0.1:1,127.0.0.1:2"
    assert not caplog.records


@pytest.mark.parametrize("place", ["a leader", "no leader", "no ZooKeeper"])
def test_closing_ends_all_threads(
    place: str, zookeeper: ZooKeeperServer, masters: tuple[Master, Master]
) -> None:
    path = zookeeper.new_path()
    address = "127.0.0.1:1" if place == "no ZooKeeper" else zookeeper.address
    with ExitStack() as stack:
        if place == "a leader":
            client = stack.enter_context(zookeeper.client())
            register_master(client, path, masters[0].address, "id-1")
        before = set(threading.enumerate())
        with following(f"zk://{address}{path}", "F") as it:
            if place == "a leader":
                it.next(Connected)
            elif place == "no leader":
                it.next(ev.ConnectionLost)

        new = [thread.name for thread in set(threading.enumerate()) - before]
        assert not [name for name in new if any(own in name for own in OWN_THREADS)]
