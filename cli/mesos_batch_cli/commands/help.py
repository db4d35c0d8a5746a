"""``mesos-batch help [COMMAND|TOPIC]``: everything there is to read, offline."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from mesos_batch.config import settings as the
from mesos_batch.config.setting import BOOLEAN, Group, Setting
from mesos_batch.did_you_mean import meant_by
from mesos_batch.errors import ExitCode, UsageError
from mesos_batch_cli.command_table import COMMANDS, family, find
from mesos_batch_cli.output.streams import emit, is_terminal, paint_for
from mesos_batch_cli.topics import TOPICS, page
from mesos_batch_cli.values import Values

USAGE = ("mesos-batch help [COMMAND|TOPIC]", "mesos-batch help --man > mesos-batch.1")
ABOUT = "Tells what there is to read: about a command, or about a topic. No network is needed."
MAN: Setting[bool] = Setting(
    name="man",
    kind=BOOLEAN,
    default=False,
    from_env=False,
    group=Group.OUTPUT,
    help="Print the manual page of the program, for man.",
)
SETTINGS = (MAN, the.JSON, the.COLOR, the.HELP)


def run(arguments: Sequence[str]) -> int:
    """Print what is asked for.

    Raises:
        UsageError: there is no such command or topic.
    """
    values = Values(arguments, os.environ, SETTINGS, takes_words=2)
    if values[MAN]:
        from mesos_batch_cli.output.man_page import man_page

        emit(sys.stdout, man_page())
    elif values[the.JSON]:
        from mesos_batch_cli.output.as_json import as_json

        emit(sys.stdout, as_json("help", {"commands": _command_fields(), "topics": TOPICS}))
    elif not values.words:
        from mesos_batch_cli.help import overview

        emit(sys.stdout, overview())
    else:
        told = _tell_command(values.words)
        topic = "-".join(values.words).lower().replace("_", "-")
        if topic in TOPICS and told:
            emit(sys.stdout, "")
        if topic in TOPICS:
            _tell_topic(topic, values)
        elif not told:
            raise UsageError(
                f"there is no command and no topic '{topic}'", _did_you_mean(values.words)
            )
    return ExitCode.FINISHED


def _command_fields() -> list[dict[str, object]]:
    """Every command with its flags, for programs."""
    fields: list[dict[str, object]] = []
    for command in COMMANDS:
        module = command.module()
        flags = [_flag_fields(setting) for setting in module.SETTINGS]
        told = {"name": command.name, "summary": command.summary, "about": module.ABOUT}
        fields.append({**told, "usage": module.USAGE, "flags": flags})
    return fields


def _flag_fields(setting: Setting[Any]) -> dict[str, object]:
    return {
        "name": setting.name,
        "kind": setting.kind.name,
        "choices": setting.kind.choices,
        "default": setting.default_text,
        "environment": setting.env,
        "help": setting.help,
    }


def _tell_command(words: Sequence[str]) -> bool:
    from mesos_batch_cli.help import command_help, family_help

    found = find(words)
    if found is not None and not found[1]:
        emit(sys.stdout, command_help(found[0].module()))
        return True
    members = family(words[0]) if len(words) == 1 else []
    if members:
        emit(sys.stdout, family_help(members))
    return bool(members)


def _tell_topic(topic: str, values: Values) -> None:
    text = page(topic)
    if not is_terminal(sys.stdout, os.environ):
        emit(sys.stdout, text.rstrip("\n"))
        return

    from rich.console import Console
    from rich.markdown import Markdown

    from mesos_batch_cli.output.streams import surviving_readers

    paint = paint_for(sys.stdout, values[the.COLOR], os.environ)
    console = Console(file=sys.stdout, no_color=not paint.enabled, highlight=False, emoji=False)
    with surviving_readers(sys.stdout):
        console.print(Markdown(text, hyperlinks=False), width=min(console.width, 100))


def _did_you_mean(words: Sequence[str]) -> str:
    names = [*TOPICS, *(command.name for command in COMMANDS)]
    for text in (" ".join(words), "-".join(words).replace("_", "-")):
        meant = meant_by(text, names)
        if meant is not None:
            return f"Did you mean 'mesos-batch help {meant}'?"
    return "'mesos-batch help' lists all."
