"""The program in this process: where many short commands are given, starting it would be most."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from mesos_batch_cli.program import run as run_program
from program import STATE_DIR, Outcome, Program, clean_environment


@pytest.fixture
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """As the fixture ``mesos_batch``, without a process of its own; nobody can be asked."""
    for name in [*clean_environment(), "MESOS_MASTER", "NO_COLOR", "COLUMNS"]:
        if name.startswith(("MESOS_", "NO_COLOR", "COLUMNS")):
            monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(STATE_DIR, str(tmp_path / "state"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)

    def run(*arguments: str) -> Outcome:
        stdout, stderr = io.StringIO(), io.StringIO()
        with monkeypatch.context() as patch, redirect_stdout(stdout), redirect_stderr(stderr):
            patch.setattr(sys, "argv", ["mesos-batch", *arguments])
            patch.setattr(sys, "stdin", io.StringIO())
            code = run_program()
        return subprocess.CompletedProcess(arguments, code, stdout.getvalue(), stderr.getvalue())

    return run
