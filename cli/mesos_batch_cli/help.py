"""What --help prints, made from the table of commands and the declared settings."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from mesos_batch.config.setting import Group, Setting
from mesos_batch.config.settings import MASTER
from mesos_batch_cli.command_table import COMMANDS, Command, CommandModule, Section, named
from mesos_batch_cli.topics import TOPICS

_INDENT = "  "
_HELP_COLUMN = 36
# On a narrow terminal what a flag is for stands below it.
_NARROW, _NARROW_HELP_COLUMN = 70, 6
_UNBREAKABLE = "\xa0"
_NARROWEST, _WIDEST, _UNKNOWN = 40, 110, 100

_FILES = (
    " A flag wins over its variable, and that over configuration files, which have the same names "
    "('mesos-batch config path'). Names of flags may be written with - or _."
)
ENVIRONMENT = (
    "Each flag can come from the environment: MESOS_MASTER for --master, MESOS_BATCH_<FLAG> for "
    "the others." + _FILES
)

ENVIRONMENT_OF_RUNS = (
    "Each flag but --master can come from the environment as MESOS_BATCH_<FLAG>." + _FILES
)


def command_help(module: CommandModule) -> str:
    """The page of one command."""
    takes_master = any(item.name == MASTER.name and item.env for item in module.SETTINGS)
    usual = ENVIRONMENT if takes_master else ENVIRONMENT_OF_RUNS
    closing: str = getattr(module, "CLOSING", usual)
    return help_text(module.USAGE, module.ABOUT, module.SETTINGS, closing)


def overview() -> str:
    """All commands and topics."""
    lines = _commands(named("run").module())
    width = max(len(name) for name in TOPICS)
    lines += ["", "Topics"]
    lines += [f"{_INDENT}{name:<{width}}   {summary}" for name, summary in TOPICS.items()]
    lines += ["", "'mesos-batch help COMMAND' and 'mesos-batch help TOPIC' tell more."]
    return "\n".join(lines)


def _commands(module: CommandModule) -> list[str]:
    """All commands, after what ``module``, the one that needs no name, says of itself."""
    lines = [_filled(module.ABOUT), "", *usage_lines(module.USAGE)]
    shown = dict(zip(COMMANDS, command_lines(COMMANDS), strict=True))
    for section in Section:
        members = [command for command in COMMANDS if command.section is section]
        lines += ["", section.value, *(_INDENT + shown[command] for command in members)]
    return lines


def main_help() -> str:
    """All commands, and the flags of the one that needs no name."""
    module = named("run").module()
    lines = [*_commands(module), "", "--help after a command lists its flags. Those of 'run':"]
    return "\n".join([*lines, *setting_lines(module.SETTINGS), "", _filled(ENVIRONMENT)])


def family_help(commands: Sequence[Command]) -> str:
    """The commands that begin with the same word."""
    lines = command_lines(commands)
    return "\n".join([*lines, "", "--help after a command lists its flags."])


def command_lines(commands: Iterable[Command]) -> list[str]:
    """Each command with what it is for."""
    shown = [(f"mesos-batch {item.name} {item.words}".rstrip(), item.summary) for item in commands]
    width = max(len(usage) for usage, _ in shown)
    return [f"{usage:<{width}}   {summary}" for usage, summary in shown]


def help_text(
    usage: Sequence[str], about: str, settings: Iterable[Setting[Any]], closing: str
) -> str:
    """Usage, one paragraph, and every flag with its default, as wide as the terminal."""
    lines = [_filled(about), "", *usage_lines(usage), *setting_lines(settings)]
    return "\n".join([*lines, "", _filled(closing)])


def usage_lines(usage: Sequence[str]) -> list[str]:
    """How a command is written."""
    return [f"Usage: {usage[0]}", *(f"       {line}" for line in usage[1:])]


def setting_lines(settings: Iterable[Setting[Any]]) -> list[str]:
    """Every flag with its default, under the headings of their groups."""
    lines: list[str] = []
    for group, members in grouped(settings).items():
        lines += ["", group.value]
        for setting in members:
            lines += _flag_lines(setting, _width())
    return lines


def grouped(settings: Iterable[Setting[Any]]) -> dict[Group, list[Setting[Any]]]:
    """The settings under the headings they have in help."""
    groups: dict[Group, list[Setting[Any]]] = {}
    for setting in settings:
        groups.setdefault(setting.group, []).append(setting)
    return groups


def _filled(text: str) -> str:
    return textwrap.fill(text, _width())


def _width() -> int:
    return min(_WIDEST, max(_NARROWEST, _terminal_width()))


def _flag_lines(setting: Setting[Any], width: int) -> list[str]:
    flag = _INDENT + setting.usage
    column = _HELP_COLUMN if width >= _NARROW else _NARROW_HELP_COLUMN
    margin = " " * column
    default = f"(default: {setting.default_text})".replace(" ", _UNBREAKABLE)
    lines = textwrap.wrap(
        f"{setting.help} {default}",
        width,
        initial_indent=margin,
        subsequent_indent=margin,
        break_on_hyphens=False,
    )
    lines = [line.replace(_UNBREAKABLE, " ") for line in lines]
    if len(flag) + 2 > column:
        return [flag, *lines]
    return [flag + lines[0][len(flag) :], *lines[1:]]


def _terminal_width() -> int:
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or _UNKNOWN
    except (OSError, ValueError):
        return _UNKNOWN
