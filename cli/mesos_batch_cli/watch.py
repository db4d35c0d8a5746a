"""Watches a run that another process drives, through its journal."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from mesos_batch_cli.keeping import run_again
from mesos_batch_cli.values import Values

if TYPE_CHECKING:
    from mesos_batch.runs import RunInfo
    from mesos_batch_cli.output.display import Display

LOOK_SECONDS = 0.5


def watch(info: RunInfo, values: Values) -> RunInfo:
    """Wait until nobody drives the run any more, and give how it is then.

    Meanwhile it is shown on stderr as the flags say.

    Raises:
        UsageError: the flags contradict each other.
        JournalError: its journal cannot be read.
    """
    from mesos_batch.runs import options_of
    from mesos_batch_cli.output.progress import ProgressElsewhere
    from mesos_batch_cli.showing import open_display

    title = options_of(info).framework_name
    display = open_display(values, title, info.run_id, progress=ProgressElsewhere())
    try:
        return watch_on(display, info, values, _sleep)
    finally:
        display.close()


def watch_on(display: Display, info: RunInfo, values: Values, pause: Callable[[], bool]) -> RunInfo:
    """Show the run on a display until nobody drives it any more or ``pause`` says to leave.

    Raises:
        JournalError: its journal cannot be read.
    """
    from mesos_batch.overview import facts_between
    from mesos_batch.runs import RunState, follow

    follower = follow(info)
    before = follower.snapshot().tasks
    while True:
        # Looked at before the tasks: when it has ended, so have they.
        info = run_again(info, values)
        after = follower.snapshot().tasks
        for happened in facts_between(before, after, time.time()):
            display.show(happened)
        before = after
        if info.state is not RunState.RUNNING:
            return info
        display.tick(follower)
        if pause():
            return info


def _sleep() -> bool:
    time.sleep(LOOK_SECONDS)
    return False
