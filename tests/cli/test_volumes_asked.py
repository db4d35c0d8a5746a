"""Commands on volumes that ask first, that are written wrongly, and that hold secrets."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from program import (
    PROGRAM,
    STATE_DIR,
    Outcome,
    Program,
    announcement_of,
    clean_environment,
    facts_of,
    running,
)
from volumes.in_process import quick

__all__ = ["quick"]

NOBODY = "--master=127.0.0.1:1"
WHO = (NOBODY, "--role=r", "--principal=p")
BOTH = ("--quiet", "--verbose")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["volumes"], "followed by list, create, destroy or audit"),
        (["volumes", "lst"], "Did you mean 'mesos-batch volumes list'?"),
        (["volumes", "list"], "no master is given"),
        (["volumes", "list", "--master=local"], "lives and ends with a run"),
        (["volumes", "list", NOBODY, "x"], "'x' is not expected"),
        (["volumes", "audit", NOBODY, "--yes"], "there is no flag --yes"),
        (["volumes", "create", *WHO], "no size is given"),
        (["volumes", "create", *WHO, "--size=0"], "--size"),
        (["volumes", "create", *WHO, "--size=-5"], "--size"),
        (["volumes", "create", *WHO, "--size=0.0001"], "less than Mesos can count"),
        (["volumes", "create", *WHO, "--size=5", "--id=--help"], "begins with a dash"),
        (["volumes", "create", *WHO, "--size=5", "--count=0"], "less than 1"),
        (["volumes", "create", *WHO, "--size=5", "--id=a/b"], "'/' is not allowed"),
        (["volumes", "create", *WHO, "--size=5", "--container_path=../x"], "not one name"),
        (["volumes", "create", *WHO, "--size=5", "--disk=raid"], "--disk"),
        (["volumes", "create", *WHO, "--size=5", "--disk_root=/x"], "goes with --disk=path"),
        (["volumes", "create", *WHO, "--size=5", "--resource=f"], "--size contradicts --resource"),
        (["volumes", "create", *WHO, "--shared", "--resource=f"], "--shared contradicts"),
        (["volumes", "create", *WHO, "--resource=missing.json"], "cannot be read"),
        (["volumes", "create", *WHO, '--resource={"resources": []}'], "nothing was sent"),
        (["volumes", "create", *WHO, "--size=5", *BOTH], "contradicts"),
        (["volumes", "create", NOBODY, "--principal=p", "--size=5"], "reserved for role *"),
        (["volumes", "create", NOBODY, "--role=r", "--size=5"], "belongs to a principal"),
        (["volumes", "destroy", NOBODY], "name the volumes to destroy by their ids"),
        (["volumes", "destroy", "v", "--run=r", NOBODY], "name the volumes to destroy"),
        (["volumes", "destroy", "--run=r", "--forget_agent=a", NOBODY], "name the volumes"),
        (["volumes", "destroy", "--run=r", "--keep_reservations", NOBODY], "goes with ids"),
        (["volumes", "destroy", "v", "--agent=a,b", NOBODY], "one agent at a time"),
        (["reservations"], "followed by list, reserve or unreserve"),
        (["reservations", "reserve", *WHO], "no resources are given"),
        (["reservations", "reserve", *WHO, "--resources=cpus:1", *BOTH], "contradicts"),
        (["volumes", "destroy", "v", NOBODY, *BOTH], "contradicts"),
        (["reservations", "reserve", *WHO, "--resources=cpus"], "--resources"),
        (["reservations", "reserve", *WHO, "--resources="], "--resources"),
        (["reservations", "reserve", *WHO, "--resources=cpus(x):1"], "--role says"),
        (["reservations", "unreserve", *WHO], "no resources are given"),
        (["reservations", "unreserve", NOBODY, "--role=r", "--resources=cpus:1"], "principal"),
    ],
)
def test_a_wrong_command_line_ends_with_2(quick: Program, arguments: list[str], said: str) -> None:
    done = quick(*arguments)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_that_is_not_there_ends_with_5(
    cluster: str, mesos_batch: Program, tmp_path: Path
) -> None:
    write_secret(tmp_path)
    done = mesos_batch("volumes", "destroy", "--run=x", f"--master={cluster}", *LOGIN, "--yes")
    assert done.returncode == 5
    assert "there are no runs" in done.stderr


SECRET = "s3cret-word"
LOGIN = ("--principal=alice", "--secret_file=secret")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster that lets in alice alone."""
    directory = tmp_path_factory.mktemp("cluster")
    write_secret(directory)
    with running("local", "--agents=1", *LOGIN, cwd=directory) as process:
        yield facts_of(announcement_of(process))["master"]
        process.terminate()
        process.wait(timeout=30)


