"""``mesos-batch doctor``: the way a run would go, and where it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from certificates import DAY, Authority
from front import Front
from keyrings import keyring_in
from program import Program
from runtime.scripted_master import Request, ScriptedMaster


def marks(page: str) -> dict[str, str]:
    """The verdict on each thing."""
    return {line.split()[1]: line[0] for line in page.splitlines() if line[0] in "✓!✗"}


def test_a_cluster_that_is_well(mesos_batch: Program, master: str, tmp_path: Path) -> None:
    env = keyring_in(tmp_path)

    done = mesos_batch("doctor", f"--master={master}", env=env)

    assert done.returncode == 0, done.stdout
    assert set(marks(done.stdout).values()) == {"✓"}
    assert list(marks(done.stdout)) == [
        *("configuration", "versions", "runs", "keyring"),
        *("network", "leader", "credentials", "clock", "agents"),
    ]
    assert "2 are registered, and reachable from here" in done.stdout
    # What was tried out is gone again.
    assert (tmp_path / "keyring.json").read_text() == "{}"


def test_without_a_master_this_machine_is_looked_at(mesos_batch: Program, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no directory")

    done = mesos_batch("doctor", "--json")
    told = json.loads(done.stdout)
    found = {check["name"]: check for check in told["checks"]}

    assert done.returncode == told["exit_code"] == 5
    assert list(found) == ["configuration", "versions", "runs", "keyring"]
    assert found["runs"]["verdict"] == "failed"
    assert found["keyring"]["verdict"] == "warning"
    assert "MESOS_BATCH_SECRET" in found["keyring"]["remedy"]


def test_a_wrong_configuration_is_told_and_the_rest_looked_at(
    mesos_batch: Program, master: str, tmp_path: Path
) -> None:
    (tmp_path / "mesos-batch.toml").write_text('assume_runtime = "5"')

    done = mesos_batch("doctor", f"--master={master}")

    assert done.returncode == 2
    assert "mesos-batch.toml:1: assume_runtime: '5' has no unit" in done.stdout
    assert marks(done.stdout)["agents"] == "✓"


def test_a_profile_names_the_master(mesos_batch: Program, master: str, tmp_path: Path) -> None:
    profile = f'[profiles.here]\nmaster = "{master}"\n'
    (tmp_path / "mesos-batch.toml").write_text(profile, encoding="utf-8")

    done = mesos_batch("doctor", "--profile=here")
    wrong = mesos_batch("doctor", "--profile=there")

    assert marks(done.stdout)["leader"] == "✓"
    assert (wrong.returncode, wrong.stdout) == (2, "")


def test_what_nobody_answers_at(mesos_batch: Program) -> None:
    done = mesos_batch("doctor", "--master=127.0.0.1:1")

    assert done.returncode == 4
    assert "cannot connect to port 1: Connection refused" in done.stdout


def test_one_master_of_several_may_be_away(mesos_batch: Program, master: str) -> None:
    done = mesos_batch("doctor", f"--master=127.0.0.1:1,{master}")

    assert done.returncode == 0
    assert "! network        http://127.0.0.1:1: cannot connect" in done.stdout
    assert marks(done.stdout)["leader"] == "✓"


def test_what_is_no_master(mesos_batch: Program) -> None:
    with ScriptedMaster(lambda *_: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi") as server:
        done = mesos_batch("doctor", f"--master={server.address}")

    assert done.returncode == 4
    assert "what answers is no Mesos master (HTTP 200)" in done.stdout


def test_a_name_that_does_not_exist(mesos_batch: Program) -> None:
    done = mesos_batch("doctor", "--master=nowhere.invalid:5050")

    assert done.returncode == 4
    assert "the name nowhere.invalid cannot be resolved" in done.stdout


def test_a_leader_that_cannot_be_reached(mesos_batch: Program) -> None:
    moved = b"HTTP/1.1 307 Moved\r\nLocation: //127.0.0.1:1/api/v1/scheduler\r\n"
    with ScriptedMaster(lambda *_: moved + b"Content-Length: 0\r\n\r\n") as server:
        done = mesos_batch("doctor", f"--master={server.address}")

    assert done.returncode == 4
    assert f"{server.address} says that 127.0.0.1:1 leads, but there: cannot connect" in done.stdout


def test_credentials_that_are_refused_and_a_clock_that_is_wrong(mesos_batch: Program) -> None:
    def master(request: Request, _: int) -> bytes:
        if "Authorization" not in request.headers:
            return b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
        body = b"Failed to validate scheduler::Call"
        head = b"HTTP/1.1 400 Bad Request\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT\r\n"
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body

    with ScriptedMaster(master) as server:
        at = f"--master={server.address}"
        without = mesos_batch("doctor", at)
        shown = mesos_batch("doctor", at, env={"MESOS_BATCH_TOKEN": "t0ken"})

    assert without.returncode == 4
    assert "✗ credentials    the master wants credentials" in without.stdout
    assert "✓ credentials    the token is let in" in shown.stdout
    assert "s ahead of that of the master" in shown.stdout
    assert marks(shown.stdout)["agents"] == "!"
    assert "t0ken" not in shown.stdout


def test_agents_that_the_master_has_lost_sight_of(mesos_batch: Program) -> None:
    slaves = b'{"slaves": [{"hostname": "127.0.0.1", "port": 1, "active": false}]}'

    def master(request: Request, _: int) -> bytes:
        if request.path == "/slaves":
            return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(slaves) + slaves
        body = b"Failed to validate scheduler::Call"
        return b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    with ScriptedMaster(master) as server:
        done = mesos_batch("doctor", f"--master={server.address}")

    assert done.returncode == 0
    assert (
        "! agents         1 is registered; not connected to the master: 127.0.0.1:1" in done.stdout
    )


@pytest.fixture
def front(master: str, tmp_path: Path) -> Iterator[tuple[Front, Authority]]:
    authority = Authority(tmp_path / "authority")
    with Front(master, authority.server(valid_for=3.5 * DAY)) as begun:
        yield begun, authority


def test_tls_is_told(mesos_batch: Program, front: tuple[Front, Authority]) -> None:
    server, authority = front

    trusting = mesos_batch("doctor", f"--master={server.url}", f"--cacert={authority.file}")
    doubting = mesos_batch("doctor", f"--master={server.url}")

    assert trusting.returncode == 0
    assert f"{server.url} answers (TLSv1.3)" in trusting.stdout
    assert f"! certificate    that of 127.0.0.1:{server.port} ends in 3 days" in trusting.stdout
    assert doubting.returncode == 4
    assert "its certificate is by no authority we trust" in doubting.stdout
