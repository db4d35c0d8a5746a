"""Reports on disk: whole or not at all, and not begun where they could not be written."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mesos_batch.errors import MesosBatchError, UsageError
from mesos_batch_cli.output.streams import emit, say_error, surviving_readers

if TYPE_CHECKING:
    from mesos_batch.config.report_settings import ReportTarget
    from mesos_batch.runs import RunInfo


def check_writable(targets: tuple[ReportTarget, ...]) -> None:
    """See that a file can be made where each report is to go, before it is needed.

    Raises:
        UsageError: which one cannot, and why.
    """
    for target in targets:
        if target.path is None:
            continue
        try:
            _try_to_write(target.path)
        except OSError as error:
            raise _unwritable(target.path, error) from error


def check_files(targets: tuple[ReportTarget, ...]) -> None:
    """The same for the reports of a run, whose result has standard output for itself.

    Raises:
        UsageError: one is to go there, or cannot be written.
    """
    for target in targets:
        if target.path is None:
            raise UsageError(
                f"--report={target}: the result of a run is on standard output",
                f"Write 'mesos-batch report --report={target}' after the run.",
            )
    check_writable(targets)


def write_reports(info: RunInfo, targets: tuple[ReportTarget, ...]) -> None:
    """Write the reports of a run as it is now, and say where.

    Raises:
        UsageError: one cannot be written; those before it are.
        JournalError: the journal of the run cannot be read.
    """
    from mesos_batch.history import read_history
    from mesos_batch.reports import render

    history = read_history(info)
    for target in targets:
        data = render(target.format, history).encode()
        if target.path is None:
            with surviving_readers(sys.stdout):
                sys.stdout.flush()
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()
            continue
        _write(target.path, data)
        emit(sys.stderr, f"report in {target.path}")


def write_after_run(info: RunInfo, targets: tuple[ReportTarget, ...]) -> None:
    """Write the reports of a run that is over; what goes wrong is told and changes no exit code."""
    try:
        write_reports(info, targets)
    except MesosBatchError as error:
        say_error(error.message, f"'mesos-batch report {info.run_id}' writes it once more.")


def _try_to_write(path: Path) -> None:
    if path.is_dir():
        raise UsageError(f"the report {path} cannot be written: it is a directory")
    if not _is_special(path):
        from tempfile import TemporaryFile

        with TemporaryFile(dir=path.resolve().parent):
            pass


def _write(path: Path, data: bytes) -> None:
    from mesos_batch.whole_file import whole_file

    try:
        if _is_special(path):
            path.write_bytes(data)
            return
        # A link stays one.
        with whole_file(path.resolve()) as file:
            file.write(data)
    except OSError as error:
        raise _unwritable(path, error) from error


def _is_special(path: Path) -> bool:
    """Whether it is a device or a pipe, which no file may replace."""
    return path.exists() and not path.is_file()


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"the report {path} cannot be written: {error.strerror}",
        "Name a file in a directory that is there and that you may write to.",
    )
