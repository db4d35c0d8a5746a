"""``mesos-batch files [RUN] TASK [PATH]``: the sandbox of a task."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mesos_batch.config import log_settings as logs
from mesos_batch.config import settings as the
from mesos_batch.did_you_mean import meant_by
from mesos_batch.errors import ExitCode, SandboxGoneError, UsageError
from mesos_batch_cli.output.streams import emit, is_terminal, paint_for, pour
from mesos_batch_cli.output.text import counted, one_line
from mesos_batch_cli.values import Values

if TYPE_CHECKING:
    from mesos_batch.sandboxes import SandboxFile, Source

USAGE = ("mesos-batch files [RUN] TASK [PATH] [flags]",)
ABOUT = (
    "Lists the sandbox of a task, or a directory PATH in it, prints a file, or copies them with "
    "--download. RUN is the id of a run, a part of it that no other has, or 'last'; without it, "
    "the last run begun."
)
SETTINGS = logs.FILES


def run(arguments: Sequence[str]) -> int:
    """List, print or copy.

    Raises:
        UsageError: a flag is wrong, there is no such task or file, or a copy cannot be written.
        JournalError: there is no such run, or its journal cannot be read.
        ClusterError: the agent does not answer, or the sandbox is gone.
    """
    values = Values(arguments, os.environ, SETTINGS, takes_words=3)
    if not values.words:
        raise UsageError("no task is named", "Write mesos-batch files [RUN] TASK [PATH].")

    from mesos_batch import runs
    from mesos_batch_cli.cluster_meant import cluster_of
    from mesos_batch_cli.log_access import LogAccess
    from mesos_batch_cli.task_choice import choose_run, pick_tasks

    chosen = choose_run(values.words, values)
    if not chosen.words:
        raise UsageError("no task is named", f"Write mesos-batch files {chosen.info.run_id} TASK.")
    if len(chosen.words) > 2:
        raise UsageError(f"'{chosen.words[2]}' is not expected after '{chosen.words[1]}'")
    picked = pick_tasks(chosen.words[:1], chosen.snapshot, chosen.info.run_id)
    if len(picked) > 1:
        raise UsageError(f"'{chosen.words[0]}' means {len(picked):,} tasks", "Name one.")
    options = runs.options_of(chosen.info)
    access = LogAccess(
        chosen, cluster_of(values, options), options.output_dir, values[logs.ATTEMPT]
    )
    try:
        sandbox = access.sandbox(picked[0])
        if sandbox is None:
            task_id = one_line(chosen.words[0])
            raise UsageError(f"task {task_id} was never launched, so it has no sandbox")
        path = (*chosen.words[1:], "")[0].strip("/")
        _show(access.sandbox_source(sandbox), path, values)
    finally:
        access.close()
    return ExitCode.FINISHED


def _show(source: Source, path: str, values: Values) -> None:
    found = _found(source, path)
    target = values[logs.DOWNLOAD]
    if found is not None and not found.is_directory:
        if target is not None:
            _download_file(source, path, found.name, target)
        else:
            _print(source, path, values)
        return
    if target is not None:
        _download_tree(source, path, target)
        return
    listed = source.browse(path)
    if values[the.JSON]:
        from mesos_batch_cli.output.as_json import as_json

        emit(sys.stdout, as_json("files", {"path": path, "files": [*map(_fields, listed)]}))
    elif listed:
        from mesos_batch_cli.output.file_table import file_table
        from mesos_batch_cli.output.found import paint_and_width

        emit(sys.stdout, "\n".join(file_table(listed, *paint_and_width(values))))
    else:
        emit(sys.stderr, f"'{path}' is empty" if path else "the sandbox is empty")


def _found(source: Source, path: str) -> SandboxFile | None:
    """What is at a path; ``None`` for the sandbox itself.

    Agents list nothing for a file, so it is looked for in its directory.

    Raises:
        UsageError: there is nothing.
    """
    if not path:
        return None
    directory, _, name = path.rpartition("/")
    try:
        listed = source.browse(directory)
    except SandboxGoneError:
        if not directory:
            raise
        listed = ()
    for entry in listed:
        if entry.name == name:
            return entry
    meant = meant_by(name, (entry.name for entry in listed))
    where = f"{directory}/" if directory else ""
    hint = f"Did you mean {where}{meant}?" if meant else None
    raise UsageError(f"there is no '{one_line(path)}' in the sandbox", hint)


def _print(source: Source, path: str, values: Values) -> None:
    """Print a file, byte for byte but for what would have power over a terminal."""
    on_terminal = is_terminal(sys.stdout, os.environ)
    if on_terminal:
        from mesos_batch_cli.output.log_lines import terminal_text

        paint = paint_for(sys.stdout, values[the.COLOR], os.environ)
        texts = terminal_text(source.download(path), colored=paint.enabled)
    else:
        texts = (piece.decode(errors="surrogateescape") for piece in source.download(path))
    for text in texts:
        if not pour(sys.stdout, text):
            return


def _download_file(source: Source, path: str, name: str, target: Path) -> None:
    from mesos_batch.sandboxes import checked_name, download_file, make_directory

    make_directory(target)
    place = target / checked_name(name)
    _tell(path, place, download_file(source, path, place))


def _download_tree(source: Source, path: str, target: Path) -> None:
    from mesos_batch.sandboxes import download_tree

    count = 0

    def told(inner: str, place: Path, size: int) -> None:
        nonlocal count
        count += 1
        _tell(inner, place, size)

    download_tree(source, path, target, told)
    emit(sys.stderr, f"{counted(count, 'file')} copied to {target}")


def _tell(path: str, place: Path, size: int) -> None:
    from mesos_batch_cli.output.file_table import bytes_text

    emit(sys.stderr, one_line(f"{path}: {bytes_text(size)} to {place}"))


def _fields(entry: SandboxFile) -> dict[str, object]:
    return {
        "name": entry.name,
        "size": entry.size,
        "mtime": entry.mtime,
        "mode": entry.mode,
        "uid": entry.uid,
        "gid": entry.gid,
        "nlink": entry.nlink,
    }
