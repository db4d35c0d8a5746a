"""``mesos-batch volumes`` on a cluster that outlives the commands; each test has its own role."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from held_list import info_of
from program import Outcome, Program, line_with, running, write
from task_lists import scalar
from volumes.in_process import quick
from volumes.tasks import on_volume

from mesos_batch.runs import list_runs

__all__ = ["quick"]

pytestmark = pytest.mark.timeout(120)


class Cluster:
    """Commands on a cluster as ``alice``, for one role."""

    def __init__(self, program: Program, master: str, role: str, cwd: Path) -> None:
        self._program = program
        self.master, self.role, self.cwd = master, role, cwd

    def who(self, principal: str = "alice") -> tuple[str, str]:
        return f"--master={self.master}", f"--principal={principal}"

    def create(self, *flags: str) -> Outcome:
        return self._program("volumes", "create", *self.who(), f"--role={self.role}", *flags)

    def destroy(self, *words: str, principal: str = "alice") -> Outcome:
        role = () if any("=" in word for word in words[:1]) else (f"--role={self.role}",)
        return self._program("volumes", "destroy", *words, *role, *self.who(principal))

    def shown(self, command: str = "volumes list", *flags: str) -> Outcome:
        where = f"--master={self.master}", f"--role={self.role}"
        return self._program(*command.split(), *where, *flags)

    def json(self, command: str = "volumes list") -> list[dict[str, Any]]:
        document: dict[str, Any] = json.loads(self.shown(command, "--json").stdout)
        assert document.pop("schema").startswith("mesos-batch.")
        told: list[dict[str, Any]]
        (told,) = document.values()
        return told

    def ids(self) -> list[str]:
        return [volume["id"] for volume in self.json()]


@pytest.fixture
def on(master: str, quick: Program, tmp_path: Path, request: pytest.FixtureRequest) -> Cluster:
    words = re.findall("[a-z]+", request.node.name.removeprefix("test_"))
    return Cluster(quick, master, "-".join(words)[-30:].strip("-"), tmp_path)


def run_ids(on: Cluster) -> list[str]:
    """All runs, oldest first."""
    return [info.run_id for info in reversed(list_runs(on.cwd / "state"))]


def rows(done: Outcome) -> list[list[str]]:
    """The rows of the first table on stdout, head first."""
    table, _, _ = done.stdout.partition("\n\n")
    return [line.split() for line in table.splitlines()]


def test_create_says_what_was_created_and_list_shows_it(on: Cluster) -> None:
    done = on.create("--size=64", "--count=2", "--one_per_agent", "--id=tiles", "--shared")
    assert done.returncode == 0, done.stderr
    head, *volumes = rows(done)
    assert head == ["VOLUME", "AGENT", "RESOURCES", "STATE"]
    assert [(row[0], *row[2:]) for row in volumes] == [
        ("tiles-1", "disk:64", "created"),
        ("tiles-2", "disk:64", "created"),
    ]
    assert sorted(row[1] for row in volumes) == ["S0", "S1"]
    assert "2 volumes created on 2 agents in" in done.stdout
    (run_id,) = run_ids(on)
    assert f"run {run_id}" in done.stderr
    listed = on.shown()
    assert (listed.returncode, listed.stderr) == (0, "")
    head, *volumes = rows(listed)
    assert head == ["VOLUME", "AGENT", "ROLE", "PRINCIPAL", "SIZE", "PATH", "SHARED", "RUN"]
    assert sorted(row[1] for row in volumes) == ["S0", "S1"]
    for row in volumes:
        assert row[2:] == [on.role, "alice", "64", "MB", "volume", "yes", run_id]
    first = on.json()[0]
    assert first.pop("agent_id").endswith("-S0")
    assert first.pop("id") in ("tiles-1", "tiles-2")
    assert first == {
        "hostname": "127.0.0.1",
        "active": True,
        "role": on.role,
        "principal": "alice",
        "size": 64.0,
        "disk": "root",
        "container_path": "volume",
        "shared": True,
        "in_use": False,
        "users": [],
        "run_id": run_id,
    }


def test_an_empty_list_says_so_and_is_an_empty_array(on: Cluster) -> None:
    done = on.shown()
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "there are no persistent volumes\n"
    assert on.json() == []


def test_destroy_shows_what_goes_and_does_it(on: Cluster) -> None:
    on.create("--size=64", "--id=v", "--agent=S1")
    done = on.destroy("v", "--yes")
    assert done.returncode == 0, done.stderr
    assert rows(done) == [
        ["VOLUME", "AGENT", "SIZE", "UNRESERVES"],
        ["v", "S1", "64", "MB", "disk:64"],
        ["VOLUME", "AGENT", "RESOURCES", "STATE"],
        ["v", "S1", "disk:64", "destroyed"],
    ]
    assert "1 volume destroyed in" in done.stdout
    assert on.ids() == []
    assert on.json("reservations list") == []


def test_quiet_says_no_more_than_what_became_of_it(on: Cluster) -> None:
    done = on.create("--size=64", "--id=v", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    done = on.destroy("v", "--yes", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert "UNRESERVES" not in done.stdout


def test_a_run_says_where_and_as_whom_it_is_undone(
    on: Cluster, quick: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    on.create("--size=64", "--id=v")
    (run_id,) = run_ids(on)
    monkeypatch.setenv("MESOS_MASTER", "127.0.0.1:1")
    monkeypatch.setenv("MESOS_BATCH_PRINCIPAL", "mallory")
    refused = quick("volumes", "destroy", f"--run={run_id}", "--principal=bob", "--yes")
    assert refused.returncode == 1
    assert "belongs to principal 'alice'; ours is 'bob'" in refused.stderr
    assert on.ids() == ["v"]
    done = quick("volumes", "destroy", f"--run={run_id}", "--yes")
    assert done.returncode == 0, done.stderr
    assert on.ids() == []


def test_reservations_can_be_kept(on: Cluster) -> None:
    on.create("--size=64", "--id=v")
    assert on.destroy("v", "--yes", "--keep_reservations").returncode == 0
    (left,) = on.json("reservations list")
    assert (left["resources"], left["in_volumes"]) == ("disk:64", None)
    again = on.destroy(f"--run={run_ids(on)[0]}", "--yes")
    assert again.returncode == 0, again.stderr
    assert on.json("reservations list") == []
    nothing = on.destroy(f"--run={run_ids(on)[0]}", "--yes")
    assert nothing.returncode == 0
    assert "nothing of it is left: there is nothing to do" in nothing.stderr


def test_audit_of_what_lives_and_what_is_not_ours(on: Cluster) -> None:
    on.create("--size=64", "--id=v", "--agent=S1")
    done = on.shown("volumes audit")
    assert (done.returncode, done.stderr) == (0, "")
    assert rows(done)[1] == ["live", "v", "S1", on.role, "disk:64", *run_ids(on)]
    assert done.stdout.endswith("1 live, 0 orphan, 0 foreign, 0 gone\n")
    other = on.shown("volumes audit", "--state_dir=other", "--json")
    assert other.returncode == 0
    (finding,) = json.loads(other.stdout)["findings"]
    assert (finding["standing"], finding["volume_id"], finding["run_id"]) == ("foreign", "v", None)
    assert finding["resources"] == "disk:64"
    assert on.destroy("v", "--yes", "--state_dir=other").returncode == 0
    gone = on.shown("volumes audit")
    assert gone.returncode == 1
    assert "gone" in gone.stdout
    assert "its agent does not have it any more" in gone.stdout


def test_audit_of_nothing(on: Cluster) -> None:
    done = on.shown("volumes audit")
    assert (done.returncode, done.stdout) == (0, "")
    assert "neither the ledger nor the cluster has any" in done.stderr


def test_a_file_says_it_all_and_is_done_once(on: Cluster) -> None:
    stack = {"reservations": [{"type": "DYNAMIC", "role": on.role}]}
    disk = {"persistence": {"id": "v"}, "volume": {"container_path": "data", "mode": "RW"}}
    spec = {"resources": [scalar("cpus", 0.5, **stack), scalar("disk", 64, disk=disk, **stack)]}
    (on.cwd / "volume.json").write_text(json.dumps(spec), encoding="utf-8")
    done = on.create("--resource=volume.json", "--agent=S1")
    assert done.returncode == 0, done.stderr
    (volume,) = on.json()
    assert (volume["container_path"], volume["principal"]) == ("data", "alice")
    assert volume["agent_id"].endswith("-S1")
    (reserved,) = on.json("reservations list")
    assert reserved["resources"] == "cpus:0.5; disk:64"
    again = on.create("--resource=volume.json")
    assert again.returncode == 0
    assert "all of it is there already: there is nothing to do" in again.stderr
    assert "volume v exists on agent" in again.stderr
    quiet = on.create("--resource=volume.json", "--quiet")
    assert "volume v exists on agent" not in quiet.stderr
    assert len(run_ids(on)) == 1
    assert on.destroy("v", "--yes").returncode == 0
    assert on.json("reservations list") == []


def test_refusals_end_with_1_and_nothing_is_sent(on: Cluster) -> None:
    on.create("--size=64", "--id=v")
    kept = run_ids(on)
    for words, principal, said in [
        (("v",), "bob", "belongs to principal 'alice'; ours is 'bob'"),
        (("x",), "alice", "no volume of the cluster is called x"),
        (("v", "x"), "alice", "no volume of the cluster is called x"),
    ]:
        done = on.destroy(*words, "--yes", principal=principal)
        assert (done.returncode, done.stdout) == (1, ""), done.stderr
        assert said in done.stderr
        assert "nothing was destroyed" in done.stderr
    agent_id = on.json()[0]["agent_id"]
    there = on.destroy(f"--forget_agent={agent_id}", "--yes")
    assert there.returncode == 1
    assert "is registered with the master" in there.stderr
    assert on.ids() == ["v"]
    assert run_ids(on) == kept


def test_a_volume_that_exists_is_not_created_again(on: Cluster) -> None:
    on.create("--size=64", "--id=v")
    done = on.create("--size=64", "--id=v")
    assert done.returncode == 2
    assert f"role {on.role} has a volume v already, on agent 127.0.0.1" in done.stderr
    assert len(run_ids(on)) == 1


def test_no_room_ends_with_3_and_nothing_is_sent(on: Cluster) -> None:
    done = on.create("--size=20000")
    assert (done.returncode, done.stdout) == (3, "")
    assert "needs disk 20000, and the agent with most of it unreserved" in done.stderr
    done = on.create("--size=64", "--one_per_agent", "--count=3")
    assert done.returncode == 3
    assert not (on.cwd / "state" / "runs").exists()


def test_a_task_that_uses_a_volume_is_named_and_keeps_it(on: Cluster) -> None:
    on.create("--size=64", "--id=v")
    go = on.cwd / "go"
    held = on_volume("held", "v", f"while [ ! -e {go} ]; do sleep 0.05; done; echo x > volume/x")
    listed = write(on.cwd / "list.json", held)
    arguments = (*on.who(), f"--role={on.role}", f"--task_list={listed}", "--framework_name=tiles")
    with running(*arguments, cwd=on.cwd) as process:
        line_with("task held running", process)
        (volume,) = on.json()
        assert volume["in_use"]
        (user,) = volume["users"]
        assert (user["task_id"], user["framework_name"]) == ("held", "tiles")
        head, row = rows(on.shown())
        assert row[head.index("IN") + 1] == "held"
        done = on.destroy("v", "--yes")
        assert done.returncode == 1
        assert "is in use by task held of tiles" in done.stderr
        go.touch()
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert on.destroy("v", "--yes").returncode == 0


def test_runs_and_status_know_changes(quick: Program, on: Cluster) -> None:
    on.create("--size=64", "--count=2", "--id=v")
    told = info_of(quick)
    assert told["source"] == "volumes create"
    assert told["state"] == "ended"
    text = quick("status").stdout
    assert "v-1" in text
    assert "2 volumes created" in text
    assert "2/2 changes" in quick("runs").stdout


@pytest.mark.parametrize("content_type", ["json", "protobuf"])
def test_both_forms_of_the_wire(content_type: str, on: Cluster) -> None:
    flag = f"--content_type={content_type}"
    assert on.create("--size=64", "--id=v", flag).returncode == 0
    assert on.destroy("v", "--yes", flag).returncode == 0
    assert on.json("reservations list") == []
