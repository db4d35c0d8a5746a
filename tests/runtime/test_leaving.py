"""Leaving at once, whatever holds the run up: tasks are taken along, or it says that they go on."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from runtime.scripted_master import (
    Answer,
    Request,
    ScriptedMaster,
    offers,
    status,
    subscribed,
    update,
)
from runtime.test_runs import ACCEPTED, task, whole

from mesos_batch.api import ExitCode, Keep, Run, RunOptions, start
from mesos_batch.model import facts as fact
from mesos_batch.model.change import Change, ChangeKind
from mesos_batch.model.resource import Reservation, ReservationType, Resource
from mesos_batch.model.resources import Resources
from mesos_batch.model.scalar import Scalar
from mesos_batch.runs import RunState, list_runs
from mesos_batch.runtime import runner


def started(batch: Run) -> None:
    """Wait until the task runs."""
    for happened in batch.facts():
        if isinstance(happened, fact.TaskUpdated):
            return


def running(master: ScriptedMaster) -> Iterator[bytes]:
    """A stream on which the one task runs and runs."""
    yield from whole(subscribed(), offers("a"), update("t", "TASK_RUNNING"))
    yield from master.hold()


def test_a_call_nobody_answers_does_not_hold_up_who_leaves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "LEAVE_SECONDS", 0.2)
    asked = threading.Event()

    def script(request: Request, _: int) -> Answer:
        if request.type == "KILL":
            asked.set()
            return master.hold()
        return running(master) if request.type == "SUBSCRIBE" else ACCEPTED

    with ScriptedMaster(script) as master:
        batch = start([task()], RunOptions(master=master.address))
        started(batch)
        batch.cancel()
        assert asked.wait(10)
        batch.close()

        assert master.types()[-2:] == ["KILL", "TEARDOWN"]
    last = batch.snapshot()
    assert (last.exit_code, last.message) == (130, "left without waiting for the kills")


def test_who_leaves_without_a_master_is_told_that_the_tasks_go_on() -> None:
    def script(request: Request, number: int) -> Answer:
        if request.type == "SUBSCRIBE" and number > 1:
            return status(503)
        if request.type == "SUBSCRIBE":
            return whole(subscribed(), offers("a"), update("t", "TASK_RUNNING"))
        return ACCEPTED if request.type != "TEARDOWN" else status(503)

    with ScriptedMaster(script) as master:
        batch = start([task()], RunOptions(master=master.address, failover_timeout=1234.0))
        for happened in batch.facts():
            if isinstance(happened, fact.Disconnected):
                break
        batch.close()

    last = batch.snapshot()
    assert last.exit_code == ExitCode.INTERRUPTED
    assert last.message == ("left at once; no master could be told, so the tasks run on for 1234 s")


def test_a_journal_that_cannot_be_written_does_not_hold_up_who_leaves(tmp_path: Path) -> None:
    def script(request: Request, _: int) -> Answer:
        return running(master) if request.type == "SUBSCRIBE" else ACCEPTED

    with ScriptedMaster(script) as master:
        batch = start([task()], RunOptions(master=master.address), Keep(tmp_path))
        started(batch)
        (path,) = tmp_path.glob("runs/*/journal.sqlite")
        with sqlite3.connect(path, isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            batch.cancel()
            batch.close()
            other.execute("ROLLBACK")
        other.close()

        assert master.types()[-1] == "TEARDOWN"
    assert batch.snapshot().exit_code == ExitCode.INTERRUPTED


@pytest.mark.parametrize("kept", [True, False])
def test_the_cluster_keeps_tasks_long_only_for_a_run_that_can_be_resumed(
    kept: bool, tmp_path: Path
) -> None:
    def script(request: Request, _: int) -> Answer:
        return running(master) if request.type == "SUBSCRIBE" else ACCEPTED

    with ScriptedMaster(script) as master:
        options = RunOptions(master=master.address)
        with start([task()], options, Keep(tmp_path) if kept else None) as batch:
            started(batch)
        info = master.requests[0].call.subscribe.framework_info
    assert info.failover_timeout == (7 * 24 * 3600 if kept else 600)


def test_who_leaves_operations_under_way_keeps_the_framework_that_can_ask_about_them(
    tmp_path: Path,
) -> None:
    def script(request: Request, _: int) -> Answer:
        return silent(master) if request.type == "SUBSCRIBE" else ACCEPTED

    stack = (Reservation(ReservationType.DYNAMIC, "test", "me"),)
    reserved = Resources([Resource("cpus", Scalar.of(1), stack)])
    change = Change(ChangeKind.MAKE, reserved, Resources())
    with ScriptedMaster(script) as master:
        options = RunOptions(master=master.address, role="test", principal="me")
        batch = start([], options, Keep(tmp_path), [change])
        for happened in batch.facts():
            if isinstance(happened, fact.OperationsSent):
                break
        batch.close()

        assert "ACCEPT" in master.types()
        assert "TEARDOWN" not in master.types()
    assert batch.snapshot().message == "left at once; what was sent may still take place"
    (info,) = list_runs(tmp_path)
    assert info.state is RunState.STOPPED


def silent(master: ScriptedMaster) -> Iterator[bytes]:
    """A stream with an offer, on which nothing is heard of what is made of it."""
    yield from whole(subscribed(), offers("a"))
    yield from master.hold()
