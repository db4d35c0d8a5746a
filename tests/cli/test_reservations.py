"""``mesos-batch reservations`` on a cluster that outlives the commands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from program import Outcome, Program
from volumes.in_process import quick

__all__ = ["quick"]


@pytest.fixture
def run(master: str, quick: Program) -> Any:
    def command(name: str, *flags: str, role: str, principal: str = "alice") -> Outcome:
        where = f"--master={master}", f"--role={role}"
        who = () if name == "list" else (f"--principal={principal}",)
        return quick("reservations", name, *where, *who, *flags)

    return command


def listed(run: Any, role: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(run("list", "--json", role=role).stdout)["reservations"]
    return told


def test_reserved_listed_and_unreserved(run: Any) -> None:
    done = run("reserve", "--resources=cpus:0.5;mem:64", "--agent=S1", role="one")
    assert done.returncode == 0, done.stderr
    assert "cpus:0.5; mem:64  reserved" in done.stdout
    assert "1 reservation reserved in" in done.stdout
    (row,) = listed(run, "one")
    run_id = row["run_ids"][0]
    assert row.pop("agent_id").endswith("-S1")
    assert row == {
        "hostname": "127.0.0.1",
        "active": True,
        "role": "one",
        "principal": "alice",
        "type": "DYNAMIC",
        "labels": {},
        "resources": "cpus:0.5; mem:64",
        "in_volumes": None,
        "used": None,
        "run_ids": [run_id],
    }
    table = run("list", role="one").stdout.splitlines()
    assert table[0].split() == ["AGENT", "ROLE", "PRINCIPAL", "TYPE", "RESERVED", "RUNS"]
    assert table[1].split() == ["S1", "one", "alice", "dynamic", "cpus:0.5;", "mem:64", run_id]
    part = run("unreserve", "--resources=mem:64", "--yes", role="one")
    assert part.returncode == 0, part.stderr
    assert "1 reservation unreserved in" in part.stdout
    assert [row["resources"] for row in listed(run, "one")] == ["cpus:0.5"]
    assert run("unreserve", "--resources=cpus:0.5", "--yes", role="one").returncode == 0
    empty = run("list", role="one")
    assert (empty.returncode, empty.stdout, empty.stderr) == (0, "", "nothing is reserved\n")


def test_once_on_each_agent_and_of_several_one_is_named(run: Any) -> None:
    done = run("reserve", "--resources=mem:10", "--one_per_agent", role="each")
    assert done.returncode == 0, done.stderr
    assert "2 reservations reserved on 2 agents" in done.stdout
    several = run("unreserve", "--resources=mem:10", "--yes", role="each")
    assert (several.returncode, several.stdout) == (1, "")
    assert "several agents have that reserved: 127.0.0.1" in several.stderr
    assert "Name one by --agent." in several.stderr
    for agent in ("S0", "S1"):
        done = run("unreserve", "--resources=mem:10", f"--agent={agent}", "--yes", role="each")
        assert done.returncode == 0, done.stderr
    assert listed(run, "each") == []


def test_ports_are_reserved_by_number(run: Any) -> None:
    ports = "--resources=ports:[31000-31004]"
    assert run("reserve", ports, role="ports").returncode == 0
    assert [row["resources"] for row in listed(run, "ports")] == ["ports:[31000-31004]"]
    middle = run("unreserve", "--resources=ports:[31002-31002]", "--yes", role="ports")
    assert middle.returncode == 0, middle.stderr
    assert [row["resources"] for row in listed(run, "ports")] == [
        "ports:[31000-31001, 31003-31004]"
    ]


def test_refusals_end_with_1_and_no_room_with_3(run: Any) -> None:
    nothing = run("unreserve", "--resources=cpus:1", "--yes", role="none")
    assert (nothing.returncode, nothing.stdout) == (1, "")
    assert "no such agent has cpus:1 reserved for role none by principal alice" in nothing.stderr
    assert run("reserve", "--resources=mem:10", role="none").returncode == 0
    other = run("unreserve", "--resources=mem:10", "--yes", role="none", principal="bob")
    assert other.returncode == 1
    assert "by principal bob" in other.stderr
    assert [row["resources"] for row in listed(run, "none")] == ["mem:10"]
    much = run("reserve", "--resources=cpus:99", role="none")
    assert (much.returncode, much.stdout) == (3, "")
    assert "needs cpus 99, and the agent with most of it unreserved" in much.stderr


def test_where_nobody_can_be_asked_nothing_is_unreserved(run: Any) -> None:
    assert run("reserve", "--resources=mem:10", role="asked").returncode == 0
    done = run("unreserve", "--resources=mem:10", role="asked")
    assert done.returncode == 2
    assert "Add --yes." in done.stderr
    assert [row["resources"] for row in listed(run, "asked")] == ["mem:10"]
