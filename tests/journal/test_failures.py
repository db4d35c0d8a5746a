"""Disks that are full, files that cannot be written, locks, and what is no journal."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from journal.books import (
    CHILD,
    crashed_run,
    create,
    last_commit,
    numbered,
)

from mesos_batch.errors import ExitCode, JournalError
from mesos_batch.journal import (
    Journal,
    PassingJournalError,
    ask_cancel,
    list_runs,
    read_run,
    read_snapshot,
    schema,
)


def in_own_mounts(script: str, *arguments: object) -> list[str]:
    """The lines a script prints that may mount what it likes; nobody else sees the mounts."""
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare to mount file systems with")
    command = ["unshare", "--mount", "--map-root-user", "sh", "-ec", script, sys.executable]
    if subprocess.run([*command[:3], "true"], capture_output=True, check=False).returncode:
        pytest.skip("mounting file systems is not allowed here")
    done = subprocess.run(
        [*command, *map(str, arguments)], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_a_full_disk_passes(tmp_path: Path) -> None:
    script = 'mount -t tmpfs -o size=1500k none "$2"; exec "$0" "$1" fill "$2"'
    lines = in_own_mounts(script, CHILD, tmp_path)
    assert lines[0] == "No space left on device"
    assert lines[1].startswith("passing cannot write the journal ")
    assert lines[1].endswith("/journal.sqlite: the disk is full (database or disk is full)")
    assert lines[2] == "there is 1"
    assert lines[3].startswith("passing cannot create the journal ")
    # Nothing is left of the run that found no room.
    assert lines[4:] == ["runs 1", "there is 2", "again 2"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_write_that_fails_can_be_repeated(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, CHILD, "limit", tmp_path], capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert lines[0].startswith("passing cannot write the journal ")
    assert lines[0].endswith("the disk or the file server reports an error (disk I/O error)")
    assert lines[1:] == ["there is 1", "there is 2", "again 2"]


READ_ONLY = 'mount --bind "$2" "$2"; mount -o remount,bind,ro "$2"; exec "$0" "$1" look "$3"'


@pytest.mark.parametrize("crash", [False, True], ids=["closed", "crashed"])
def test_a_run_on_a_read_only_file_system_can_be_looked_at(tmp_path: Path, *, crash: bool) -> None:
    directory = crashed_run(tmp_path, commits=2)
    if not crash:
        Journal.open(directory).close()
    assert (directory / "journal.sqlite-wal").exists() is crash
    lines = in_own_mounts(READ_ONLY, CHILD, tmp_path, directory)
    assert lines[0] == "read stopped [2, 2, 2]"
    assert lines[1].startswith("lasting cannot open the journal ")
    assert lines[2].startswith(f"lasting cannot create the journal {directory.parent}: it cannot")
    assert len(lines) == 3


def test_a_log_that_cannot_be_read_without_writing_is_told(tmp_path: Path) -> None:
    directory = crashed_run(tmp_path, commits=2)
    (directory / "journal.sqlite-shm").unlink()
    lines = in_own_mounts(READ_ONLY, CHILD, tmp_path, directory)
    assert lines[0].startswith("lasting cannot read the journal ")


def test_a_locked_journal_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mesos_batch.journal.database.LOCKED_SECONDS", 0.05)
    with create(tmp_path) as journal:
        journal.commit(numbered(1))
        with closing(sqlite3.connect(journal.directory / "journal.sqlite")) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(PassingJournalError, match="is locked by another process") as told:
                journal.commit(numbered(2))
            assert told.value.hint is not None
            assert told.value.exit_code is ExitCode.JOURNAL
            with pytest.raises(PassingJournalError, match="is locked by another process"):
                ask_cancel(journal.directory, ExitCode.INTERRUPTED)
            assert last_commit(journal.past) == 1
        journal.commit(numbered(2))
        assert last_commit(journal.past) == 2


def test_a_commit_that_breaks_off_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    with create(tmp_path) as journal:
        journal.commit(numbered(1))
        journal._db.execute(
            "CREATE TEMP TRIGGER stop BEFORE UPDATE ON run BEGIN SELECT raise(ABORT, 'stop'); END"
        )
        with pytest.raises(sqlite3.IntegrityError, match="stop"):
            journal.commit(numbered(2))
        assert last_commit(journal.past) == 1
        journal._db.execute("DROP TRIGGER stop")
        journal.commit(numbered(2))
        assert last_commit(journal.past) == 2


def test_a_journal_removed_under_its_owner_is_noticed(tmp_path: Path) -> None:
    with create(tmp_path) as journal:
        journal.commit(numbered(1))
        for path in journal.directory.glob("journal.sqlite*"):
            path.unlink()
        with pytest.raises(JournalError, match="there is no journal"):
            journal.commit(numbered(2))


def spoil_with_text(path: Path) -> None:
    path.write_text("this is no database, and long enough to be looked at" * 100, "utf-8")


def spoil_header(path: Path) -> None:
    path.write_bytes(b"\xff" * 4096 + path.read_bytes()[4096:])


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def change_application(path: Path) -> None:
    change(path, "PRAGMA application_id = 7")


def drop_run(path: Path) -> None:
    change(path, "DELETE FROM run")


def change_phase(path: Path) -> None:
    change(path, "UPDATE progress SET phase = 'dancing'")


def spoil_resources(path: Path) -> None:
    change(path, "UPDATE resources SET serialized = x'ff'")


def spoil_payload(path: Path) -> None:
    change(path, "UPDATE tasks SET payload = x'00' WHERE position = 1")


def lose_task(path: Path) -> None:
    change(path, "DELETE FROM tasks WHERE position = 2")


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(statement)


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_with_text,
        spoil_header,
        cut_off,
        change_application,
        drop_run,
        change_phase,
        spoil_resources,
        spoil_payload,
        lose_task,
    ],
)
def test_damage_is_told_and_nothing_changed(tmp_path: Path, spoil: object) -> None:
    with create(tmp_path, 200) as journal:
        journal.commit(numbered(1))
    path = journal.directory / "journal.sqlite"
    assert callable(spoil)
    spoil(path)

    def use() -> None:
        with Journal.open(journal.directory) as again:
            assert again.past
            assert again.tasks

    with pytest.raises(JournalError, match="it is damaged or no journal") as told:
        use()
    assert not isinstance(told.value, PassingJournalError)
    assert str(path) in told.value.message
    assert told.value.hint is not None
    assert "backup" in told.value.hint


def test_a_journal_never_begun(tmp_path: Path) -> None:
    directory = tmp_path / "runs" / "20260101-000000-aaaa"
    directory.mkdir(parents=True)
    (directory / "journal.sqlite").touch()
    for use in (Journal.open, read_run, read_snapshot):
        with pytest.raises(JournalError, match="is empty"):
            use(directory)
    [run] = list_runs(tmp_path)
    assert run.message is not None
    assert "is empty" in run.message


def test_a_newer_journal_names_the_version_it_needs(tmp_path: Path) -> None:
    with create(tmp_path) as journal:
        pass
    path = journal.directory / "journal.sqlite"
    change(path, f"PRAGMA user_version = {len(schema._STEPS) + 1}")
    change(path, "UPDATE run SET version = '0.9.0'")
    before = path.read_bytes()
    for use in (Journal.open, read_run):
        with pytest.raises(JournalError, match=r"needs mesos-batch 0\.9\.0 or later") as told:
            use(journal.directory)
        assert told.value.hint == "Install mesos-batch 0.9.0; nothing was changed."
    assert path.read_bytes() == before


def test_a_missing_journal(tmp_path: Path) -> None:
    for use in (Journal.open, read_run, read_snapshot):
        with pytest.raises(JournalError, match="there is no journal"):
            use(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_state_directory_that_is_a_file(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.touch()
    with pytest.raises(JournalError, match=r"cannot create the journal .*it cannot be opened"):
        create(place)
    with pytest.raises(JournalError, match="cannot read the journal"):
        list_runs(place)


def test_a_failed_opening_leaves_the_run_to_others(tmp_path: Path) -> None:
    with create(tmp_path) as journal:
        pass
    path = journal.directory / "journal.sqlite"
    change(path, f"PRAGMA user_version = {len(schema._STEPS) + 1}")
    with pytest.raises(JournalError, match="needs mesos-batch"):
        Journal.open(journal.directory)
    change(path, f"PRAGMA user_version = {len(schema._STEPS)}")
    with Journal.open(journal.directory):
        pass
