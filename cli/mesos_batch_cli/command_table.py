"""Every command of the program: its name, what it is for, and the module that does it.

Dispatch, help, completion and the man page are made from this table. A module in ``commands`` has
``USAGE``, ``ABOUT``, ``SETTINGS``, ``run(arguments)`` and, where the environment matters in
another way than everywhere, ``CLOSING``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from typing import Any, Protocol, cast

from mesos_batch.config.setting import Setting


class Section(Enum):
    """Under which heading a command stands."""

    RUNNING = "Run tasks"
    GENERATING = "Make task lists"
    LOOKING = "Look at runs"
    CLUSTER = "Look at the cluster and change it"
    SETTING_UP = "Set up"


class CommandModule(Protocol):
    """What a module of a command has."""

    USAGE: tuple[str, ...]
    ABOUT: str
    SETTINGS: tuple[Setting[Any], ...]
    run: Callable[[Sequence[str]], int]


@dataclass(frozen=True, slots=True)
class Command:
    """One command; ``words`` is what follows its name in a short usage."""

    name: str
    words: str
    summary: str
    section: Section
    module_name: str

    def module(self) -> CommandModule:
        """Import the module that does it."""
        return cast("CommandModule", import_module(f"mesos_batch_cli.commands.{self.module_name}"))


def _command(name: str, words: str, summary: str, section: Section, module: str = "") -> Command:
    return Command(name, words, summary, section, module or name.replace(" ", "_"))


# A shell that completes a command line asks the program with this word.
ASK = "__complete"

_RUN, _GENERATE, _LOOK, _CLUSTER, _SET_UP = Section

COMMANDS = (
    _command("run", "LIST", "run the tasks of a list or a job file", _RUN, "batch"),
    _command("plan", "LIST", "how long it would take, and what would never fit", _RUN),
    _command("resume", "[RUN]", "go on with a run that stopped", _RUN),
    _command("retry", "RUN", "run again what failed", _RUN),
    _command("cancel", "RUN", "end a run", _RUN),
    _command("validate", "FILE", "check a task list or a job file, offline", _GENERATE),
    _command("expand", "FILE", "a job file as the plain task list it stands for", _GENERATE),
    _command("schema", "", "the JSON Schema of job files, for editors", _GENERATE),
    _command("generate lines", "[FILE]", "a task for each line", _GENERATE),
    _command("generate csv", "[FILE]", "a task for each row of a CSV file", _GENERATE),
    _command("generate s3", "", "a task for each object of an S3 bucket", _GENERATE),
    _command("generate prefetch", "", "a task on each agent that pulls an image", _GENERATE),
    _command("runs", "", "list runs", _LOOK),
    _command("top", "[RUN]", "the live view of a run, from any terminal", _LOOK),
    _command("status", "[RUN]", "how far a run is, and what failed", _LOOK),
    _command("wait", "[RUN]", "wait for the end of a run, with its exit code", _LOOK),
    _command("logs", "[RUN] [TASK...]", "what tasks wrote, or write", _LOOK),
    _command("files", "[RUN] TASK [PATH]", "the sandbox of a task: look, print, download", _LOOK),
    _command("explain", "TASK [RUN]", "why a task waits, or how it came to its end", _LOOK),
    _command("report", "[RUN]", "write a report: HTML, JUnit, CSV, JSON, joblog, trace", _LOOK),
    _command("agents", "", "agents, and what is used of them", _CLUSTER),
    _command("offers", "", "what the cluster offers now, to us or to others", _CLUSTER),
    _command("frameworks", "", "who uses the cluster", _CLUSTER),
    _command("tasks", "", "the tasks of all frameworks", _CLUSTER),
    _command("volumes list", "", "all volumes, with who uses and who made them", _CLUSTER),
    _command("volumes create", "", "reserve disk and create volumes on it", _CLUSTER),
    _command("volumes destroy", "ID...", "destroy volumes and unreserve their disk", _CLUSTER),
    _command("volumes audit", "", "hold our ledger against the cluster", _CLUSTER),
    _command("reservations list", "", "what is reserved, for whom and by whom", _CLUSTER),
    _command("reservations reserve", "", "reserve resources for a role", _CLUSTER),
    _command("reservations unreserve", "", "give them back to everybody", _CLUSTER),
    _command("local", "", "a local cluster for any framework", _SET_UP),
    _command("doctor", "", "find out what keeps a run from beginning", _SET_UP),
    _command("profile add", "NAME", "keep settings under a name", _SET_UP),
    _command("profile list", "", "the profiles there are", _SET_UP),
    _command("profile show", "[PROFILE]", "what a profile says", _SET_UP),
    _command("profile use", "PROFILE", "take a profile from now on", _SET_UP),
    _command("profile remove", "PROFILE", "take a profile out", _SET_UP),
    _command("config show", "", "every setting, and where it comes from", _SET_UP),
    _command("config path", "", "where configuration files are", _SET_UP),
    _command("credentials set", "", "keep a secret or a token in the keyring", _SET_UP),
    _command("credentials list", "", "for whom the keyring has one", _SET_UP),
    _command("credentials delete", "", "forget it", _SET_UP),
    _command("help", "[COMMAND|TOPIC]", "what a command or a topic is about, offline", _SET_UP),
    _command("completion", "SHELL", "let a shell complete our command lines", _SET_UP),
)
# Their exit codes are those of a run, whatever could be printed of it.
END_AS_RUNS_DO = ("run", "resume", "retry", "wait")
_BY_NAME = {command.name: command for command in COMMANDS}


def find(arguments: Sequence[str]) -> tuple[Command, Sequence[str]] | None:
    """The command the arguments begin with, and what follows it; ``None`` without one."""
    for length in (2, 1):
        command = _BY_NAME.get(" ".join(arguments[:length]))
        if command is not None:
            return command, arguments[length:]
    return None


def named(name: str) -> Command:
    """The command of that name."""
    return _BY_NAME[name]


def family(word: str) -> list[Command]:
    """The commands of two words that begin with this one."""
    return [command for command in COMMANDS if command.name.startswith(f"{word} ")]
