"""The program ``mesos-batch``: finds the command, and turns every end into an exit code."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence

from mesos_batch.errors import ExitCode, MesosBatchError
from mesos_batch_cli.output.streams import prepare_streams, say_error


def run() -> int:
    """Run the command line of this process; gives the exit code and never raises."""
    prepare_streams()
    threading.excepthook = _thread_ended_badly
    try:
        return _run(sys.argv[1:])
    except MesosBatchError as error:
        say_error(error.message, error.hint)
        return error.exit_code
    except KeyboardInterrupt:
        say_error("interrupted")
        return ExitCode.INTERRUPTED
    except Exception as bug:
        from mesos_batch_cli import crash

        crash.report(bug)
        raise SystemExit(int(ExitCode.INTERNAL)) from bug


def _run(arguments: Sequence[str]) -> int:
    match arguments:
        case ["plan", *rest]:
            from mesos_batch_cli.commands import plan

            return plan.run(rest)
        case ["volumes", *rest]:
            from mesos_batch_cli.commands import volumes

            return volumes.run(rest)
        case ["reservations", *rest]:
            from mesos_batch_cli.commands import reservations

            return reservations.run(rest)
        case ["local", *rest]:
            from mesos_batch_cli.commands import local

            return local.run(rest)
        case ["secret", *rest]:
            from mesos_batch_cli.commands import secret

            return secret.run(rest)
        case _:
            return _run_runs(arguments)


def _run_runs(arguments: Sequence[str]) -> int:
    """Do something with a run: begin one, or look at, resume, retry or end an earlier one."""
    match arguments:
        case ["resume", *rest]:
            from mesos_batch_cli.commands import resume

            return resume.run(rest)
        case ["retry", *rest]:
            from mesos_batch_cli.commands import retry

            return retry.run(rest)
        case ["runs", *rest]:
            from mesos_batch_cli.commands import runs

            return runs.run(rest)
        case ["status", *rest]:
            from mesos_batch_cli.commands import status

            return status.run(rest)
        case ["explain", *rest]:
            from mesos_batch_cli.commands import explain

            return explain.run(rest)
        case ["wait", *rest]:
            from mesos_batch_cli.commands import wait

            return wait.run(rest)
        case ["cancel", *rest]:
            from mesos_batch_cli.commands import cancel

            return cancel.run(rest)
        case _:
            from mesos_batch_cli.commands import batch

            return batch.run(arguments)


def _thread_ended_badly(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None:
        from mesos_batch_cli import crash

        crash.report(ended.exc_value)
