"""``mesos-batch config show``: every setting of a run, and where its value comes from."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from mesos_batch.config import command_settings as commands
from mesos_batch.config import profile_settings as the
from mesos_batch.config import settings as run_settings
from mesos_batch.config.connection_settings import PROFILE
from mesos_batch.config.setting import Setting
from mesos_batch.errors import ExitCode
from mesos_batch_cli.output.streams import emit, paint_for, width_of
from mesos_batch_cli.values import Origin, Values

USAGE = ("mesos-batch config show [flags]",)
ABOUT = (
    "Shows every setting a run started here would have, and with --origin where each comes from. "
    "Secrets are not shown."
)
CLOSING = (
    "A flag wins over the environment, that over the file of the project (mesos-batch.toml), that "
    "over your own and that over the one of the system; a profile stands right below what names it."
)
SETTINGS = the.CONFIG_SHOW


def run(arguments: Sequence[str]) -> int:
    """Print them.

    Raises:
        UsageError: a flag, a variable or a file is wrong.
    """
    own = Values(arguments, os.environ, SETTINGS)

    from mesos_batch_cli.output.as_json import as_json
    from mesos_batch_cli.output.table import table

    chosen = own.from_flag(PROFILE)
    flags = [] if chosen is None else [f"--{PROFILE.name}={chosen}"]
    of_run = Values(flags, os.environ, commands.RUN)
    settings = [setting for setting in commands.RUN if setting.key is not None]
    if own[run_settings.JSON]:
        rows = [
            {
                "name": setting.name,
                "value": _value(setting, of_run),
                "origin": of_run.origin(setting).value,
                "place": of_run.place(setting),
                "profile": entry.profile if (entry := of_run.entry(setting)) else None,
            }
            for setting in settings
        ]
        emit(sys.stdout, as_json("config", {"settings": rows}))
        return ExitCode.FINISHED
    paint = paint_for(sys.stdout, own[run_settings.COLOR], os.environ)
    columns = ("SETTING", "VALUE", "FROM") if own[the.ORIGIN] else ("SETTING", "VALUE")
    cells = [
        (setting.name, _shown(setting, of_run), _from(setting, of_run))[: len(columns)]
        for setting in settings
    ]

    def color(position: int) -> Any:
        is_default = of_run.origin(settings[position]) is Origin.DEFAULT
        return paint.dim if is_default else None

    lines = table(columns, cells, paint, width_of(sys.stdout, os.environ), color=color)
    emit(sys.stdout, "\n".join(lines))
    return ExitCode.FINISHED


def _value(setting: Setting[Any], values: Values) -> object:
    """A value for a program; of a secret, whether there is one."""
    value = values[setting]
    if value is None or isinstance(value, bool | int | float):
        return value
    return "***" if setting.kind.name == "secret" else setting.kind.show(value)


def _shown(setting: Setting[Any], values: Values) -> str:
    if values.origin(setting) is Origin.DEFAULT:
        return setting.default_text
    value = values[setting]
    return "***" if setting.kind.name == "secret" else setting.kind.show(value)


def _from(setting: Setting[Any], values: Values) -> str:
    entry = values.entry(setting)
    profile = "" if entry is None or entry.profile is None else f" (profile {entry.profile})"
    return values.place(setting) + profile