def write_secret(directory: Path, secret: str = SECRET) -> None:
    path = directory / "secret"
    path.write_text(secret, encoding="utf-8")
    path.chmod(0o600)


@pytest.fixture
def volume(cluster: str, mesos_batch: Program, tmp_path: Path) -> Iterator[str]:
    """A volume on the cluster, which is not left there."""
    write_secret(tmp_path)
    where = f"--master={cluster}", *LOGIN
    done = mesos_batch("volumes", "create", *where, "--role=r", "--size=10", "--id=v")
    assert done.returncode == 0, done.stderr
    yield "v"
    mesos_batch("volumes", "destroy", "v", *where, "--yes")


def listed(mesos_batch: Program, cluster: str) -> str:
    return mesos_batch("volumes", "list", f"--master={cluster}", *LOGIN).stdout


def test_where_nobody_can_be_asked_nothing_is_sent(
    cluster: str, mesos_batch: Program, volume: str
) -> None:
    done = mesos_batch("volumes", "destroy", volume, f"--master={cluster}", *LOGIN)
    assert done.returncode == 2
    assert "Add --yes." in done.stderr
    # What would have gone is shown all the same.
    assert volume in done.stdout
    assert volume in listed(mesos_batch, cluster)


def answered(answer: str, cwd: Path, *arguments: str) -> Outcome:
    """The program whose standard input is a terminal on which somebody types this."""
    import pty

    ours, its = pty.openpty()
    try:
        os.write(ours, answer.encode())
        return subprocess.run(
            [*PROGRAM, *arguments],
            stdin=its,
            capture_output=True,
            text=True,
            cwd=cwd,
            env=clean_environment({STATE_DIR: str(cwd / "state")}),
            check=False,
            timeout=60,
        )
    finally:
        os.close(ours)
        os.close(its)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX terminals")
def test_the_question_is_answered_on_a_terminal(
    cluster: str, mesos_batch: Program, volume: str, tmp_path: Path
) -> None:
    command = ("volumes", "destroy", volume, f"--master={cluster}", *LOGIN)
    for answer in ("n\n", "\n", "\x04"):
        done = answered(answer, tmp_path, *command)
        assert done.returncode == 1
        assert "Destroy this, with all data on it? [y/N] " in done.stderr
        assert "nothing was destroyed" in done.stderr
        assert volume in listed(mesos_batch, cluster)
    done = answered("y\n", tmp_path, *command)
    assert done.returncode == 0, done.stderr
    assert listed(mesos_batch, cluster) == ""


def test_a_secret_is_in_no_output_and_no_journal(
    cluster: str, mesos_batch: Program, volume: str, tmp_path: Path
) -> None:
    where = f"--master={cluster}", *LOGIN
    said = ""
    for arguments in (
        ("volumes", "list", "--json"),
        ("volumes", "audit"),
        ("reservations", "list"),
        ("volumes", "create", "--role=r", "--size=10", "--verbose"),
        ("volumes", "destroy", volume, "--yes"),
    ):
        done = mesos_batch(*arguments, *where)
        assert done.returncode == 0, done.stderr
        said += done.stdout + done.stderr
    write_secret(tmp_path, "wr0ng-word")
    refused = mesos_batch("volumes", "list", *where)
    assert refused.returncode == 4
    assert "does not accept principal 'alice' with the secret given" in refused.stderr
    kept = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    written = b"".join(path.read_bytes() for path in kept)
    assert b"volumes create" in written
    for secret in (SECRET, "wr0ng-word"):
        assert secret not in said + refused.stdout + refused.stderr
        assert secret.encode() not in written


def test_a_cluster_that_is_away_ends_with_4_before_anything_is_kept(
    quick: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mesos_batch.runtime.operator.GIVE_UP_SECONDS", 0.2)
    for arguments in (
        ("volumes", "list", NOBODY),
        ("volumes", "create", *WHO, "--size=10"),
        ("reservations", "reserve", *WHO, "--resources=cpus:1"),
    ):
        done = quick(*arguments)
        assert (done.returncode, done.stdout) == (4, "")
        assert "no master answers at http://127.0.0.1:1" in done.stderr
    assert not (tmp_path / "state").exists()
