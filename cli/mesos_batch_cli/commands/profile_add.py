"""``mesos-batch profile add NAME``: keep settings under a name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mesos_batch.config import profile_settings as the
from mesos_batch.config.setting import Setting
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch_cli.output.outcome import tell_done
from mesos_batch_cli.values import Origin, Values

USAGE = ("mesos-batch profile add NAME --master=HOST:PORT [flags]",)
ABOUT = (
    "Keeps settings under a name in your configuration file. --profile=NAME takes them, and "
    "'profile use' makes that so everywhere. Secrets are not among them: 'credentials set' keeps "
    "those."
)
CLOSING = "What is not given here is not part of the profile."
SETTINGS = the.PROFILE_ADD


def run(arguments: Sequence[str]) -> int:
    """Write the profile.

    Raises:
        UsageError: a flag is wrong, the name is taken, or the file cannot be changed.
    """
    values = Values(arguments, os.environ, SETTINGS, takes_words=1)
    if values.word is None:
        raise UsageError("no name is given", f"Write {USAGE[0]}.")
    given = {
        key: _written(values, setting)
        for key, setting in the.OF_PROFILE.items()
        if values.origin(setting) is Origin.FLAG
    }
    if not given:
        raise UsageError("the profile would say nothing", f"Write {USAGE[0]}.")

    from mesos_batch.config import profile_store

    path = profile_store.add(values.word, given)
    told = f"profile {values.word} is in {path}"
    tell_done(told, values, profile=values.word, file=str(path))
    return ExitCode.FINISHED


def _written(values: Values, setting: Setting[Any]) -> str | bool | int:
    """A value as the file has it: what can be said of another directory too.

    Raises:
        UsageError: it has a password in it.
    """
    if setting.is_boolean:
        return bool(values[setting])
    if setting.kind.name == "integer":
        return int(values[setting])
    if setting.kind.name == "path":
        return str(Path(values.text(setting)).expanduser().absolute())
    if getattr(values[setting], "zk_login", None) is not None:
        raise UsageError(
            "a password is not kept in a profile", "Write such an address into MESOS_MASTER."
        )
    return values.text(setting)
