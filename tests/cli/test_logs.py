"""``mesos-batch logs`` and ``files``: from a failed task to what it wrote, over HTTP."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from held_list import Held, wait_until_all_run
from local.cluster_processes import ClusterProcess
from program import PROGRAM, STATE_DIR, Program, clean_environment, line_with, running, task, write
from terminal import on_terminal

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the tasks are for a POSIX shell")
BINARY = r"printf 'caf\303\251 \377\000\n'"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterProcess]:
    work_dir = tmp_path_factory.mktemp("logs") / "cluster"
    started = ClusterProcess(work_dir, "--no-authenticate", "--agents=2", "--cpus=4")
    yield started.ready()
    started.close()


@pytest.fixture(scope="module")
def kept(cluster: ClusterProcess, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of a run with some output, which nobody changes."""
    directory = tmp_path_factory.mktemp("kept")
    write(
        directory / "list.json",
        task("tile-1", "echo one; echo more >&2"),
        task("tile-2", "echo two; echo 'no band B10' >&2; exit 3"),
        task("raw", BINARY),
        task("bad", r"printf 'a\033[31mb \033]0;t\007\nend'"),
        task("many", "i=0; while [ $i -lt 30 ]; do i=$((i+1)); echo line $i; done; mkdir d; > d/x"),
    )
    done = run_in(directory, f"--master={cluster.master}", "--task_list=list.json", "--quiet")
    assert done.returncode == 1, done.stderr
    return directory


