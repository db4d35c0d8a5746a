"""``mesos-batch config path``: where configuration files are, or would be."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from mesos_batch.config import profile_settings as the
from mesos_batch.config.config_file import FileKind
from mesos_batch.config.layers import places
from mesos_batch.config.settings import JSON
from mesos_batch.errors import ExitCode
from mesos_batch_cli.output.streams import emit
from mesos_batch_cli.values import Values

USAGE = ("mesos-batch config path [flags]",)
ABOUT = (
    "Tells where configuration files are looked for, the one that counts most first, and which of "
    "them are there."
)
CLOSING = "With MESOS_BATCH_NO_CONFIG=1 none of them is read."
SETTINGS = the.CONFIG_PATH


def run(arguments: Sequence[str]) -> int:
    """Print them.

    Raises:
        UsageError: a flag is wrong.
    """
    values = Values(arguments, os.environ, SETTINGS)

    from mesos_batch_cli.output.as_json import as_json

    found = places()
    if values[JSON]:
        rows = [
            {"kind": kind.value, "path": str(path), "exists": path.is_file()}
            for kind, path in found
        ]
        emit(sys.stdout, as_json("config-path", {"files": rows}))
        return ExitCode.FINISHED
    if FileKind.PROJECT not in dict(found):
        emit(sys.stdout, "project  none here (mesos-batch.toml, here or above)")
    for kind, path in found:
        note = "" if path.is_file() else "  (not there)"
        emit(sys.stdout, f"{kind.value:<7}  {path}{note}")
    return ExitCode.FINISHED
