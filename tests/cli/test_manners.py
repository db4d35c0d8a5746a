"""What every command owes to a shell: exit codes, streams that end, sentences on standard error."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import pytest
from mesos_batch_cli.command_table import COMMANDS, END_AS_RUNS_DO
from program import PROGRAM, STATE_DIR, Program, clean_environment, running, task, write

JOB = "defaults: {cpus: 0.1, mem: 32}\ntasks:\n- name: a\n  command: 'true'\n"
full_disk = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


@pytest.fixture(scope="module")
def finished(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the program where a run of one task has ended."""
    directory = tmp_path_factory.mktemp("finished")
    write(directory / "list.json", task("a", "echo a"))

    def program(
        *arguments: str, encoding: str = "utf-8", stdout: int | IO[bytes] = subprocess.PIPE
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PROGRAM, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            encoding=encoding,
            cwd=directory,
            env=clean_environment(
                {STATE_DIR: str(directory / "state"), "PYTHONIOENCODING": encoding}
            ),
            check=False,
            timeout=60,
        )

    assert program("run", "list.json", "--master=local", "--quiet").returncode == 0
    return program


def test_every_command_tells_a_wrong_flag_on_standard_error(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from mesos_batch_cli.command_table import COMMANDS\n"
        "from mesos_batch_cli.main import main\n"
        "for command in COMMANDS:\n"
        "    sys.argv = ['mesos-batch', *command.name.split(), '--qqq=1']\n"
        "    assert main() == 2, command.name\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=clean_environment(),
        check=False,
        timeout=60,
    )

    told = ["mesos-batch: there is no flag --qqq", "  --help lists all flags."]
    assert done.stderr.splitlines() == told * len(COMMANDS)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    "words",
    [
        "run --help",
        "help settings",
        "schema",
        "completion bash",
        "config show --origin",
        "doctor",
        "runs",
        "status last --json",
        "explain a",
        "top --once",
        "logs a",
        "files a stdout",
        "files a",
        "report --report=csv:-",
        "expand list.json",
        "validate list.json",
    ],
)
def test_who_reads_no_further_is_no_error(
    finished: Callable[..., subprocess.CompletedProcess[str]], words: str
) -> None:
    read, nobody_reads = os.pipe()
    os.close(read)
    with os.fdopen(nobody_reads, "wb") as cut_off:
        done = finished(*words.split(), stdout=cut_off)

    assert (done.returncode, done.stderr) == (0, "")


@full_disk
@pytest.mark.parametrize(
    "arguments", [["--help"], ["help", "settings"], ["runs", "--json"], ["expand", "job.yaml"]]
)
def test_a_result_that_is_lost_is_an_error(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(JOB, encoding="utf-8")
    done = on_a_full_disk(arguments, tmp_path)

    assert done.returncode == 74
    assert (
        done.stderr == b"mesos-batch: standard output cannot be written: No space left on device\n"
    )


@full_disk
def test_the_exit_code_of_a_run_is_that_of_its_tasks(tmp_path: Path) -> None:
    write(tmp_path / "list.json", task("a", "true"))

    codes = {
        words: on_a_full_disk(words.split(), tmp_path).returncode
        for words in ("run list.json --master=local", "wait last", "status last", "wait --help")
    }

    assert END_AS_RUNS_DO == ("run", "resume", "retry", "wait")
    assert list(codes.values()) == [0, 0, 74, 74]


def on_a_full_disk(arguments: list[str], cwd: Path) -> subprocess.CompletedProcess[bytes]:
    with Path("/dev/full").open("w") as full:
        return subprocess.run(
            [*PROGRAM, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env=clean_environment({STATE_DIR: str(cwd / "state")}),
            check=False,
            timeout=60,
        )


def interrupted(process: subprocess.Popen[str]) -> str:
    """Press Ctrl-C, once more where Python lost it in a finaliser; what stderr had."""
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        try:
            return process.communicate(timeout=5)[1]
        except subprocess.TimeoutExpired:
            continue
    raise AssertionError("it goes on")


class FrozenServer:
    """Takes connections and never answers."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._held = ExitStack()
        self.address = f"127.0.0.1:{listener.getsockname()[1]}"

    def until_asked(self) -> None:
        """Wait until somebody has sent something."""
        connection, _ = self._listener.accept()
        self._held.enter_context(connection).settimeout(30)
        # Who only looks whether anybody listens hangs up.
        if not connection.recv(1):
            self.until_asked()

    def close(self) -> None:
        self._held.close()


@pytest.fixture
def frozen() -> Iterator[FrozenServer]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        server = FrozenServer(listener)
        yield server
        server.close()


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
@pytest.mark.parametrize(
    "words",
    [
        "plan list.json --master={}",
        "agents --master={}",
        "offers --master={}",
        "volumes audit --master={}",
        "doctor --master={}",
        "generate prefetch --image=x --master={}",
        "generate s3 --bucket=b --command=x --credentials=anonymous --endpoint=http://{}",
    ],
)
def test_ctrl_c_ends_a_wait_for_a_server_that_never_answers(
    frozen: FrozenServer, words: str, tmp_path: Path
) -> None:
    write(tmp_path / "list.json", task("a", "true"))
    with running(*words.format(frozen.address).split(), cwd=tmp_path) as process:
        frozen.until_asked()
        errors = interrupted(process)

    assert process.returncode == 130
    assert errors == "mesos-batch: interrupted\n"


@pytest.mark.skipif(sys.platform == "win32", reason="UTF-8 is always printed there")
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("words", ["doctor", "status last", "top --once"])
def test_what_an_encoding_has_not_is_not_drawn(
    finished: Callable[..., subprocess.CompletedProcess[str]], words: str, encoding: str
) -> None:
    done = finished(*words.split(), encoding=encoding)

    assert done.returncode == 0
    assert "\\u" not in done.stdout + done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="UTF-8 is always printed there")
def test_what_an_encoding_has_not_is_printed_as_what_looks_like_it() -> None:
    script = (
        "from mesos_batch_cli.output.streams import prepare_streams\n"
        "prepare_streams()\n"
        "print('cut\u2026 2\u00d7 \u00e9 \u4f60')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        env=clean_environment({"PYTHONIOENCODING": "ascii"}),
        check=True,
        timeout=60,
    )
    assert done.stdout == b"cut... 2x \\xe9 \\u4f60\n"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX shells")
@pytest.mark.parametrize("words", ["validate -", "expand -", "generate lines --command=x"])
def test_a_closed_standard_input_is_an_empty_one(
    mesos_batch: Program, words: str, tmp_path: Path
) -> None:
    closed = subprocess.run(
        ["sh", "-c", '"$@" <&-', "sh", *PROGRAM, *words.split()],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=clean_environment(),
        check=False,
        timeout=60,
    )
    empty = mesos_batch(*words.split())

    assert (closed.returncode, closed.stdout, closed.stderr) == (
        empty.returncode,
        empty.stdout,
        empty.stderr,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_doctor_makes_the_place_of_runs_as_a_run_does(mesos_batch: Program, tmp_path: Path) -> None:
    mesos_batch("doctor")
    assert stat.S_IMODE((tmp_path / "state" / "runs").stat().st_mode) == 0o700


def test_a_place_of_runs_that_is_none_is_told_with_a_remedy(
    mesos_batch: Program, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for words in ("runs", "status", "logs", "resume", "report --report=r.html"):
        done = mesos_batch(*words.split(), "--state_dir=file")
        message, hint = done.stderr.splitlines()

        assert (done.returncode, done.stdout) == (5, "")
        assert message.startswith("mesos-batch: cannot read the journal ")
        assert hint.startswith("  Look whether ")
