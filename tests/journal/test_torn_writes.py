"""What a power cut may leave of the log: the commits before the damage, whole, and no other."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from journal.books import TASKS, child, crashed_run, create, last_commit

from mesos_batch.journal import Journal, read_run, read_snapshot

COMMITS = 6
SEED = 20261122
LOG_HEADER, FRAME = 32, 24 + 4096


@pytest.fixture(scope="module", params=[0, 3], ids=["fresh log", "log begun again"])
def crashed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose owner died; the log has all commits, or those after the third."""
    return crashed_run(tmp_path_factory.mktemp("state"), COMMITS, request.param)


def damaged_copy(directory: Path, target: Path, log: bytes) -> Path:
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    shutil.copyfile(directory / "journal.sqlite", target / "journal.sqlite")
    (target / "journal.sqlite-wal").write_bytes(log)
    return target


def commits_in(directory: Path) -> int:
    """How many commits are there, for one who looks and for one who takes the run up."""
    launches = {task.launches for task in read_snapshot(directory).tasks}
    assert sum(read_run(directory).counts.values()) == TASKS
    with Journal.open(directory) as journal:
        found = last_commit(journal.past)
        assert len(journal.tasks) == TASKS
    assert launches == {found}
    return found


def offsets(length: int) -> list[int]:
    """Every boundary of a frame, the bytes around it, and some between."""
    boundaries = [0, LOG_HEADER, *range(LOG_HEADER + FRAME, length + 1, FRAME)]
    near = [at + by for at in boundaries for by in (-1, 1, 24)]
    between = random.Random(SEED).sample(range(length), 30)
    return sorted({at for at in (*boundaries, *near, *between) if 0 <= at <= length})


def test_a_log_cut_off_anywhere(crashed: Path, tmp_path: Path) -> None:
    log = (crashed / "journal.sqlite-wal").read_bytes()
    found = [
        commits_in(damaged_copy(crashed, tmp_path / "run", log[:at])) for at in offsets(len(log))
    ]
    assert found == sorted(found)
    assert found[-1] == COMMITS
    # Each commit is the last one for some cut.
    assert set(found) == set(range(found[0], COMMITS + 1))


def test_a_log_overwritten_anywhere(crashed: Path, tmp_path: Path) -> None:
    log = (crashed / "journal.sqlite-wal").read_bytes()
    noise = random.Random(SEED).randbytes(64)
    found = []
    for at in offsets(len(log) - 1):
        torn = log[:at] + noise + log[at + len(noise) :]
        found.append(commits_in(damaged_copy(crashed, tmp_path / "run", torn[: len(log)])))
    assert set(found) <= set(range(COMMITS + 1))
    assert len(set(found)) > 2


def test_a_log_followed_by_noise(crashed: Path, tmp_path: Path) -> None:
    log = (crashed / "journal.sqlite-wal").read_bytes()
    noise = random.Random(SEED).randbytes(3 * FRAME)
    assert commits_in(damaged_copy(crashed, tmp_path / "run", log + noise)) == COMMITS


@pytest.mark.parametrize("wait_for", [1, 2, 5, 20, 60])
def test_what_was_committed_outlives_a_kill(tmp_path: Path, wait_for: int) -> None:
    with create(tmp_path) as journal:
        pass
    process = child("commit", journal.directory, 1)
    assert process.stdout is not None
    told = 0
    with process:
        for line in process.stdout:
            told = int(line)
            if told == wait_for:
                process.kill()  # what it still does before it dies is read too
    assert told >= wait_for
    with Journal.open(journal.directory) as again:
        # The last commit may have been done and not told.
        assert last_commit(again.past) in (told, told + 1)
