"""The manual page of the program, for man(1), from the table of commands and the settings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from mesos_batch import __version__
from mesos_batch.config.setting import Setting
from mesos_batch_cli.command_table import COMMANDS, Section, named
from mesos_batch_cli.help import ENVIRONMENT, grouped
from mesos_batch_cli.topics import TOPICS

_EXIT_CODES = (
    ("0", "every task finished, or what was asked for was printed"),
    ("1", "a task failed, was killed, was lost or was refused"),
    ("2", "the command line or the task list is wrong; nothing was sent to any cluster"),
    ("3", "what did not finish could never be held by any agent"),
    ("4", "the cluster cannot be reached, or does not let us in"),
    ("5", "the journal of a run cannot be read or written"),
    ("70", "a mistake in mesos-batch itself"),
    ("74", "the result could not be written to standard output"),
    ("130", "Ctrl-C"),
    ("143", "SIGTERM"),
)


def man_page() -> str:
    """The page as roff with the man macros."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    module = named("run").module()
    yield f'.TH MESOS\\-BATCH 1 "" "mesos\\-batch {__version__}" "User Commands"'
    yield ".SH NAME"
    yield "mesos\\-batch \\- run batches of tasks on Apache Mesos"
    yield ".SH SYNOPSIS"
    for usage in module.USAGE:
        yield from (".B mesos\\-batch", _escaped(usage.removeprefix("mesos-batch ")), ".br")
    yield ".B mesos\\-batch"
    yield _escaped("COMMAND [flags]")
    yield ".SH DESCRIPTION"
    yield _escaped(module.ABOUT)
    yield ".SH COMMANDS"
    for section in Section:
        yield f".SS {_escaped(section.value)}"
        for command in COMMANDS:
            if command.section is section:
                yield ".TP"
                yield f".B {_escaped(f'{command.name} {command.words}'.rstrip())}"
                yield _escaped(command.summary)
    yield ".PP"
    yield _escaped("The flags of a command are told by 'mesos-batch help COMMAND'.")
    yield ".SH OPTIONS"
    yield _escaped("These are the flags of 'run', which needs no name when flags follow.")
    yield from _flags(module.SETTINGS)
    yield ".SH ENVIRONMENT"
    yield _escaped(ENVIRONMENT)
    yield ".SH EXIT STATUS"
    yield from _list(_EXIT_CODES)
    yield ".SH TOPICS"
    yield _escaped("What 'mesos-batch help TOPIC' tells:")
    yield from _list(TOPICS.items())


def _flags(settings: Iterable[Setting[Any]]) -> Iterator[str]:
    for group, members in grouped(settings).items():
        yield f".SS {_escaped(group.value)}"
        yield from _list(
            (item.usage, f"{item.help} (default: {item.default_text})") for item in members
        )


def _list(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for term, text in rows:
        yield from (".TP", f".B {_escaped(term)}", _escaped(text))


def _escaped(text: str) -> str:
    """Text that roff prints as it is."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return re.sub(r"^([.'])", r"\\&\1", escaped)
