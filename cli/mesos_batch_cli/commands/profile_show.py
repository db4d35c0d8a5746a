"""``mesos-batch profile show PROFILE``: what a profile says."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from mesos_batch.config import profile_settings as the
from mesos_batch.config import settings as run_settings
from mesos_batch.config.layers import default_profile, find_files, profile
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch_cli.output.streams import emit, paint_for, width_of
from mesos_batch_cli.values import Values

USAGE = ("mesos-batch profile show [PROFILE] [flags]",)
ABOUT = "Shows the settings of a profile; without a name, those of the one used by default."
CLOSING = "docs/settings.md tells how profiles and configuration files are written."
SETTINGS = the.PROFILE_SHOW


def run(arguments: Sequence[str]) -> int:
    """Print them.

    Raises:
        UsageError: a flag is wrong, a file cannot be read, or there is no such profile.
    """
    values = Values(arguments, os.environ, SETTINGS, takes_words=1)

    from mesos_batch_cli.output.as_json import as_json
    from mesos_batch_cli.output.table import table

    files = find_files(os.environ).files
    chosen = default_profile(files)
    name = values.word or (None if chosen is None else str(chosen.value))
    if name is None:
        raise UsageError("no profile is used by default", f"Write {USAGE[0]}.")
    entries = profile(files, name)
    if values[run_settings.JSON]:
        settings = {key: entry.value for key, entry in entries.items()}
        emit(sys.stdout, as_json("profile", {"name": name, "settings": settings}))
    elif entries:
        paint = paint_for(sys.stdout, values[run_settings.COLOR], os.environ)
        rows = [(key, entry.shown, entry.place) for key, entry in entries.items()]
        width = width_of(sys.stdout, os.environ)
        emit(sys.stdout, "\n".join(table(("SETTING", "VALUE", "FROM"), rows, paint, width)))
    else:
        emit(sys.stderr, f"profile {name} is empty")
    return ExitCode.FINISHED
