"""``mesos-batch completion SHELL``: the script by which a shell completes our command lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mesos_batch.config import settings as the
from mesos_batch.errors import ExitCode, JournalError, UsageError
from mesos_batch_cli.output.streams import emit
from mesos_batch_cli.values import Values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mesos_batch_cli.completing import Candidate

USAGE = ("mesos-batch completion bash|zsh|fish|powershell",)
ABOUT = (
    "Prints a script by which a shell completes commands, flags and their values, ids of runs and "
    "tasks. Its first lines say where to put it; for bash: "
    'eval "$(mesos-batch completion bash)" in ~/.bashrc.'
)
SETTINGS = (the.HELP,)


def run(arguments: Sequence[str]) -> int:
    """Print the script.

    Raises:
        UsageError: no shell is named, or one we do not know.
    """
    from mesos_batch_cli.shells import SHELLS

    word = Values(arguments, os.environ, SETTINGS, takes_words=1).word
    if word is None or word.lower() not in SHELLS:
        which = "no shell is named" if word is None else f"'{word}' is no shell we know"
        raise UsageError(which, f"Write {USAGE[0]}.")
    emit(sys.stdout, SHELLS[word.lower()].script.rstrip("\n"))
    return ExitCode.FINISHED


def answer(arguments: Sequence[str]) -> int:
    """Print what a shell may complete; nothing where there is nothing, whatever goes wrong."""
    from mesos_batch_cli.completing import candidates
    from mesos_batch_cli.shells import SHELLS

    shell, *typed = arguments
    words = SHELLS[shell].words(typed)
    sources = {"RUN": _runs, "TASK": _tasks, "PROFILE": _profiles, "SHELL": _shells}
    for line in SHELLS[shell].lines(candidates(words, sources), words):
        emit(sys.stdout, line)
    return ExitCode.FINISHED


def _runs(_: Sequence[str]) -> Iterator[Candidate]:
    from mesos_batch.runs import list_runs
    from mesos_batch_cli.completing import Candidate
    from mesos_batch_cli.keeping import state_dir

    yield Candidate("last", "the run begun last")
    try:
        found = list_runs(state_dir(Values((), os.environ, (the.STATE_DIR,))))
    except JournalError:
        return
    for info in found:
        yield Candidate(info.run_id, f"{info.state.value}, {info.source}")


def _tasks(given: Sequence[str]) -> Iterator[Candidate]:
    """The tasks of the run that is named, else of the last one."""
    from mesos_batch.runs import find_run, read_snapshot
    from mesos_batch_cli.completing import Candidate
    from mesos_batch_cli.keeping import state_dir

    place = state_dir(Values((), os.environ, (the.STATE_DIR,)))
    try:
        tasks = read_snapshot(find_run((*given, "last")[0], place)).tasks
    except JournalError:
        return
    for task in tasks:
        yield Candidate(task.spec.task_id, task.phase.value)


def _profiles(_: Sequence[str]) -> Iterator[Candidate]:
    from mesos_batch.config.layers import find_files, profiles
    from mesos_batch_cli.completing import Candidate

    for name, file in profiles(find_files(os.environ).files).items():
        master = file.profiles[name].get("master")
        yield Candidate(name, "" if master is None else master.shown)


def _shells(_: Sequence[str]) -> Iterator[Candidate]:
    from mesos_batch_cli.completing import Candidate
    from mesos_batch_cli.shells import SHELLS

    return (Candidate(name) for name in SHELLS)
