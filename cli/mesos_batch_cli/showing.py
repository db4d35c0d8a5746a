"""How a run is shown while it goes on, as the flags and the terminal say."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from mesos_batch.config import progress_settings as flags
from mesos_batch.config import settings as the
from mesos_batch.errors import UsageError
from mesos_batch_cli.output.streams import is_terminal, paint_for
from mesos_batch_cli.values import Origin, Values

if TYPE_CHECKING:
    from mesos_batch.model.task import TaskSpec
    from mesos_batch_cli.output.display import Display, LiveDisplay
    from mesos_batch_cli.output.events_file import EventsFile
    from mesos_batch_cli.output.progress import Progress


def progress_meant(values: Values) -> str:
    """How to show a run: ``live``, ``plain``, ``json`` or ``none``.

    Raises:
        UsageError: two flags contradict each other, or the live view has no terminal.
    """
    wish = values[flags.PROGRESS]
    given = values.origin(flags.PROGRESS) is Origin.FLAG
    if values[the.QUIET]:
        if given and wish not in (flags.AUTO, flags.NONE):
            raise UsageError(f"--quiet contradicts --progress={wish}")
        return flags.NONE
    terminal = is_terminal(sys.stderr, os.environ)
    if wish == flags.LIVE and not terminal:
        # A variable may be set for other runs.
        if given:
            raise UsageError(
                "--progress=live needs a terminal, and stderr is none", "Write --progress=plain."
            )
        return flags.PLAIN
    if wish != flags.AUTO:
        return wish
    return flags.LIVE if terminal and not values[the.VERBOSE] else flags.PLAIN


def open_display(
    values: Values,
    title: str,
    run_id: str | None,
    tasks: Sequence[TaskSpec] = (),
    progress: Progress | None = None,
) -> Display:
    """A display on stderr as the flags say.

    ``title`` heads the live view, ``tasks`` are what ``--verbose`` tells the commands of,
    ``progress`` is what explains a run that another process drives.

    Raises:
        UsageError: as :func:`progress_meant`.
    """
    from mesos_batch_cli.output.display import JsonDisplay, LineDisplay
    from mesos_batch_cli.output.lines import Level, Lines

    shown = progress_meant(values)
    if shown == flags.AS_JSON:
        return JsonDisplay(run_id)
    if shown == flags.LIVE:
        return live_display(values, title, run_id, sys.stderr, progress)
    level = Level.VERBOSE if values[the.VERBOSE] else Level.NORMAL
    paint = paint_for(sys.stderr, values[the.COLOR], os.environ)
    return LineDisplay(Lines(paint, Level.QUIET if shown == flags.NONE else level, tasks, run_id))


def live_display(
    values: Values,
    title: str,
    run_id: str | None,
    stream: TextIO,
    progress: Progress | None = None,
) -> LiveDisplay:
    """The live view on a terminal."""
    from mesos_batch_cli.output.canvas import Canvas
    from mesos_batch_cli.output.display import LiveDisplay
    from mesos_batch_cli.output.lines import Level, Lines
    from mesos_batch_cli.output.picture import Heading
    from mesos_batch_cli.output.progress import Progress

    paint = paint_for(stream, values[the.COLOR], os.environ)
    canvas = Canvas(stream, colored=paint.enabled)
    lines = Lines(paint, Level.NORMAL, (), run_id)
    return LiveDisplay(canvas, Heading(title, run_id), lines, progress or Progress())


@contextmanager
def events_meant(values: Values) -> Iterator[EventsFile | None]:
    """The file of --events, ``None`` without that flag.

    Raises:
        UsageError: it cannot be written.
    """
    path = values[flags.EVENTS]
    if path is None:
        yield None
        return
    from mesos_batch_cli.output.events_file import events_file

    with events_file(path) as events:
        yield events


def check_detached(values: Values) -> None:
    """Refuse what a run in the background could not do.

    Raises:
        UsageError: there is no terminal for a live view, or the events cannot be written.
    """
    if values[flags.PROGRESS] == flags.LIVE and values.origin(flags.PROGRESS) is Origin.FLAG:
        raise UsageError(
            "--progress=live contradicts --detach",
            "'mesos-batch top' shows a run that goes on in the background.",
        )
    path = values[flags.EVENTS]
    if path is not None:
        from mesos_batch_cli.output.events_file import check_events

        check_events(path)
