"""The program ``mesos-batch``: finds the command, and turns every end into an exit code."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence

from mesos_batch.did_you_mean import meant_by
from mesos_batch.errors import ExitCode, MesosBatchError, UsageError
from mesos_batch_cli.command_table import ASK, END_AS_RUNS_DO, Command, family, find, named
from mesos_batch_cli.output.streams import emit, is_written, prepare_streams, say_error
from mesos_batch_cli.seedflags import asks_for_help


def run() -> int:
    """Run the command line of this process; gives the exit code and never raises."""
    prepare_streams()
    threading.excepthook = _thread_ended_badly
    try:
        return _with_output(_run(sys.argv[1:]), sys.argv[1:])
    except MesosBatchError as error:
        say_error(error.message, error.hint)
        if _asks_for_json(sys.argv[1:]):
            from mesos_batch_cli.output.as_json import as_json, error_fields

            emit(sys.stdout, as_json("error", error_fields(error)))
        return error.exit_code
    except KeyboardInterrupt:
        say_error("interrupted")
        return ExitCode.INTERRUPTED
    except Exception as bug:
        from mesos_batch_cli import crash

        crash.report(bug)
        raise SystemExit(int(ExitCode.INTERNAL)) from bug


def _run(arguments: Sequence[str]) -> int:
    if arguments[:1] == [ASK]:
        return _complete(arguments[1:])
    found = find(arguments)
    if found is not None:
        return _run_command(*found)
    if arguments and not arguments[0].startswith("-"):
        return _family(arguments[0], arguments[1:])
    # As the original: flags alone run a task list.
    if asks_for_help(arguments):
        from mesos_batch_cli.help import main_help

        emit(sys.stdout, main_help())
        return ExitCode.FINISHED
    return named("run").module().run(arguments)


def _with_output(code: int, arguments: Sequence[str]) -> int:
    """How a command ends that would end with ``code``, were its result to be read."""
    if code != ExitCode.FINISHED or is_written(sys.stdout):
        return code
    found = find(arguments)
    name = found[0].name if found is not None else "run"
    is_of_run = name in END_AS_RUNS_DO and not asks_for_help(arguments)
    return code if is_of_run else ExitCode.OUTPUT


def _complete(arguments: Sequence[str]) -> int:
    """Answer a shell, which shows nothing of what goes wrong, and must not wait for it."""
    from contextlib import suppress

    from mesos_batch_cli.commands.completion import answer

    with suppress(Exception):
        answer(arguments)
    return ExitCode.FINISHED


def _run_command(command: Command, arguments: Sequence[str]) -> int:
    module = command.module()
    if asks_for_help(arguments):
        from mesos_batch_cli.help import command_help

        emit(sys.stdout, command_help(module))
        return ExitCode.FINISHED
    return module.run(arguments)


def _family(word: str, rest: Sequence[str]) -> int:
    """Say what follows a word that is no command by itself.

    Raises:
        UsageError: nothing does, or the wrong word.
    """
    from mesos_batch_cli.help import family_help

    members = family(word)
    if not members:
        raise UsageError(f"there is no command '{word}'", _did_you_mean(word))
    if asks_for_help(rest):
        emit(sys.stdout, family_help(members))
        return ExitCode.FINISHED
    words = [member.name.removeprefix(f"{word} ") for member in members]
    following = f"{', '.join(words[:-1])} or {words[-1]}"
    told = f"'mesos-batch {word}' is followed by {following}"
    if not rest or rest[0].startswith("-"):
        raise UsageError(told, f"Write mesos-batch {members[0].name}.")
    from difflib import get_close_matches

    for near in get_close_matches(rest[0].lower(), words, n=1):
        raise UsageError(
            f"there is no command '{word} {rest[0]}'", f"Did you mean 'mesos-batch {word} {near}'?"
        )
    raise UsageError(f"there is no command '{word} {rest[0]}'", f"{told}.")


def _did_you_mean(word: str) -> str:
    from pathlib import Path

    from mesos_batch_cli.command_table import COMMANDS

    meant = meant_by(word, (command.name.split()[0] for command in COMMANDS))
    if meant is not None:
        return f"Did you mean 'mesos-batch {meant}'?"
    if Path(word).exists():
        from shlex import quote

        return f"Write mesos-batch run {quote(word)}."
    return "'mesos-batch --help' lists all."


def _asks_for_json(arguments: Sequence[str]) -> bool:
    """Whether a program reads what we print, and then what went wrong too."""
    before_end = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return any(word.strip().lower() in ("--json", "--json=true") for word in before_end)


def _thread_ended_badly(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None:
        from mesos_batch_cli import crash

        crash.report(ended.exc_value)
