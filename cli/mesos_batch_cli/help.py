"""What --help prints, made from the declared settings."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from mesos_batch.config.setting import Group, Setting

_INDENT = "  "
_HELP_COLUMN = 36
_UNBREAKABLE = "\xa0"
_NARROWEST, _WIDEST, _UNKNOWN = 70, 110, 100

ENVIRONMENT = (
    "Each flag can come from the environment: MESOS_MASTER for --master, MESOS_BATCH_<FLAG> for "
    "the others. A flag wins over its variable. Names may be written with - or _."
)

ENVIRONMENT_OF_RUNS = (
    "Each flag but --master can come from the environment as MESOS_BATCH_<FLAG>. A flag wins over "
    "its variable. Names may be written with - or _."
)


def help_text(
    usage: Sequence[str], about: str, settings: Iterable[Setting[Any]], closing: str = ENVIRONMENT
) -> str:
    """Usage, one paragraph, and every flag with its default, as wide as the terminal."""
    width = min(_WIDEST, max(_NARROWEST, _terminal_width()))
    groups: dict[Group, list[Setting[Any]]] = {}
    for setting in settings:
        groups.setdefault(setting.group, []).append(setting)
    lines = [textwrap.fill(about, width), "", f"Usage: {usage[0]}"]
    lines += [f"       {line}" for line in usage[1:]]
    for group, members in groups.items():
        lines += ["", group.value]
        for setting in members:
            lines += _flag_lines(setting, width)
    lines += ["", textwrap.fill(closing, width)]
    return "\n".join(lines)


def _flag_lines(setting: Setting[Any], width: int) -> list[str]:
    flag = _INDENT + setting.usage
    margin = " " * _HELP_COLUMN
    default = f"(default: {setting.default_text})".replace(" ", _UNBREAKABLE)
    lines = textwrap.wrap(
        f"{setting.help} {default}",
        width,
        initial_indent=margin,
        subsequent_indent=margin,
        break_on_hyphens=False,
    )
    lines = [line.replace(_UNBREAKABLE, " ") for line in lines]
    if len(flag) + 2 > _HELP_COLUMN:
        return [flag, *lines]
    return [flag + lines[0][len(flag) :], *lines[1:]]


def _terminal_width() -> int:
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or _UNKNOWN
    except (OSError, ValueError):
        return _UNKNOWN
