"""The settings about what tasks write: reading it, following it, keeping it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from mesos_batch.config import settings as the
from mesos_batch.config.connection_settings import WHO
from mesos_batch.config.setting import BOOLEAN, PATH, Group, Kind, Setting, integer


def _parse_pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise ValueError(f"'{text}' is no regular expression: {error}") from None


def _boolean(name: str, text: str) -> Setting[bool]:
    return Setting(
        name=name, kind=BOOLEAN, default=False, from_env=False, group=Group.LOGS, help=text
    )


FAILED = _boolean("failed", "The tasks that failed, were killed, lost or refused.")
ALL = _boolean("all", "All tasks, however many there are.")
STDOUT = _boolean("stdout", "Only what was written to standard output.")
STDERR = _boolean("stderr", "Only what was written to standard error, by executors too.")
FOLLOW = _boolean("follow", "Go on with what is written until the tasks end.")
TAIL: Setting[int | None] = Setting(
    name="tail",
    kind=integer(minimum=0),
    default=None,
    shown_default="everything",
    from_env=False,
    group=Group.LOGS,
    help="Begin with the last N lines of each file.",
)
GREP: Setting[re.Pattern[str] | None] = Setting(
    name="grep",
    kind=Kind("pattern", "RE", _parse_pattern, lambda pattern: pattern.pattern),
    default=None,
    from_env=False,
    group=Group.LOGS,
    help="Only lines in which this regular expression matches; exit code 1 when there is none.",
)
ATTEMPT: Setting[int | None] = Setting(
    name="attempt",
    kind=integer(minimum=1),
    default=None,
    shown_default="the latest",
    from_env=False,
    group=Group.LOGS,
    help="Which attempt of the tasks; they count from 1.",
)
DOWNLOAD: Setting[Path | None] = Setting(
    name="download",
    kind=PATH,
    default=None,
    from_env=False,
    group=Group.LOGS,
    help="Copy the file, or the directory with all that is in it, to this directory.",
)

_ACCESS: tuple[Setting[Any], ...] = (
    the.MASTER,
    *WHO,
)
LOGS: tuple[Setting[Any], ...] = (
    FAILED,
    ALL,
    STDOUT,
    STDERR,
    TAIL,
    FOLLOW,
    GREP,
    ATTEMPT,
    *_ACCESS,
    the.STATE_DIR,
    replace(the.JSON, help="Print each line as a JSON object."),
    the.COLOR,
    the.HELP,
)
FILES: tuple[Setting[Any], ...] = (
    DOWNLOAD,
    ATTEMPT,
    *_ACCESS,
    the.STATE_DIR,
    the.JSON,
    the.COLOR,
    the.HELP,
)
