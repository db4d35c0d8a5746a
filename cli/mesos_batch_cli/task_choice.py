"""Which run and which of its tasks the words of a command mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from mesos_batch.did_you_mean import meant_by
from mesos_batch.errors import JournalError, NoSuchRunError, UsageError
from mesos_batch_cli.keeping import state_dir
from mesos_batch_cli.output.text import one_line

if TYPE_CHECKING:
    from mesos_batch.model.snapshot import RunSnapshot, TaskView
    from mesos_batch.runs import RunInfo
    from mesos_batch_cli.values import Values

LAST = "last"
_WILD = "*?["


@dataclass(frozen=True, slots=True)
class PickedTask:
    """A task of a run; ``position`` is that of the task list."""

    position: int
    view: TaskView


@dataclass(frozen=True, slots=True)
class ChosenRun:
    """A run, and the words that do not name it."""

    info: RunInfo
    snapshot: RunSnapshot
    words: Sequence[str]


def choose_run(words: Sequence[str], values: Values) -> ChosenRun:
    """Take the first word for a run where it is one, and the last run otherwise.

    It is one when it is ``last`` or a whole run id; a part of an id is one unless a task of the
    last run is called so.

    Raises:
        UsageError: the first word is neither a run nor a task of the last one.
        JournalError: there is no run, the word is a part of several ids, or a journal cannot be
            read.
    """
    from mesos_batch import runs

    place = state_dir(values)
    last = runs.find_run(LAST, place)
    info, rest = _run_named(words[0], last, place) if words else None, words[1:]
    if info is None:
        info, rest = last, words
    return ChosenRun(info, runs.read_snapshot(info), rest)


def _run_named(word: str, last: RunInfo, place: Path | None) -> RunInfo | None:
    """The run a word names; ``None`` when it rather names a task of the last one, or nothing."""
    from mesos_batch import runs

    if word == LAST:
        return last
    found: RunInfo | None = None
    unclear: JournalError | None = None
    try:
        found = runs.find_run(word, place)
    except NoSuchRunError:
        return None
    except JournalError as error:
        unclear = error
    if found is not None and found.run_id == word:
        return found
    if _meant(word, runs.read_snapshot(last).tasks):
        return None
    if unclear is not None:
        raise unclear
    return found


def pick_tasks(names: Sequence[str], snapshot: RunSnapshot, run_id: str) -> list[PickedTask]:
    """The tasks that the names mean, each once and in the order of the task list.

    A name may have ``*``, ``?`` and ``[...]`` in it, as names of files in a shell.

    Raises:
        UsageError: a name means none.
    """
    picked: set[int] = set()
    for name in names:
        found = _meant(name, snapshot.tasks)
        if not found:
            raise no_such_task(name, snapshot.tasks, run_id)
        picked.update(found)
    return [PickedTask(position, snapshot.tasks[position]) for position in sorted(picked)]


def no_such_task(name: str, tasks: Sequence[TaskView], run_id: str) -> UsageError:
    """What to say of a name that no task has."""
    meant = meant_by(name, (task.spec.task_id for task in tasks))
    hint = f"Did you mean {meant}?" if meant else "'mesos-batch status --json' lists all."
    return UsageError(f"run {run_id} has no task '{one_line(name)}'", hint)


def _meant(name: str, tasks: Sequence[TaskView]) -> list[int]:
    ids = [task.spec.task_id for task in tasks]
    exact = [position for position, task_id in enumerate(ids) if task_id == name]
    if exact or not any(char in name for char in _WILD):
        return exact
    return [position for position, task_id in enumerate(ids) if fnmatchcase(task_id, name)]
