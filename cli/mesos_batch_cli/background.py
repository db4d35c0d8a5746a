"""Runs that go on in the background: a process of ours without a terminal drives them.

Secrets go to it through a pipe: its arguments can be read by everybody on the machine, and its
environment is inherited by what it starts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mesos_batch.config import settings as the
from mesos_batch.config.layers import NO_CONFIG
from mesos_batch.config.masters import ZOOKEEPER, MasterAddress, parse_master
from mesos_batch.config.output_settings import STREAM_LOGS
from mesos_batch.config.progress_settings import AUTO, EVENTS, LIVE, PROGRESS
from mesos_batch.config.report_settings import REPORT
from mesos_batch.config.secret import Secret
from mesos_batch.errors import ExitCode
from mesos_batch_cli.interrupts import LeaveAtOnceError, interrupts
from mesos_batch_cli.keeping import again, state_dir
from mesos_batch_cli.output.streams import emit, say_error
from mesos_batch_cli.values import Values

if TYPE_CHECKING:
    from mesos_batch.api import RunOptions
    from mesos_batch.runs import RunInfo

LOG = "log.txt"
# Set for the process in the background: what we know that the journal may not is on its stdin.
_MARK = "MESOS_BATCH_HANDED_OVER"
_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What no journal keeps."""

    secret: Secret | None
    token: Secret | None
    master: MasterAddress | None


def detach(run_id: str, options: RunOptions, values: Values, *, leave: bool) -> ExitCode:
    """Let another process drive the run, and say so as soon as it really does.

    0 when it does, else the exit code it ended with at once. An interruption before that ends
    the run. ``leave``: a signal to that process leaves the tasks running.
    """
    from mesos_batch import runs

    info = runs.find_run(run_id, state_dir(values))
    log = runs.directory(info) / LOG
    process = _start(run_id, log, options, values, leave=leave)
    asked: list[ExitCode] = []
    try:
        with interrupts(asked.append):
            info = _wait_until_driven(process, info, state_dir(values), asked)
    except LeaveAtOnceError as left:
        return left.exit_code
    if asked:
        say_error("interrupted before the run began")
        return asked[0]
    if not _was_driven(info):
        message = info.message or _last_error(log) or f"{log} may say why"
        remedy = f"'{again('resume', run_id, values)}' tries again."
        say_error(f"run {run_id} did not begin: {message}", remedy)
        return info.exit_code or ExitCode.INTERNAL
    # It is not ours to wait for; without this Python would warn that nobody did.
    process.returncode = process.returncode or 0
    _tell(run_id, log, values)
    return ExitCode.FINISHED


def taken_over(environment: MutableMapping[str, str]) -> HandedOver | None:
    """What the process that started us in the background handed over; ``None`` without one."""
    if environment.pop(_MARK, None) is None:
        return None
    told = json.loads(sys.stdin.read())
    secret, token, master = told["secret"], told["token"], told["master"]
    return HandedOver(
        None if secret is None else Secret(secret),
        None if token is None else Secret(token),
        None if master is None else parse_master(master),
    )


def _start(
    run_id: str, log: Path, options: RunOptions, values: Values, *, leave: bool
) -> subprocess.Popen[bytes]:
    place = state_dir(values)
    arguments = ["resume", run_id, "--color=never"]
    if place is not None:
        arguments.append(f"--state_dir={place}")
    if values[the.VERBOSE]:
        arguments.append("--verbose")
    if values[PROGRESS] not in (AUTO, LIVE):
        arguments.append(f"--progress={values[PROGRESS]}")
    events = values[EVENTS]
    if events is not None:
        arguments.append(f"--events={events.absolute()}")
    if values[STREAM_LOGS]:
        arguments.append("--stream_logs")
    if leave:
        arguments.append("--on_interrupt=detach")
    arguments += [f"--report={target}" for target in values[REPORT]]
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        process = subprocess.Popen(
            [*_program(), *arguments],
            stdin=subprocess.PIPE,
            stdout=handle,
            stderr=handle,
            env=_environment(os.environ),
            **_apart(),
        )
    finally:
        os.close(handle)
    assert process.stdin is not None
    # It may have ended before it read anything; its log says why.
    with suppress(OSError), process.stdin:
        process.stdin.write(json.dumps(_handed_over(options)).encode())
    return process


def _program() -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable]
    # Not with what happens to be in the working directory.
    return [sys.executable, "-P", "-m", "mesos_batch_cli"]


def _apart() -> dict[str, Any]:
    """Out of reach of our terminal and its signals."""
    if sys.platform == "win32":
        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
        return {"creationflags": flags}
    return {"start_new_session": True}


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Ours but for the settings: those of the run are in its journal, not in files of others."""
    theirs = {
        name: value
        for name, value in ours.items()
        if not name.startswith("MESOS_BATCH_") and name != the.MASTER.env
    }
    return {**theirs, _MARK: "1", NO_CONFIG: "1"}


def _handed_over(options: RunOptions) -> dict[str, str | None]:
    master: str | None = None
    if isinstance(options.master, MasterAddress) and options.master.zk_login is not None:
        login = options.master.zk_login.reveal()
        master = f"{ZOOKEEPER}{login}@{options.master.removeprefix(ZOOKEEPER)}"
    secret, token = options.secret, options.token
    return {
        "secret": None if secret is None else secret.reveal(),
        "token": None if token is None else token.reveal(),
        "master": master,
    }


def _wait_until_driven(
    process: subprocess.Popen[bytes], info: RunInfo, place: Path | None, asked: list[ExitCode]
) -> RunInfo:
    """How the run is once the process has subscribed or ended; being ``asked`` ends it."""
    from mesos_batch import runs

    terminated = False
    while True:
        ended = process.poll() is not None
        info = runs.find_run(info.run_id, place)
        if ended or (_was_driven(info) and not asked):
            return info
        if asked and not terminated:
            process.terminate()
            terminated = True
        with suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK_SECONDS)


def _was_driven(info: RunInfo) -> bool:
    from mesos_batch import runs

    return info.framework_id is not None or info.state is runs.RunState.ENDED


def _last_error(log: Path) -> str | None:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    errors = [line for line in lines if line.startswith("mesos-batch: ")]
    return errors[-1].removeprefix("mesos-batch: ") if errors else None


def _tell(run_id: str, log: Path, values: Values) -> None:
    if values[the.JSON]:
        from mesos_batch import runs
        from mesos_batch_cli.output.as_json import as_json, run_fields

        info = runs.find_run(run_id, state_dir(values))
        emit(sys.stdout, as_json("run", run_fields(info)))
    else:
        emit(sys.stdout, run_id)
    if values[the.QUIET]:
        return
    emit(sys.stderr, f"run {run_id} goes on in the background")
    told = [
        (again("top", run_id, values), "shows it live"),
        (again("status", run_id, values), "shows how far it is"),
        (again("wait", run_id, values), "waits for its end"),
        (again("logs", run_id, values, "--follow"), "shows what its tasks write"),
        (again("cancel", run_id, values), "kills its tasks and ends it"),
    ]
    width = max(len(command) for command, _ in told)
    for command, what in told:
        emit(sys.stderr, f"  {command:<{width}}  {what}")
    emit(sys.stderr, f"what it says is in {log}")
