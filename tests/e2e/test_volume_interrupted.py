"""The scheduler is killed between RESERVE and CREATE, and before and after: nothing is orphaned."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.operations_proxy import Proxy, proxy_of
from e2e.volume_commands import Commands, printed_command, volume_directories
from local.cluster_processes import ClusterProcess
from program import Program, running
from volumes.in_process import quick

from mesos_batch.engine import change_life
from mesos_batch.runs import RunState, list_runs

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there is no SIGKILL")
__all__ = ["quick"]
CREATE = ("--size=50", "--id=v")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ClusterProcess]:
    started = ClusterProcess(tmp_path / "cluster", "--no-authenticate", "--agents=1")
    yield started.ready()
    started.close()


@pytest.fixture
def proxy(cluster: ClusterProcess) -> Iterator[Proxy]:
    with proxy_of(cluster.master) as made:
        yield made


@pytest.fixture
def alice(cluster: ClusterProcess, quick: Program, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """What she does after the kill; nothing is lost on its way, so she need not be patient."""
    patience = {"FIRST_QUESTION": 0.2, "CERTAIN_AFTER": 0.1, "NEXT_QUESTION": 1, "LAST_WORD": 1}
    for name, seconds in patience.items():
        monkeypatch.setattr(change_life, name, seconds)
    return Commands(quick, cluster.master)


def killed_run(proxy: Proxy, alice: Commands, directory: Path) -> str:
    """The run that creates a volume through the proxy and is killed there; gives its id."""
    through = Commands(alice.program, proxy.address)
    with running("volumes", "create", *through.whom, *CREATE, cwd=directory) as process:
        proxy.threatens(process)
        assert proxy.killed.wait(60)
    (run,) = list_runs(directory / "state")
    assert run.state is RunState.STOPPED
    return run.run_id


def assert_it_is_there(alice: Commands, cluster: ClusterProcess, run_id: str) -> None:
    """The volume is made, once, and nothing else is."""
    (volume,) = alice.volumes()
    assert (volume["id"], volume["run_id"]) == ("v", run_id)
    (reserved,) = alice.reservations()
    assert (reserved["resources"], reserved["in_volumes"]) == ("disk:50", "disk:50")
    assert volume_directories(cluster.work_dir) == ["v"]
    audit = alice.audit()
    assert audit.returncode == 0, audit.stdout
    assert audit.stdout.endswith("1 live, 0 orphan, 0 foreign, 0 gone\n")


def assert_nothing_is_left(alice: Commands, cluster: ClusterProcess) -> None:
    assert alice.volumes() == []
    assert alice.reservations() == []
    assert volume_directories(cluster.work_dir) == []
    audit = alice.audit()
    assert (audit.returncode, audit.stdout) == (0, "")


@pytest.mark.parametrize("moment", ["told", "acknowledged"])
@pytest.mark.parametrize("remedy", ["resume", "undo"])
def test_what_was_reserved_and_not_created_is_completed_or_undone(
    remedy: str,
    moment: str,
    proxy: Proxy,
    alice: Commands,
    cluster: ClusterProcess,
    tmp_path: Path,
) -> None:
    proxy.lose_create_and_kill_at(moment)
    run_id = killed_run(proxy, alice, tmp_path)
    assert alice.volumes() == []
    (reserved,) = alice.reservations()
    assert reserved["resources"] == "disk:50"

    page = alice.audit()
    assert page.returncode == 1
    row = next(line for line in page.stdout.splitlines() if line.startswith("orphan"))
    assert row.split() == ["orphan", "S0", "test", "disk:50", run_id]
    assert "reserved for volume v, which was not created" in page.stdout
    assert f"run {run_id} left something halfway" in page.stdout
    goes_on = printed_command(page.stdout, "to go on with it:")
    undoes = printed_command(page.stdout, "to undo it:")

    if remedy == "resume":
        done = alice.program(*goes_on)
        assert done.returncode == 0, done.stderr
        assert_it_is_there(alice, cluster, run_id)
        assert alice.destroy("v").returncode == 0
    else:
        done = alice.program(*undoes, *alice.who[1:], "--yes")
        assert done.returncode == 0, done.stderr
        assert "1 reservation unreserved" in done.stdout
    assert_nothing_is_left(alice, cluster)
    info = next(run for run in list_runs(tmp_path / "state") if run.run_id == run_id)
    assert info.state is RunState.ENDED


def test_operations_that_never_left_are_sent_by_who_resumes(
    proxy: Proxy, alice: Commands, cluster: ClusterProcess, tmp_path: Path
) -> None:
    proxy.kill_at_accept()
    run_id = killed_run(proxy, alice, tmp_path)
    assert_nothing_is_left(alice, cluster)
    done = alice.program("resume", run_id)
    assert done.returncode == 0, done.stderr
    assert_it_is_there(alice, cluster, run_id)


def test_operations_nobody_heard_the_end_of_are_not_done_twice(
    proxy: Proxy, alice: Commands, cluster: ClusterProcess, tmp_path: Path
) -> None:
    proxy.kill_when_done(2)
    run_id = killed_run(proxy, alice, tmp_path)
    assert alice.audit().returncode == 1
    done = alice.program("resume", run_id)
    assert done.returncode == 0, done.stderr
    assert_it_is_there(alice, cluster, run_id)


@pytest.mark.parametrize("remedy", ["resume", "undo"])
def test_the_commands_told_when_creating_is_refused_do_what_they_say(
    remedy: str, proxy: Proxy, alice: Commands, cluster: ClusterProcess, tmp_path: Path
) -> None:
    proxy.spoil_create()
    through = Commands(alice.program, proxy.address)
    failed = alice.program("volumes", "create", *through.whom, *CREATE)
    assert failed.returncode == 1
    assert "no/id" in failed.stderr
    assert "reserved, not created" in failed.stdout
    goes_on = printed_command(failed.stderr, "the run can go on:")
    undoes = printed_command(failed.stderr, "what it made can be undone:")

    proxy.on_call = lambda call: call
    if remedy == "resume":
        done = alice.program(*goes_on)
        assert done.returncode == 0, done.stderr
        (run,) = list_runs(tmp_path / "state")
        assert_it_is_there(alice, cluster, run.run_id)
    else:
        done = alice.program(*undoes, "--yes")
        assert done.returncode == 0, done.stderr
        assert "1 reservation unreserved" in done.stdout
        assert_nothing_is_left(alice, cluster)
