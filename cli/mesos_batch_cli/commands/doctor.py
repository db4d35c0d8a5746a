"""``mesos-batch doctor``: find out what keeps a run from beginning, or will trouble it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mesos_batch.config import profile_settings
from mesos_batch.config import settings as the
from mesos_batch.config.config_file import check_entry, read_entry
from mesos_batch.config.layers import Found, find_files
from mesos_batch.config.masters import LOCAL
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch_cli.output.streams import Paint, emit, paint_for, speaks_unicode
from mesos_batch_cli.output.text import one_line
from mesos_batch_cli.values import Values, settings_by_key

if TYPE_CHECKING:
    from mesos_batch.config.config_file import ConfigFile
    from mesos_batch.doctor import Check

USAGE = ("mesos-batch doctor [--master=HOST:PORT] [flags]",)
ABOUT = (
    "Goes the way a run would go, and says where it ends: configuration, where runs are kept, the "
    "keyring; then the network, TLS, which master leads, credentials, clocks and agents. Nothing "
    "is run, and no framework registers. Without a master only this machine is looked at."
)
SETTINGS = profile_settings.DOCTOR


def run(arguments: Sequence[str]) -> int:
    """Print what was found; 0, or what a run would end with.

    Raises:
        UsageError: a flag or a variable is wrong.
    """
    values, wrong = _values(arguments)
    checks: list[Check] = []
    paint = paint_for(sys.stdout, values[the.COLOR], os.environ)
    for check in _checks(values, wrong):
        checks.append(check)
        if not values[the.JSON]:
            emit(sys.stdout, "\n".join(_lines(check, paint)))
    exit_code = max((check.exit_code for check in checks), default=ExitCode.FINISHED)
    if values[the.JSON]:
        from mesos_batch_cli.output.as_json import as_json

        rows = [
            {
                "name": check.name,
                "verdict": check.verdict.value,
                "told": check.told,
                "remedy": check.remedy,
            }
            for check in checks
        ]
        emit(sys.stdout, as_json("doctor", {"checks": rows, "exit_code": int(exit_code)}))
    return exit_code


def _values(arguments: Sequence[str]) -> tuple[Values, UsageError | None]:
    """What is given; where a file is wrong, what is given beside files, and what is wrong.

    Raises:
        UsageError: a flag or a variable is wrong, which is nothing to look into.
    """
    try:
        return Values(arguments, os.environ, SETTINGS), None
    except UsageError as wrong:
        try:
            return Values(arguments, os.environ, SETTINGS, find=lambda _: Found()), wrong
        except UsageError:
            raise wrong from None


def _checks(values: Values, wrong: UsageError | None) -> Iterator[Check]:
    from mesos_batch.doctor import cluster_checks, machine_checks
    from mesos_batch.doctor.check import failed, good
    from mesos_batch_cli.cluster_meant import cluster_of
    from mesos_batch_cli.keeping import state_dir

    files = find_files(os.environ).files if wrong is None else ()
    wrong = wrong or _fault_of(files)
    if wrong is not None:
        yield failed("configuration", wrong.message, wrong.hint, ExitCode.USAGE)
    else:
        names = ", ".join(str(file.path) for file in files)
        yield good("configuration", names or "no file, so flags and environment")
    yield from machine_checks(state_dir(values))
    if values[the.MASTER] in (None, LOCAL):
        return
    try:
        options = cluster_of(values)
        yield from cluster_checks(options)
    except UsageError as error:
        yield failed("connection", error.message, error.hint, ExitCode.USAGE)


def _fault_of(files: Sequence[ConfigFile]) -> UsageError | None:
    """What is wrong in the files, be it in something this command does not look at."""
    known = settings_by_key()
    try:
        for entry in (entry for file in files for entry in file.all_entries()):
            check_entry(entry, known)
            read_entry(entry, known[entry.key])
    except UsageError as error:
        return error
    return None


def _lines(check: Check, paint: Paint) -> list[str]:
    from mesos_batch.doctor import Verdict

    good, bad = ("✓", "✗") if speaks_unicode(sys.stdout) else ("+", "x")
    mark = {
        Verdict.OK: paint.good(good),
        Verdict.WARNING: paint.doubtful("!"),
        Verdict.FAILED: paint.bad(bad),
    }[check.verdict]
    lines = [f"{mark} {check.name:<13}  {one_line(check.told)}"]
    if check.remedy is not None:
        lines.append(f"  {'':<13}  {paint.dim(one_line(check.remedy))}")
    return lines
