"""Whole runs against a scripted master: what each answer of a master leads to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import pytest
from runtime.scripted_master import (
    Answer,
    Request,
    ScriptedMaster,
    chunk,
    event,
    head,
    offers,
    status,
    subscribed,
    update,
)

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.api import ExitCode, RunOptions, Secret, start
from mesos_batch.engine.scheduler import BatchScheduler
from mesos_batch.model import facts as fact
from mesos_batch.model.resources import Resources
from mesos_batch.model.task import TaskSpec
from mesos_batch.runtime import subscriber

FactT = TypeVar("FactT")
ACCEPTED = status(202)


def task(task_id: str = "t") -> TaskSpec:
    info = pb.TaskInfo(name=task_id)
    info.task_id.value = task_id
    info.agent_id.value = ""
    info.command.value = "true"
    return TaskSpec(task_id, task_id, Resources.scalars(cpus=1, mem=32), info.SerializeToString())


def run(master: str, **options: object) -> tuple[ExitCode, list[fact.Fact]]:
    """Run one task and give the exit code and all facts."""
    with start([task()], RunOptions(master=master, **options)) as batch:  # type: ignore[arg-type]
        facts = list(batch.facts())
    last = facts[-1]
    assert isinstance(last, fact.RunEnded)
    return last.exit_code, facts


def first_of(kind: type[FactT], facts: list[fact.Fact]) -> FactT:
    return next(item for item in facts if isinstance(item, kind))


def whole(*parts: bytes) -> Iterator[bytes]:
    """A stream that says this and is then held open by reading nothing more."""
    yield head()
    yield from parts


def finishing(master: ScriptedMaster) -> Iterator[bytes]:
    """A stream on which the one task is launched and finishes."""
    yield from whole(subscribed(), offers("a"), update("t", "TASK_FINISHED"))
    yield from master.hold()


def test_a_task_is_launched_acknowledged_and_the_framework_torn_down() -> None:
    def script(request: Request, _: int) -> Answer:
        return finishing(master) if request.type == "SUBSCRIBE" else ACCEPTED

    with ScriptedMaster(script) as master:
        code, _ = run(master.address)

        calls = [r for r in master.requests if r.path == "/api/v1/scheduler"]
        order = [r.type for r in calls]
        assert code == 0
        assert order[0] == "SUBSCRIBE"
        assert order.index("ACCEPT") < order.index("ACKNOWLEDGE") < order.index("TEARDOWN")
        assert {r.headers.get("Mesos-Stream-Id") for r in calls[1:]} == {"S"}
        assert calls[0].headers["Accept"] == "application/x-protobuf"
        assert "Mesos-Stream-Id" not in calls[0].headers


def test_a_redirect_is_followed_with_the_credentials() -> None:
    def leader_script(request: Request, _: int) -> Answer:
        return finishing(leader) if request.type == "SUBSCRIBE" else ACCEPTED

    with ScriptedMaster(leader_script) as leader:

        def standby_script(_request: Request, _: int) -> Answer:
            return status(307, Location=f"//{leader.address}/master/api/v1/scheduler")

        with ScriptedMaster(standby_script) as standby:
            code, _ = run(standby.address, principal="me", secret=Secret("s3cret"))

        assert code == 0
        assert leader.requests[0].path == "/master/api/v1/scheduler"
        assert {r.headers["Authorization"] for r in leader.requests} == {"Basic bWU6czNjcmV0"}


def test_a_leader_that_is_dead_is_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A standby goes on redirecting to the dead leader for a while."""
    monkeypatch.setattr(subscriber, "GIVE_UP_SECONDS", 60.0)

    def script(request: Request, number: int) -> Answer:
        if request.type == "SUBSCRIBE" and number < 3:
            return status(307, Location="//127.0.0.1:1/master/api/v1/scheduler")
        return finishing(master) if request.type == "SUBSCRIBE" else ACCEPTED

    with ScriptedMaster(script) as master:
        code, facts = run(master.address)

    assert code == 0
    assert len([f for f in facts if isinstance(f, fact.Disconnected)]) == 2


def test_wrong_credentials_end_the_run_with_4_and_a_remedy() -> None:
    with ScriptedMaster(lambda *_: status(401, "401 Unauthorized.")) as master:
        code, facts = run(master.address, principal="me", secret=Secret("s3cret"))
        no_secret, other = run(master.address)

    assert code == no_secret == ExitCode.CLUSTER
    assert facts[-1].message == (  # type: ignore[attr-defined]
        "the master does not accept principal 'me' with the secret given"
        " (401 Unauthorized.): check both"
    )
    assert "--secret_file" in str(other[-1])
    assert "s3cret" not in str(facts)


def test_a_master_without_a_leader_is_asked_again() -> None:
    def script(request: Request, number: int) -> Answer:
        if request.type == "SUBSCRIBE" and number < 3:
            return status(503, "No leader elected")
        return finishing(master) if request.type == "SUBSCRIBE" else ACCEPTED

    with ScriptedMaster(script) as master:
        code, facts = run(master.address)

    assert code == 0
    assert "No leader elected" in first_of(fact.Disconnected, facts).reason


