"""``mesos-batch profile use PROFILE``: the profile to take where none is asked for."""

from __future__ import annotations

import os
from collections.abc import Sequence

from mesos_batch.config import profile_settings as the
from mesos_batch.config.layers import default_profile, find_files, profile
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch_cli.output.outcome import tell_done
from mesos_batch_cli.output.streams import say_warning
from mesos_batch_cli.values import Values

USAGE = ("mesos-batch profile use PROFILE", "mesos-batch profile use --none")
ABOUT = "Takes the settings of a profile from now on, where no --profile asks for another."
CLOSING = "MESOS_BATCH_PROFILE and the file of a project win over it."
SETTINGS = the.PROFILE_USE


def run(arguments: Sequence[str]) -> int:
    """Choose it.

    Raises:
        UsageError: there is none, or the file cannot be changed.
    """
    values = Values(arguments, os.environ, SETTINGS, takes_words=1)
    name = values.word
    if (name is None) is not values[the.NONE]:
        raise UsageError("name one profile, or none", f"Write {USAGE[0]}, or {USAGE[1]}.")

    from mesos_batch.config import profile_store

    if name is not None:
        profile(find_files(os.environ).files, name)
    path = profile_store.use(name)
    told = f"{path} says to use {f'profile {name}' if name else 'no profile'}"
    tell_done(told, values, profile=name, file=str(path))
    other = default_profile(find_files(os.environ).files)
    if other is not None and other.value != name:
        say_warning(f"here, {other.place} wants profile {other.value}")
    return ExitCode.FINISHED
