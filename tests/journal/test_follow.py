"""A run looked at again and again while its owner writes."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from journal.books import create

from mesos_batch.errors import ExitCode
from mesos_batch.journal import Follower, Journal, read_snapshot
from mesos_batch.model.facts import Phase
from mesos_batch.model.saved import AttemptEntry, EndEntry, Entry, TaskEntry

TASKS = 30


def steps(position: int, now: float) -> list[list[Entry]]:
    """A life of a task, a commit for each step: it fails, waits, and finishes on another agent."""

    def attempt(number: int, phase: Phase, ended_at: float | None = None) -> AttemptEntry:
        agent = f"S{number}"
        return AttemptEntry(position, number, phase, agent, agent, now, ended_at=ended_at)

    return [
        [TaskEntry(position, Phase.LAUNCHED, 1), attempt(1, Phase.LAUNCHED)],
        [TaskEntry(position, Phase.RUNNING, 1), attempt(1, Phase.RUNNING)],
        [TaskEntry(position, Phase.WAITING, 1, failures=1), attempt(1, Phase.FAILED, now)],
        [TaskEntry(position, Phase.RUNNING, 2, failures=1), attempt(2, Phase.RUNNING)],
        [
            TaskEntry(position, Phase.FINISHED, 2, failures=1, ended_at=now),
            attempt(2, Phase.FINISHED, now),
        ],
    ]


def test_each_look_sees_what_a_whole_reading_sees(tmp_path: Path) -> None:
    journal = create(tmp_path, TASKS)
    follower = Follower(journal.directory)
    lives = {position: steps(position, time.time()) for position in range(TASKS)}
    pick = random.Random(5)
    while lives:
        for _ in range(3):
            if lives:
                position = pick.choice(list(lives))
                journal.commit(lives[position].pop(0))
                if not lives[position]:
                    del lives[position]
        assert follower.snapshot() == read_snapshot(journal.directory)
    journal.close()


def test_tasks_that_have_not_changed_are_the_same_objects(tmp_path: Path) -> None:
    journal = create(tmp_path)
    follower = Follower(journal.directory)
    first, second = steps(0, time.time())[:2]
    journal.commit([*first, *steps(1, time.time())[0]])
    before = follower.snapshot().tasks
    journal.commit(second)
    after = follower.snapshot().tasks
    journal.close()

    assert after[0] is not before[0]
    assert (after[0].phase, after[1] is before[1], after[2] is before[2]) == (
        Phase.RUNNING,
        True,
        True,
    )


def test_an_end_that_was_told_late_is_seen(tmp_path: Path) -> None:
    journal = create(tmp_path)
    follower = Follower(journal.directory)
    launched, *_ = steps(1, time.time())
    journal.commit(launched)
    follower.snapshot()
    long_ago = time.time() - 100_000
    journal.commit([TaskEntry(1, Phase.FINISHED, 1, ended_at=long_ago)])
    seen = follower.snapshot()
    journal.close()

    assert seen.tasks[1].phase is Phase.FINISHED


def test_what_is_not_new_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mesos_batch.journal import rows

    journal = create(tmp_path)
    follower = Follower(journal.directory)
    follower.snapshot()

    def whole_reading(*_: object) -> None:
        raise AssertionError("all tasks are read again")

    monkeypatch.setattr(rows, "read_views", whole_reading)
    for commit in steps(0, time.time()):
        journal.commit(commit)
    journal.commit(steps(2, time.time())[0])
    seen = follower.snapshot().tasks
    journal.close()

    assert [task.phase for task in seen] == [Phase.FINISHED, Phase.WAITING, Phase.LAUNCHED]


def test_the_end_of_the_run_is_seen(tmp_path: Path) -> None:
    journal = create(tmp_path, 0)
    follower = Follower(journal.directory)
    assert follower.snapshot().exit_code is None
    _end(journal)

    assert follower.snapshot().exit_code is ExitCode.FINISHED


def _end(journal: Journal) -> None:
    journal.commit([EndEntry(time.time(), ExitCode.FINISHED, None, final=True)])
    journal.close()
