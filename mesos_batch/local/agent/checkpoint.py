"""What an agent keeps on disk so that its next process can go on: ``work_dir/meta``.

The layout is that of Mesos (``src/slave/paths.hpp``), with what our executors need::

    meta/slaves/latest -> ID
    meta/slaves/ID/slave.info
    meta/slaves/ID/operations/UUID
    meta/slaves/ID/frameworks/F/framework.info
    meta/slaves/ID/frameworks/F/executors/E/executor.info
    meta/slaves/ID/frameworks/F/executors/E/runs/C/forked.pid, exit.status
    meta/slaves/ID/frameworks/F/executors/E/runs/C/tasks/T/task.info, task.updates

Only executors of frameworks with checkpoints are in it, and only until the last word about their
tasks is acknowledged. Nobody but the agent may read it: tasks carry secrets. Everything blocks,
for moments.
"""

from __future__ import annotations

import logging
import os
import struct
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from google.protobuf.message import DecodeError

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.errors import UsageError
from mesos_batch.local.agent import sandbox

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from mesos_batch.local.agent.executor import Executor

log = logging.getLogger(__name__)
MessageT = TypeVar("MessageT", bound="Message")
_AGENT, _FRAMEWORK, _EXECUTOR, _TASK = "slave.info", "framework.info", "executor.info", "task.info"
_UPDATES = "task.updates"
# task.updates is a row of these: what it is, and how many bytes follow.
_HEADER = struct.Struct(">cI")
_UPDATE, _ACKNOWLEDGEMENT = b"U", b"A"
# Where above a run are the runs of its executor, and the executors of its framework.
_EXECUTOR_DEPTHS = (0, 2)
_LOCK, _LOCK_DEPTH = "lock", 6
_LOCK_ATTEMPTS, _LOCK_PAUSE = 10, 0.02


class TaskRecord:
    """A task on disk: its TaskInfo, its updates and which of them are acknowledged."""

    def __init__(self, executor: ExecutorRecord, directory: Path) -> None:
        self._executor = executor
        self._directory = directory

    def update(self, status: pb.TaskStatus) -> None:
        """Note an update, before it is sent."""
        self._append(_UPDATE, status.SerializeToString())

    def acknowledge(self, uuid: bytes) -> None:
        """Note that an update need not be sent again."""
        self._append(_ACKNOWLEDGEMENT, uuid)

    def remove(self) -> None:
        """Forget the task."""
        sandbox.remove_tree(self._directory)
        self._executor.forget(self)

    def info(self) -> pb.TaskInfo:
        """The task."""
        return _read(self._directory / _TASK, pb.TaskInfo)

    def updates(self) -> tuple[list[pb.TaskStatus], set[bytes]]:
        """All updates in their order, and the ids of those that are acknowledged."""
        path = self._directory / _UPDATES
        data = path.read_bytes() if path.exists() else b""
        entries = list(_entries(data))
        size = sum(_HEADER.size + len(content) for _, content in entries)
        if size < len(data):
            # The machine went down in the middle of an entry; the next one must not follow it.
            os.truncate(path, size)
        statuses = [pb.TaskStatus.FromString(it) for kind, it in entries if kind == _UPDATE]
        return statuses, {it for kind, it in entries if kind == _ACKNOWLEDGEMENT}

    def _append(self, kind: bytes, content: bytes) -> None:
        # What is forgotten stays so, whatever is said about it later.
        if self._directory.is_dir():
            try:
                with _open(self._directory / _UPDATES, os.O_APPEND) as file:
                    file.write(_HEADER.pack(kind, len(content)) + content)
            except OSError as error:
                log.warning("A restart will not know all of %s: %s", self._directory, error)


class ExecutorRecord:
    """A run of an executor on disk; it goes when the executor and all its tasks have gone."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._tasks: list[TaskRecord] = []
        self._ended = False

    @property
    def lock(self) -> Path:
        """The file that is locked as long as a process is the agent."""
        return self.directory.parents[_LOCK_DEPTH] / _LOCK

    @property
    def container_id(self) -> str:
        """The id of the run."""
        return self.directory.name

    def task(self, info: pb.TaskInfo) -> TaskRecord:
        """Note a task that will be launched."""
        directory = self.directory / "tasks" / info.task_id.value
        _write(directory / _TASK, info)
        return self._keep(directory)

    def tasks(self) -> list[TaskRecord]:
        """The tasks on disk."""
        folder = self.directory / "tasks"
        return [self._keep(entry) for entry in sorted(folder.iterdir())] if folder.is_dir() else []

    def ended(self) -> None:
        """The executor has ended."""
        self._ended = True
        self._remove_if_done()

    def forget(self, task: TaskRecord) -> None:
        """Nothing more will be said of one of its tasks."""
        self._tasks.remove(task)
        self._remove_if_done()

    def _keep(self, directory: Path) -> TaskRecord:
        record = TaskRecord(self, directory)
        self._tasks.append(record)
        return record

    def _remove_if_done(self) -> None:
        if self._ended and not self._tasks:
            sandbox.remove_tree(self.directory)
            for depth in _EXECUTOR_DEPTHS:
                folder = self.directory.parents[depth]
                if not any(folder.iterdir()):
                    sandbox.remove_tree(folder.parent)


@dataclass(frozen=True, slots=True)
class RecordedTask:
    """A task as the agent's last process left it."""

    info: pb.TaskInfo
    statuses: list[pb.TaskStatus]
    unacknowledged: list[pb.TaskStatus]
    record: TaskRecord


