"""Where runs are kept, and what a user types to come back to one."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from mesos_batch.config import settings as the
from mesos_batch.errors import ExitCode, JournalError
from mesos_batch_cli.values import Origin, Values

if TYPE_CHECKING:
    from mesos_batch.runs import RunInfo


def state_dir(values: Values) -> Path | None:
    """Where runs are kept; ``None`` is where this platform keeps state."""
    given = values[the.STATE_DIR]
    return None if given is None else given.absolute()


def again(command: str, run_id: str, values: Values, *flags: str) -> str:
    """The command line that does something with a run: ``mesos-batch resume RUN``."""
    words = ["mesos-batch", *command.split(), run_id, *flags]
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
    """The newest run that stopped, but for those no master let in.

    Raises:
        JournalError: there is none.
    """
    from mesos_batch import runs

    for info in runs.list_runs(state_dir(values)):
        if _can_go_on(info):
            return info
    raise JournalError(
        "no run is stopped, so there is none to resume", "'mesos-batch runs' lists all."
    )


def can_be_resumed(run_id: str, values: Values) -> bool:
    """Whether the run had begun and stopped before it was over."""
    from mesos_batch import runs

    try:
        info = runs.find_run(run_id, state_dir(values))
    except JournalError:
        # Whatever keeps the journal from being read was told when it happened.
        return False
    return _can_go_on(info)


def _can_go_on(info: RunInfo) -> bool:
    """Whether it makes sense to resume the run: one that was refused is rather started anew."""
    from mesos_batch.model.facts import Phase
    from mesos_batch.runs import RunState

    untouched = info.counts.get(Phase.WAITING, 0) == info.total
    refused = info.exit_code is ExitCode.CLUSTER and info.framework_id is None and untouched
    return info.state is RunState.STOPPED and not refused
