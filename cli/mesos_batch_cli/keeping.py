"""Where runs are kept, and what a user types to come back to one."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from mesos_batch.config import settings as the
from mesos_batch.errors import JournalError
from mesos_batch_cli.values import Origin, Values

if TYPE_CHECKING:
    from mesos_batch.runs import RunInfo


def state_dir(values: Values) -> Path | None:
    """Where runs are kept; ``None`` is where this platform keeps state."""
    given = values[the.STATE_DIR]
    return None if given is None else given.absolute()


def again(command: str, run_id: str, values: Values, *flags: str) -> str:
    """The command line that does something with a run: ``mesos-batch resume RUN``."""
    words = ["mesos-batch", command, run_id, *flags]
    place = state_dir(values)
    if place is not None and values.origin(the.STATE_DIR) is Origin.FLAG:
        words.append(f"--state_dir={place}")
    return shlex.join(words)


def run_meant(values: Values) -> RunInfo:
    """The run a command names, by default the newest.

    Raises:
        JournalError: there is no such run, or its journal cannot be read.
    """
    from mesos_batch import runs

    return runs.find_run(values.word or "last", state_dir(values))


def run_again(info: RunInfo, values: Values) -> RunInfo:
    """The same run as it is now.

    Raises:
        JournalError: its journal cannot be read.
    """
    from mesos_batch import runs

    return runs.find_run(info.run_id, state_dir(values))


def newest_stopped(values: Values) -> RunInfo:
    """The newest run that can be resumed.

    Raises:
        JournalError: there is none.
    """
    from mesos_batch import runs

    for info in runs.list_runs(state_dir(values)):
        if info.state is runs.RunState.STOPPED:
            return info
    raise JournalError(
        "no run is stopped, so there is none to resume", "'mesos-batch runs' lists all."
    )


def can_be_resumed(run_id: str, values: Values) -> bool:
    """Whether the run stopped before it was over."""
    from mesos_batch import runs

    try:
        return runs.find_run(run_id, state_dir(values)).state is runs.RunState.STOPPED
    except JournalError:
        # Whatever keeps the journal from being read was told when it happened.
        return False