@dataclass(frozen=True, slots=True)
class RecordedExecutor:
    """An executor as the agent's last process left it."""

    framework: pb.FrameworkInfo
    info: pb.ExecutorInfo
    record: ExecutorRecord
    tasks: list[RecordedTask] = field(default_factory=list)


class AgentCheckpoint:
    """The ``meta`` directory of one agent."""

    def __init__(self, work_dir: Path) -> None:
        self._slaves = work_dir.resolve() / "meta" / "slaves"
        self._latest = self._slaves / sandbox.LATEST
        self._lock: BinaryIO | None = None

    def open(self) -> None:
        """Let no other process be this agent as long as we are.

        Raises:
            UsageError: another process is.
        """
        self._slaves.mkdir(parents=True, exist_ok=True)
        self._lock = (self._slaves / _LOCK).open("wb")
        if not _lock(self._lock):
            self.close()
            raise UsageError(
                f"another process runs the agent in {self._slaves.parent.parent}",
                "End it first, or use another work directory.",
            )

    def close(self) -> None:
        """Let others be this agent."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def agent(self) -> pb.AgentInfo | None:
        """What the last process registered with, its id in it.

        Raises:
            UsageError: it cannot be read.
        """
        try:
            return _read(self._latest / _AGENT, pb.AgentInfo)
        except FileNotFoundError:
            return None
        except (OSError, DecodeError) as error:
            raise UsageError(
                f"the agent cannot be read from {self._latest / _AGENT}: {error}",
                f"Use another work directory, or remove {self._latest} to begin as a new agent.",
            ) from None

    def adopt(self, info: pb.AgentInfo) -> None:
        """Be this agent from now on."""
        home = self._slaves / info.id.value
        _write(home / _AGENT, info)
        if self._latest.resolve() != home.resolve():
            self.leave()
            sandbox.link_directory(home.resolve(), self._latest)

    def leave(self) -> None:
        """Begin as a new agent the next time."""
        self._latest.unlink(missing_ok=True)

    def framework(self, info: pb.FrameworkInfo) -> None:
        """Note a framework, or what is new about it."""
        _write(self._framework_directory(info.id.value) / _FRAMEWORK, info)

    def executor(self, executor: Executor) -> ExecutorRecord:
        """Note a new run of an executor."""
        self.framework(executor.framework)
        directory = self._framework_directory(executor.framework_id) / "executors" / executor.id
        _write(directory / _EXECUTOR, executor.info)
        run = directory / "runs" / executor.container_id
        run.mkdir(parents=True, exist_ok=True)
        return ExecutorRecord(run)

    def executors(self) -> list[RecordedExecutor]:
        """What the last process left, but for what cannot be read."""
        found = []
        for run in sorted(self._latest.resolve().glob("frameworks/*/executors/*/runs/*")):
            try:
                found.append(_recorded(run))
            except (OSError, DecodeError) as error:
                log.warning("Nothing is known of the executor run in %s: %s", run, error)
                sandbox.remove_tree(run)
        return found

    def operation(self, operation: pb.Operation) -> None:
        """Note an operation, before it is applied and before its status is sent."""
        _write(self._operations / operation.uuid.value.hex(), operation)

    def forget_operation(self, operation_uuid: bytes) -> None:
        """Forget an operation: its status is acknowledged."""
        (self._operations / operation_uuid.hex()).unlink(missing_ok=True)

    def operations(self) -> list[pb.Operation]:
        """The operations whose status nobody has acknowledged.

        Raises:
            DecodeError: one of them cannot be read.
        """
        paths = [path for path in self._operations.glob("*") if not path.suffix]
        return [_read(path, pb.Operation) for path in sorted(paths)]

    @property
    def _operations(self) -> Path:
        return self._latest.resolve() / "operations"

    def _framework_directory(self, framework_id: str) -> Path:
        return self._latest.resolve() / "frameworks" / framework_id


def _recorded(run: Path) -> RecordedExecutor:
    executor = run.parent.parent
    framework = _read(executor.parent.parent / _FRAMEWORK, pb.FrameworkInfo)
    record = ExecutorRecord(run)
    tasks = [_recorded_task(task) for task in record.tasks()]
    return RecordedExecutor(framework, _read(executor / _EXECUTOR, pb.ExecutorInfo), record, tasks)


def _recorded_task(record: TaskRecord) -> RecordedTask:
    statuses, acknowledged = record.updates()
    unacknowledged = [status for status in statuses if status.uuid not in acknowledged]
    return RecordedTask(record.info(), statuses, unacknowledged, record)


def _entries(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The entries of a file whose last one may be unfinished."""
    begin = 0
    while begin + _HEADER.size <= len(data):
        kind, size = _HEADER.unpack_from(data, begin)
        begin += _HEADER.size
        if begin + size > len(data):
            return
        yield kind, data[begin : begin + size]
        begin += size


def _read(path: Path, kind: type[MessageT]) -> MessageT:
    return kind.FromString(path.read_bytes())


def _open(path: Path, how: int) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600), "wb")


def _write(path: Path, message: Message) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.tmp")
    with _open(unfinished, os.O_TRUNC) as file:
        file.write(message.SerializeToString())
    unfinished.replace(path)


def _lock(file: BinaryIO) -> bool:
    # A supervisor that looks whether we are here holds the lock for a moment.
    for _ in range(_LOCK_ATTEMPTS):
        if _try_lock(file):
            return True
        time.sleep(_LOCK_PAUSE)
    return False


def _try_lock(file: BinaryIO) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
