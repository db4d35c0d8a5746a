"""``--detach``: a process in the background drives the run. Real processes, real HTTP."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from held_list import Held, info_of
from program import (
    PROGRAM,
    STATE_DIR,
    Program,
    announcement_of,
    as_json,
    clean_environment,
    facts_of,
    running,
    task,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and shells")
SECRET = "correct-horse-battery"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a local cluster that wants principal alice and her secret."""
    directory = tmp_path_factory.mktemp("guarded")
    credential = directory / "credential"
    credential.write_text(f"alice {SECRET}\n", encoding="utf-8")
    credential.chmod(0o600)
    with running("local", f"--secret_file={credential}", cwd=directory) as cluster:
        yield facts_of(announcement_of(cluster))["master"]
        cluster.send_signal(signal.SIGINT)
        cluster.wait(timeout=30)


def secret_file(directory: Path, secret: str) -> str:
    path = directory / "secret"
    path.write_text(secret, encoding="utf-8")
    path.chmod(0o600)
    return f"--secret_file={path}"


def test_a_detached_run_goes_on_without_us(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    left = mesos_batch(*held.on(master, "--detach"))
    run_id = left.stdout.strip()
    info = info_of(mesos_batch, run_id)
    held.let_go()
    waited = mesos_batch("wait", run_id)

    assert (left.returncode, left.stdout) == (0, f"{run_id}\n")
    first, *commands, last = left.stderr.splitlines()
    assert first == f"run {run_id} goes on in the background"
    assert [command.split()[:3] for command in commands] == [
        ["mesos-batch", command, run_id] for command in ("top", "status", "wait", "logs", "cancel")
    ]
    assert (info["state"], info["exit_code"]) == ("running", None)
    assert info["framework_id"]
    assert waited.returncode == 0
    assert waited.stdout.splitlines()[-1].startswith("all 3 tasks finished in ")
    log = tmp_path / "state" / "runs" / run_id / "log.txt"
    assert last == f"what it says is in {log}"
    text = log.read_text(encoding="utf-8")
    assert f"resuming run {run_id}: 0 ended, 0 active, 3 waiting" in text
    assert "all 3 tasks finished in " in text
    assert held.ended == ["held-1", "held-2", "quick"]


def test_a_detached_run_is_out_of_reach_of_our_terminal(
    mesos_batch: Program, master: str, held: Held
) -> None:
    mesos_batch(*held.on(master, "--detach", "--quiet"))
    pid = info_of(mesos_batch)["pid"]
    assert isinstance(pid, int)
    session, terminal = os.getsid(pid), psutil.Process(pid).terminal()
    cancelled = mesos_batch("cancel", "last")

    assert session == pid
    assert terminal is None
    assert cancelled.returncode == 0
    assert info_of(mesos_batch)["exit_code"] == 130


def test_a_local_cluster_can_be_in_the_background_too(mesos_batch: Program, held: Held) -> None:
    left = mesos_batch(*held.on("local", "--detach", "--local_agents=1"))
    held.let_go()
    waited = mesos_batch("wait")

    assert (left.returncode, waited.returncode) == (0, 0)
    assert held.ended == ["held-1", "held-2", "quick"]


@pytest.mark.parametrize("given", ["file", "flag", "variable"])
def test_the_secret_reaches_the_background_and_nobody_else(
    mesos_batch: Program, guarded: str, held: Held, tmp_path: Path, given: str
) -> None:
    flags, env = {
        "file": ([secret_file(tmp_path, SECRET)], {}),
        "flag": ([f"--secret={SECRET}"], {}),
        "variable": ([], {"MESOS_BATCH_SECRET": SECRET}),
    }[given]
    left = mesos_batch(*held.on(guarded, "--detach", "--principal=alice", *flags), env=env)
    pid = info_of(mesos_batch)["pid"]
    assert isinstance(pid, int)
    process = psutil.Process(pid)
    seen = json.dumps([process.cmdline(), process.environ(), left.stdout, left.stderr])
    held.let_go()
    waited = mesos_batch("wait")
    kept = b"".join(path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file())

    assert (left.returncode, waited.returncode) == (0, 0)
    assert SECRET not in seen
    assert SECRET.encode() not in kept


def test_a_run_that_does_not_begin_is_told_at_once_and_can_be_mended(
    mesos_batch: Program, guarded: str, tmp_path: Path
) -> None:
    text = as_json(task("a", "true"))

    wrong = mesos_batch(
        f"--master={guarded}", f"--task_list={text}", "--detach", "--principal=alice",
        secret_file(tmp_path, "guess"),
    )  # fmt: skip
    run_id = info_of(mesos_batch)["run_id"]
    newest = mesos_batch("resume", secret_file(tmp_path, SECRET))
    resumed = mesos_batch("resume", run_id, secret_file(tmp_path, SECRET))

    assert (newest.returncode, newest.stdout) == (5, "")
    assert (wrong.returncode, wrong.stdout) == (4, "")
    assert wrong.stderr.startswith(f"mesos-batch: run {run_id} did not begin: ")
    assert f"'mesos-batch resume {run_id}' tries again." in wrong.stderr
    assert "guess" not in wrong.stderr
    assert resumed.returncode == 0


def test_a_run_that_is_over_before_anybody_looks_did_begin(mesos_batch: Program) -> None:
    left = mesos_batch("--master=local", '--task_list={"tasks": []}', "--detach")
    waited = mesos_batch("wait")

    assert left.returncode == 0
    assert (waited.returncode, waited.stdout) == (0, "the task list is empty: nothing to do\n")


def test_modules_in_the_working_directory_are_not_taken_for_ours(
    master: str, tmp_path: Path
) -> None:
    (tmp_path / "queue.py").write_text("raise SystemExit(99)\n", encoding="utf-8")
    script = "import sys; from mesos_batch_cli.main import main; sys.exit(main())"
    left = subprocess.run(
        [PROGRAM[0], "-P", "-c", script, f"--master={master}", "--detach",
         f"--task_list={as_json(task('a', 'true'))}"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=clean_environment({STATE_DIR: str(tmp_path / "state")}),
        check=False,
        timeout=60,
    )  # fmt: skip
    assert left.returncode == 0, left.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_before_the_run_begins_ends_it(
    mesos_batch: Program, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        text = as_json(task("a", "true"))
        with running(f"--master={address}", f"--task_list={text}", "--detach", cwd=tmp_path) as own:
            connection, _ = silent.accept()
            own.send_signal(number)
            stdout, stderr = own.communicate(timeout=30)
            connection.close()

    assert (own.returncode, stdout) == (code, "")
    assert stderr == "mesos-batch: interrupted before the run began\n"
    assert info_of(mesos_batch)["state"] == "ended"
