"""Runs the real program."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from program import PROGRAM, Outcome, Program, clean_environment


@pytest.fixture
def mesos_batch(tmp_path: Path) -> Program:
    """Runs the program in an empty directory and gives exit code, stdout and stderr."""

    def run(
        *arguments: str, env: Mapping[str, str] | None = None, stdin: str | bytes = b""
    ) -> Outcome:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [*PROGRAM, *arguments],
            input=data,
            capture_output=True,
            cwd=tmp_path,
            env=clean_environment(env),
            check=False,
            timeout=60,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    return run