def run_in(directory: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=directory,
        env=clean_environment({STATE_DIR: str(directory / "state")}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )


def logs(directory: Path, *arguments: str) -> str:
    done = run_in(directory, "logs", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def test_one_command_shows_what_failed(kept: Path) -> None:
    done = run_in(kept, "logs")

    assert done.returncode == 0
    assert done.stdout.decode() == "stdout | two\nstderr ! no band B10\n"
    assert done.stderr.decode() == "1 of 5 tasks failed; --all shows what the others wrote too\n"


def test_several_tasks_are_told_apart(kept: Path) -> None:
    assert logs(kept, "tile-*") == (
        "tile-1 | one\ntile-1 ! more\ntile-2 | two\ntile-2 ! no band B10\n"
    )
    assert logs(kept, "last", "tile-2", "tile-1", "--stderr") == (
        "tile-1 ! more\ntile-2 ! no band B10\n"
    )
    assert logs(kept, "--failed", "tile-*", "--stdout") == "two\n"


def test_one_file_comes_as_it_is(kept: Path) -> None:
    done = run_in(kept, "logs", "raw", "--stdout")
    printed = run_in(kept, "files", "raw", "stdout")

    assert done.stdout == printed.stdout == b"caf\xc3\xa9 \xff\0\n"
    assert run_in(kept, "logs", "raw").stdout == b"stdout | caf\xc3\xa9 \xff\0\n"


def test_a_file_has_no_power_over_a_terminal(kept: Path) -> None:
    with on_terminal("files", "bad", "stdout", cwd=kept) as (process, terminal):
        shown = terminal.read_all()
        process.wait(timeout=30)

    assert shown == "a\x1b[31mb \\x1b]0;t\\x07\x1b[0m\r\nend\r\n"


def test_the_last_lines_and_those_looked_for(kept: Path) -> None:
    assert logs(kept, "many", "--stdout", "--tail=2") == "line 29\nline 30\n"
    assert logs(kept, "many", "--grep=^line 1[12]$") == "stdout | line 11\nstdout | line 12\n"
    assert logs(kept, "--all", "--grep=B10|one") == "tile-1 | one\ntile-2 ! no band B10\n"
    assert run_in(kept, "logs", "many", "--grep=nothing").returncode == 1
    wrong = run_in(kept, "logs", "many", "--grep=(")
    assert wrong.returncode == 2
    assert b"--grep: '(' is no regular expression" in wrong.stderr


def test_who_stops_reading_is_not_read_to(kept: Path) -> None:
    with subprocess.Popen(
        [*PROGRAM, "logs", "many"],
        cwd=kept,
        env=clean_environment({STATE_DIR: str(kept / "state")}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "sentence", "hint"),
    [
        (("tile_1",), "has no task 'tile_1'", "Did you mean tile-1?"),
        (("last", "x*"), "has no task 'x*'", "status --json"),
        (("--stdout", "--stderr"), "--stdout contradicts --stderr", ""),
        (("--all", "--failed"), "--failed contradicts --all", ""),
        (("raw", "--failed"), "no task of those named has failed", ""),
        (("raw", "--attempt=2"), "task 'raw' has no attempt 2: it had 1 attempt", ""),
        (("raw", "--follow", "--attempt=1"), "--attempt keeps to one", ""),
    ],
)
def test_what_is_not_there_is_told(
    kept: Path, arguments: tuple[str, ...], sentence: str, hint: str
) -> None:
    done = run_in(kept, "logs", *arguments)

    assert done.returncode == 2
    assert sentence in done.stderr.decode()
    assert hint in done.stderr.decode()


def test_a_word_is_a_run_or_a_task_by_clear_rules(
    cluster: ClusterProcess, mesos_batch: Program, tmp_path: Path
) -> None:
    write(tmp_path / "list.json", task("one", "echo first run"))
    first = mesos_batch(f"--master={cluster.master}", "--task_list=list.json", "--detach")
    run_id = first.stdout.strip()
    assert mesos_batch("wait").returncode == 0
    letters = run_id[-4:]
    named = (task(name, "echo a task of that name") for name in (letters, run_id))
    write(tmp_path / "list.json", *named, task("one", "true"))
    mesos_batch(f"--master={cluster.master}", "--task_list=list.json", "--quiet")

    # A part of an id gives way to a task of the last run, a whole one does not.
    assert mesos_batch("logs", letters).stdout == "stdout | a task of that name\n"
    assert mesos_batch("logs", run_id).stdout == "stdout | first run\n"
    assert mesos_batch("logs", run_id[-6:]).stdout == "stdout | first run\n"
    assert mesos_batch("logs", run_id, "one", "--stdout").stdout == "first run\n"
    assert mesos_batch("logs", "2").returncode == 5


def test_tasks_that_share_an_executor_have_output_of_their_own(
    cluster: ClusterProcess, mesos_batch: Program, tmp_path: Path
) -> None:
    tasks = (task(f"t{number} ü&x=%41+#", f"echo out {number}") for number in range(11))
    write(tmp_path / "list.json", *tasks)
    on = (f"--master={cluster.master}", "--task_list=list.json", "--quiet")
    assert mesos_batch(*on, "--executor=pool").returncode == 0

    done = mesos_batch("logs")
    assert (done.returncode, done.stdout) == (2, "")
    assert "none of the 11 tasks" in done.stderr
    assert mesos_batch("logs", "--all").stdout == "".join(
        f"t{number} ü&x=%41+#".ljust(13) + f" | out {number}\n" for number in range(11)
    )
    # As after a run that took tasks over: no journal says where their sandboxes are.
    [journal] = (tmp_path / "state" / "runs").glob("*/journal.sqlite")
    with sqlite3.connect(journal) as db:
        db.execute("UPDATE attempts SET sandbox_url = NULL")
    assert mesos_batch("logs", "t7*", "--stdout").stdout == "out 7\n"


def test_each_attempt_can_be_read(
    cluster: ClusterProcess, mesos_batch: Program, tmp_path: Path
) -> None:
    write(tmp_path / "list.json", task("t", 'echo try $MESOS_BATCH_ATTEMPT; [ -e "$0.x" ]'))
    on = (f"--master={cluster.master}", "--task_list=list.json", "--quiet", "--max_attempts=2")
    assert mesos_batch(*on).returncode == 1

    assert mesos_batch("logs", "t", "--stdout").stdout == "try 2\n"
    assert mesos_batch("logs", "t", "--stdout", "--attempt=1").stdout == "try 1\n"


def test_a_task_that_runs_is_followed_to_its_end(
    cluster: ClusterProcess, mesos_batch: Program, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    waits = f"while [ ! -e {go} ]; do sleep 0.05; done"
    tries = f"echo try $MESOS_BATCH_ATTEMPT; {waits}; echo done >&2; [ $MESOS_BATCH_ATTEMPT = 2 ]"
    write(tmp_path / "list.json", task("slow", tries), task("never", "true", cpus=99))
    on = (f"--master={cluster.master}", "--task_list=list.json", "--max_attempts=2")
    with running(*on, cwd=tmp_path) as run:
        line_with("task slow running", run)
        with running("logs", "slow", "--follow", cwd=tmp_path) as following:
            assert line_with("try", following, stdout=True) == "stdout | try 1\n"
            go.touch()
            out, err = following.communicate(timeout=30)
        unlaunched = mesos_batch("logs", "never")
        several = mesos_batch("logs", "never", "slow", "--stdout")
        launched = mesos_batch("logs", "--all", "--stdout")
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=30)

    assert (out, err) == ("stderr ! done\nstdout | try 2\nstderr ! done\n", "")
    assert following.returncode == 0
    assert unlaunched.returncode == 2
    assert "task never was never launched" in unlaunched.stderr
    assert (several.returncode, several.stdout) == (0, "slow  | try 2\n")
    assert "task never was never launched" in several.stderr
    assert (launched.returncode, launched.stdout, launched.stderr) == (0, "try 2\n", "")


def test_following_ends_when_nobody_drives_the_run(
    cluster: ClusterProcess, held: Held, tmp_path: Path
) -> None:
    with running(*held.on(cluster.master), cwd=tmp_path) as run:
        wait_until_all_run(run)
        with running("logs", "--follow", cwd=tmp_path) as following:
            run.kill()
            out, err = following.communicate(timeout=30)
    held.let_go()

    assert (following.returncode, out) == (0, "")
    assert "nobody drives run " in err


def test_who_may_not_look_is_told(mesos_batch: Program, tmp_path: Path) -> None:
    cluster = ClusterProcess(tmp_path / "cluster", "--agents=1").ready()
    secret = tmp_path / "secret"
    announced = cluster.announcement.split("secret in  ")[1].split()[0]
    secret.write_bytes(Path(announced).read_bytes())
    secret.chmod(0o600)
    write(tmp_path / "list.json", task("t", "echo secret output"), task("u", "true"))
    login = ("--principal=local", f"--secret_file={secret}")
    mesos_batch(f"--master={cluster.master}", "--task_list=list.json", "--quiet", *login)

    refused = mesos_batch("logs", "t")
    shown = mesos_batch("logs", "t", "--stdout", *login)
    cluster.close()
    away = mesos_batch("logs", "t", *login)
    each = mesos_batch("logs", "--all", *login)

    assert refused.returncode == 4
    assert "asks for a principal and its secret (--principal, --secret_file)" in refused.stderr
    assert shown.stdout == "secret output\n"
    assert away.returncode == 4
    assert "does not answer: Connection refused" in away.stderr
    assert each.returncode == 4
    assert each.stderr.count("does not answer: Connection refused") == 2


def test_a_sandbox_is_listed(kept: Path) -> None:
    page = run_in(kept, "files", "many").stdout.decode().splitlines()
    told = json.loads(run_in(kept, "files", "last", "many", "d", "--json").stdout)
    wrong = run_in(kept, "files", "many", "d/y")

    assert page[0].split() == ["MODE", "OWNER", "SIZE", "CHANGED", "NAME"]
    assert [line.split()[-1] for line in page[1:]] == ["d/", "stderr", "stdout"]
    assert "231 B" in page[3]
    assert told["schema"] == "mesos-batch.files/1"
    assert [(entry["name"], entry["size"]) for entry in told["files"]] == [("x", 0)]
    assert wrong.returncode == 2
    assert b"there is no 'd/y' in the sandbox" in wrong.stderr


def test_a_sandbox_is_copied(kept: Path, tmp_path: Path) -> None:
    whole = run_in(kept, "files", "many", f"--download={tmp_path / 'whole'}")
    one = run_in(kept, "files", "many", "stdout", f"--download={tmp_path / 'one'}")

    assert (whole.returncode, one.returncode) == (0, 0), whole.stderr + one.stderr
    assert b"3 files copied to " in whole.stderr
    copied = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    names = [path.relative_to(tmp_path).as_posix() for path in copied]
    assert names == ["one/stdout", "whole/d/x", "whole/stderr", "whole/stdout"]
    assert copied[0].read_bytes() == copied[3].read_bytes()
    assert copied[0].read_text().endswith("line 30\n")
