"""agents, frameworks, tasks: a local cluster with a run on it, as its master tells of it."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from held_list import Held, wait_until_all_run
from mesos_batch_cli.output.cluster_table import agent_table
from mesos_batch_cli.output.streams import Paint
from program import Program, announcement_of, facts_of, running
from volumes.in_process import quick

from mesos_batch.model.cluster import AgentState
from mesos_batch.model.inventory import AgentEntry, AgentStatus
from mesos_batch.model.resources import Resources

__all__ = ["quick"]

NOBODY = "--master=127.0.0.1:1"
SIZE = Resources.scalars(cpus=4, mem=4096)


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of two agents on which one task has ended and two run."""
    directory = tmp_path_factory.mktemp("busy")
    flags = ("--agents=2", "--no-authenticate", "--attributes=rack:r1")
    with running("local", *flags, cwd=directory) as cluster:
        address = facts_of(announcement_of(cluster))["master"]
        held = Held(directory)
        with running(*held.on(address, "--framework_name=tiles"), cwd=directory) as run:
            wait_until_all_run(run)
            yield address
            held.let_go()
            run.wait(30)
        cluster.send_signal(signal.SIGINT)
        cluster.wait(30)


def ask(quick: Program, master: str, *words: str) -> Any:
    done = quick(*words, f"--master={master}", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["schema"] == f"mesos-batch.{words[0]}/1"
    return found[words[0]]


def test_agents(quick: Program, busy: str) -> None:
    agents = ask(quick, busy, "agents")
    assert [it["agent_id"].rpartition("-")[2] for it in agents] == ["S0", "S1"]
    assert {it["state"] for it in agents} == {"active"}
    assert {it["version"] for it in agents} == {"1.12.0"}
    assert agents[0]["attributes"] == {"rack": "r1"}
    assert sum(it["cpus"]["used"] for it in agents) == pytest.approx(0.2)
    assert agents[0]["cpus"]["total"] == 4
    assert all(it["registered_at"] for it in agents)
    done = quick("agents", f"--master={busy}")
    head, first, second = done.stdout.splitlines()
    assert head.split()[:5] == ["AGENT", "HOST", "STATE", "CPUS", "MEM"]
    assert first.split()[:3] == ["S0", "127.0.0.1", "active"]
    assert second.split()[0] == "S1"
    assert "rack:r1" in first


@pytest.mark.parametrize(
    ("selector", "count"),
    [
        ("--agent=S1", 1),
        ("--host=127.*", 2),
        ("--attributes=rack:r1", 2),
        ("--constraint=rack:unlike:r.*", 0),
        ("--free=cpus:3;mem:512", 2),
        ("--free=cpus:5", 0),
        ("--state=draining,drained", 0),
    ],
)
def test_agents_are_selected(quick: Program, busy: str, selector: str, count: int) -> None:
    assert len(ask(quick, busy, "agents", selector)) == count


def test_frameworks(quick: Program, busy: str) -> None:
    (found,) = ask(quick, busy, "frameworks", "--name=tile*")
    assert (found["name"], found["state"], found["roles"]) == ("tiles", "active", ["*"])
    assert (found["tasks"], found["used"]) == (2, "cpus:0.2; mem:64")
    done = quick("frameworks", f"--master={busy}", "--state=active")
    assert done.stdout.splitlines()[1].split()[:4] == ["0000", "tiles", "*", "active"]
    none = quick("frameworks", f"--master={busy}", "--role=web")
    assert (none.returncode, none.stdout) == (0, "")
    assert none.stderr == "there is no such framework\n"


def test_tasks(quick: Program, busy: str) -> None:
    assert [it["task_id"] for it in ask(quick, busy, "tasks")] == ["held-1", "held-2"]
    found = ask(quick, busy, "tasks", "--state=all")
    assert [(it["task_id"], it["state"]) for it in found] == [
        ("held-1", "TASK_RUNNING"),
        ("held-2", "TASK_RUNNING"),
        ("quick", "TASK_FINISHED"),
    ]
    (one,) = ask(quick, busy, "tasks", "--state=TASK_RUNNING", "--name=*-2", "--framework=tiles")
    assert (one["framework_name"], one["hostname"], one["role"]) == ("tiles", "127.0.0.1", "*")
    assert one["resources"] == "cpus:0.1; mem:32"
    assert one["since"] > 1e9
    rows = quick("tasks", f"--master={busy}").stdout.splitlines()
    assert rows[1].split()[:3] == ["held-1", "0000", "tiles"]
    assert "TASK_RUNNING" in rows[1]


def test_what_a_limit_leaves_out_is_said(quick: Program, busy: str) -> None:
    done = quick("tasks", f"--master={busy}", "--limit=1")
    assert len(done.stdout.splitlines()) == 2
    assert done.stderr == "… and 1 more of 2; --limit=2 shows all of them\n"


def test_on_a_terminal_of_ascii_bars_are_ascii(mesos_batch: Program, busy: str) -> None:
    done = mesos_batch("agents", f"--master={busy}", env={"PYTHONIOENCODING": "ascii"})
    assert "#----- 0." in done.stdout
    assert done.stdout.isascii()


def test_nothing_is_there(quick: Program, tmp_path: Path) -> None:
    with running("local", "--agents=0", "--no-authenticate", cwd=tmp_path) as cluster:
        master = f"--master={facts_of(announcement_of(cluster))['master']}"
        for command, said in (
            ("agents", "no agent is registered"),
            ("frameworks", "there are no frameworks"),
            ("tasks", "there are no tasks"),
            ("offers", "nothing was offered to role *"),
        ):
            done = quick(command, master)
            assert (done.returncode, done.stdout, done.stderr) == (0, "", f"{said}\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["agents"], "no master is given"),
        (["agents", "--master=local"], "lives and ends with a run"),
        (["frameworks", "--master=local"], "lives and ends with a run"),
        (["tasks", "--master=local"], "lives and ends with a run"),
        (["offers", "--master=local"], "lives and ends with a run"),
        (["agents", NOBODY, "x"], "'x' is not expected"),
        (["agents", NOBODY, "--free=cpus"], "--free"),
        (["agents", NOBODY, "--constraint=rack:unique"], "counts tasks"),
        (["agents", NOBODY, "--state=away"], "'away' is not one of active, disconnected"),
        (["tasks", NOBODY, "--state="], "give a state"),
        (["tasks", NOBODY, "--limit=0"], "less than 1"),
        (["offers", NOBODY, "--wait=0secs"], "not more than zero"),
    ],
)
def test_a_wrong_command_line_ends_with_2(quick: Program, arguments: list[str], said: str) -> None:
    done = quick(*arguments)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert said in done.stderr


@pytest.mark.parametrize("command", ["agents", "frameworks", "tasks", "offers"])
def test_a_cluster_that_is_away_ends_with_4(
    quick: Program, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mesos_batch.runtime.operator.ASK_SECONDS", 0.2)
    done = quick(command, NOBODY)
    assert (done.returncode, done.stdout) == (4, "")
    assert "no master answers at http://127.0.0.1:1" in done.stderr


def test_where_there_is_no_room_for_bars_numbers_stay() -> None:
    entry = AgentEntry(
        AgentState("m-S0", "node-1", True, SIZE, Resources.scalars(mem=512), Resources()),
        AgentStatus.DRAINING,
    )

    def rows(width: int | None) -> str:
        paint = Paint(enabled=True)
        return agent_table([entry], paint, width, now=0.0, unicode=True)[1]

    assert "━───── 512/4096" in rows(None)
    assert "  0/4   512/4096" in rows(50)
    # Draining is on purpose, so it is no failure.
    assert rows(None).startswith(Paint(enabled=True).doubtful("S0")[:-4])