def test_nobody_there_ends_the_run_with_4(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriber, "GIVE_UP_SECONDS", 0.3)

    code, facts = run("127.0.0.1:1")

    assert code == ExitCode.CLUSTER
    assert facts[-1].message == (  # type: ignore[attr-defined]
        "no master answers at http://127.0.0.1:1/api/v1/scheduler: Connection refused"
    )


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        ([chunk(b"100\nabc"), b"0\r\n\r\n"], "cut within a record"),
        ([chunk(b"garbage\n")], "not RecordIO"),
        ([chunk(b"3\nabc")], "Error parsing message"),
        ([b"0\r\n\r\n"], "the master ended the subscription"),
        ([b"zz"], ""),
    ],
)
def test_a_broken_stream_is_replaced_and_the_tasks_are_asked_about(
    damage: list[bytes], reason: str
) -> None:
    def script(request: Request, number: int) -> Answer:
        if request.type != "SUBSCRIBE":
            return ACCEPTED
        if number == 1:
            return first()
        return second()

    def first() -> Iterator[bytes]:
        yield from whole(subscribed(), offers("a"), update("t", "TASK_RUNNING"))
        while "ACKNOWLEDGE" not in master.types():
            master.released.wait(0.005)
        yield from damage

    def second() -> Iterator[bytes]:
        yield from whole(subscribed(), update("t", "TASK_FINISHED", "BBBBBBBBBBBBBBBBBBBBBA=="))
        yield from master.hold()

    with ScriptedMaster(script) as master:
        code, facts = run(master.address)

        again = [r for r in master.requests if r.type == "SUBSCRIBE"][1].call
        implicit, asked = [r.call for r in master.requests if r.type == "RECONCILE"][:2]
    assert code == 0
    assert again.framework_id.value == again.subscribe.framework_info.id.value == "F"
    assert not implicit.reconcile.tasks
    assert asked.reconcile.tasks[0].task_id.value == "t"
    assert master.types().count("ACCEPT") == 1
    assert reason in first_of(fact.Disconnected, facts).reason


def test_a_call_on_a_lost_subscription_gets_a_new_one_and_is_not_repeated() -> None:
    def script(request: Request, number: int) -> Answer:
        if request.type == "SUBSCRIBE":
            return first() if number == 1 else second()
        if request.type == "ACCEPT":
            return status(400, "The stream ID 'S' included in this request didn't match")
        return ACCEPTED

    def first() -> Iterator[bytes]:
        yield from whole(subscribed(), offers("a"))
        yield from master.hold()

    def second() -> Iterator[bytes]:
        yield from whole(subscribed(), update("t", "TASK_FINISHED"))
        yield from master.hold()

    with ScriptedMaster(script) as master:
        code, _ = run(master.address)

        assert code == 0
        assert master.types().count("ACCEPT") == 1


def test_an_error_event_ends_the_run_with_4() -> None:
    def script(request: Request, _: int) -> Answer:
        message = "Framework has been removed"
        return whole(event(type="ERROR", error={"message": message}))

    with ScriptedMaster(script) as master:
        code, facts = run(master.address)

    assert code == ExitCode.CLUSTER
    assert "Framework has been removed" in str(facts[-1])


def test_cancel_sends_kills_and_ends_with_130() -> None:
    def script(request: Request, _: int) -> Answer:
        return stream() if request.type == "SUBSCRIBE" else ACCEPTED

    def stream() -> Iterator[bytes]:
        yield from whole(subscribed(), offers("a"), update("t", "TASK_RUNNING"))
        while "KILL" not in master.types():
            master.released.wait(0.005)
        yield update("t", "TASK_KILLED", "BBBBBBBBBBBBBBBBBBBBBA==")
        yield from master.hold()

    with (
        ScriptedMaster(script) as master,
        start([task()], RunOptions(master=master.address)) as batch,
    ):
        for item in batch.facts():
            if isinstance(item, fact.TaskUpdated):
                batch.cancel()
        snapshot = batch.wait()

        assert snapshot.exit_code == ExitCode.INTERRUPTED
        assert master.types()[-1] == "TEARDOWN"


def test_abandon_leaves_at_once_but_not_without_a_teardown() -> None:
    def script(request: Request, _: int) -> Answer:
        return stream() if request.type == "SUBSCRIBE" else ACCEPTED

    def stream() -> Iterator[bytes]:
        yield from whole(subscribed(), offers("a"), update("t", "TASK_RUNNING"))
        yield from master.hold()

    with (
        ScriptedMaster(script) as master,
        start([task()], RunOptions(master=master.address)) as batch,
    ):
        for item in batch.facts():
            if isinstance(item, fact.TaskUpdated):
                batch.abandon()
        batch.wait()

        assert "KILL" not in master.types()
        assert master.types()[-1] == "TEARDOWN"


@pytest.mark.parametrize("place", ["handle of the engine", "reader of the stream"])
def test_a_mistake_of_ours_ends_the_run_and_reaches_who_waits(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(*_: object, **__: object) -> None:
        raise RuntimeError("a mistake")

    def script(request: Request, _: int) -> Answer:
        return finishing(master) if request.type == "SUBSCRIBE" else ACCEPTED

    if place == "handle of the engine":
        monkeypatch.setattr(BatchScheduler, "_on_subscribed", mistaken)
    else:
        monkeypatch.setattr(subscriber, "decode_event", mistaken)
    with (
        ScriptedMaster(script) as master,
        start([task()], RunOptions(master=master.address)) as batch,
    ):
        facts = list(batch.facts())

        with pytest.raises(RuntimeError, match="a mistake"):
            batch.wait()
    assert isinstance(facts[-1], fact.RunEnded)
    assert facts[-1].exit_code == ExitCode.INTERNAL


def test_a_proxy_is_not_asked_for_what_is_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)

    def script(request: Request, _: int) -> Answer:
        return finishing(master) if request.type == "SUBSCRIBE" else ACCEPTED

    with ScriptedMaster(script) as master:
        code, _ = run(master.address)

    assert code == 0
