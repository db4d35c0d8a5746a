"""The real program as a process, and small task lists for it."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from task_lists import scalar

PROGRAM = (sys.executable, "-m", "mesos_batch_cli")
Outcome = subprocess.CompletedProcess[str]
Program = Callable[..., Outcome]


STATE_DIR = "MESOS_BATCH_STATE_DIR"


@pytest.fixture(scope="session", autouse=True)
def nothing_is_kept_at_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep runs and configuration of all tests, in this process and in others, elsewhere."""
    state = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(STATE_DIR, str(state))
        patch.setenv("XDG_STATE_HOME", str(state))
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        yield


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This environment without what would change what the program does.

    Runs are kept in the directory of the tests, whatever the test does.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MESOS_", "PYTHON")) and name not in ("NO_COLOR", "COLUMNS")
    }
    kept[STATE_DIR] = os.environ[STATE_DIR]
    return {**kept, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring", **(extra or {})}


def task(task_id: str, command: str, cpus: float = 0.1) -> dict[str, object]:
    """A command task in the form of TaskInfo."""
    return {
        "name": task_id,
        "task_id": {"value": task_id},
        "command": {"value": command},
        "resources": [scalar("cpus", cpus), scalar("mem", 32)],
    }


def as_json(*tasks: dict[str, object]) -> str:
    """A task list."""
    return json.dumps({"tasks": tasks})


def write(path: Path, *tasks: dict[str, object]) -> Path:
    """A file with a task list."""
    path.write_text(as_json(*tasks), encoding="utf-8")
    return path


@pytest.fixture
def mesos_batch(tmp_path: Path) -> Program:
    """Runs the program in an empty directory and gives exit code, stdout and stderr.

    Its runs are kept in ``state`` there.
    """

    def run(
        *arguments: str, env: Mapping[str, str] | None = None, stdin: str | bytes = b""
    ) -> Outcome:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [*PROGRAM, *arguments],
            input=data,
            capture_output=True,
            cwd=tmp_path,
            env=clean_environment({STATE_DIR: str(tmp_path / "state"), **(env or {})}),
            check=False,
            timeout=60,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    return run


@contextmanager
def running(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """The program in the background, killed if the test leaves it running.

    Its runs are kept in ``state`` of its directory, as those of the fixture ``mesos_batch`` are.
    """
    with subprocess.Popen(
        [*PROGRAM, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        cwd=cwd,
        env=clean_environment({STATE_DIR: str(cwd / "state"), **(env or {})}),
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line_with(text: str, process: subprocess.Popen[str], *, stdout: bool = False) -> str:
    """Wait for a line that has ``text`` in it."""
    stream = process.stdout if stdout else process.stderr
    assert stream is not None
    for line in stream:
        if text in line:
            return line
    raise AssertionError(f"no line with {text!r}")


def announcement_of(cluster: subprocess.Popen[str]) -> str:
    """What ``mesos-batch local`` prints when it is ready."""
    assert cluster.stdout is not None
    lines: list[str] = []
    for line in cluster.stdout:
        lines.append(line)
        if line.startswith("Ctrl-C ends it"):
            return "".join(lines)
    assert cluster.stderr is not None
    raise AssertionError("".join(lines) + cluster.stderr.read())


def facts_of(announcement: str) -> dict[str, str]:
    """Master, principal, secret file and so on, from what ``mesos-batch local`` prints."""
    rows = re.findall(
        r"^  (master|principal|secret in|sandboxes) +(\S+)$", announcement, re.MULTILINE
    )
    return dict(rows)


@contextmanager
def two_agents(directory: Path) -> Iterator[str]:
    """A local cluster of two agents of four cpus, for whoever asks; gives its address."""
    with running("local", "--agents=2", "--no-authenticate", cwd=directory) as cluster:
        yield facts_of(announcement_of(cluster))["master"]
        cluster.send_signal(signal.SIGINT)
        cluster.wait(timeout=30)
