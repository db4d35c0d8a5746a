"""``mesos-batch profile list``: the profiles there are."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from mesos_batch.config import profile_settings as the
from mesos_batch.config import settings as run_settings
from mesos_batch.config.layers import default_profile, find_files, profiles
from mesos_batch.errors import ExitCode
from mesos_batch_cli.output.streams import emit, paint_for, width_of
from mesos_batch_cli.values import Values

USAGE = ("mesos-batch profile list [flags]",)
ABOUT = "Lists the profiles of your configuration files, and which one is used by default."
CLOSING = "docs/settings.md tells how profiles and configuration files are written."
SETTINGS = the.PROFILE_LIST


def run(arguments: Sequence[str]) -> int:
    """Print the list.

    Raises:
        UsageError: a flag is wrong, or a file cannot be read.
    """
    values = Values(arguments, os.environ, SETTINGS)

    from mesos_batch_cli.output.as_json import as_json
    from mesos_batch_cli.output.table import table

    files = find_files(os.environ).files
    chosen = default_profile(files)
    default = None if chosen is None else chosen.value
    found = profiles(files)
    if values[run_settings.JSON]:
        rows = [
            {
                "name": name,
                "default": name == default,
                "file": str(file.path),
                "settings": {key: it.value for key, it in file.profiles[name].items()},
            }
            for name, file in found.items()
        ]
        emit(sys.stdout, as_json("profiles", {"profiles": rows}))
    elif not found:
        emit(sys.stderr, "there are no profiles; 'mesos-batch profile add NAME' makes one")
    else:
        paint = paint_for(sys.stdout, values[run_settings.COLOR], os.environ)
        lines = table(
            ("", "PROFILE", "MASTER", "PRINCIPAL", "ROLE", "FILE"),
            [
                (
                    "*" if name == default else "",
                    name,
                    *(
                        file.profiles[name][key].shown if key in file.profiles[name] else ""
                        for key in ("master", "principal", "role")
                    ),
                    str(file.path),
                )
                for name, file in found.items()
            ],
            paint,
            width_of(sys.stdout, os.environ),
        )
        emit(sys.stdout, "\n".join(lines))
    return ExitCode.FINISHED
