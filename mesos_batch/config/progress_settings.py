"""The settings of how a run is seen while it goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mesos_batch.config.setting import BOOLEAN, PATH, Group, Setting, choice

AUTO, LIVE, PLAIN, AS_JSON, NONE = "auto", "live", "plain", "json", "none"


def _parse_file(text: str) -> Path:
    if text == "-":
        raise ValueError("stdout has the result; --progress=json writes the same lines to stderr")
    return PATH.parse(text)


PROGRESS: Setting[str] = Setting(
    name="progress",
    kind=choice(AUTO, LIVE, PLAIN, AS_JSON, NONE),
    default=AUTO,
    group=Group.OUTPUT,
    help="How a run is shown on stderr while it goes on: a live view of the terminal, a plain "
    "line or a JSON object for each event, or not at all (as --quiet). auto takes the live view "
    "on a terminal, unless --verbose, and lines elsewhere.",
)
EVENTS: Setting[Path | None] = Setting(
    name="events",
    kind=replace(PATH, parse=_parse_file),
    default=None,
    group=Group.OUTPUT,
    help="Append each event to this file, a JSON object a line (docs/events.md).",
)
ONCE: Setting[bool] = Setting(
    name="once",
    kind=BOOLEAN,
    default=False,
    shown_default="false, true when stdout is no terminal",
    from_env=False,
    group=Group.OUTPUT,
    help="Print one picture of the run as it is now, and end.",
)
