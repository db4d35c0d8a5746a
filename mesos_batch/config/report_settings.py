"""The settings of reports, and how a report is named: ``[FORMAT:]PATH``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from mesos_batch.config.setting import Group, Kind, Setting

SEPARATOR = ";"
FORMATS = ("html", "junit", "csv", "json", "joblog", "trace")
STDOUT = "-"
_BY_EXTENSION = {
    ".html": "html",
    ".htm": "html",
    ".xml": "junit",
    ".csv": "csv",
    ".json": "json",
    ".joblog": "joblog",
    ".trace": "trace",
}
_DRIVE_LETTER = 1
_FORMS = (
    "The format is html, junit, csv, json, joblog or trace; without it, the extension .html, .xml, "
    ".csv, .json, .joblog or .trace tells it. The flag may be given several times, and several "
    "stand with semicolons between them."
)


@dataclass(frozen=True, slots=True)
class ReportTarget:
    """A report that is wanted: one of ``FORMATS``, and where to; ``None`` is standard output."""

    format: str
    path: Path | None

    def __str__(self) -> str:
        return f"{self.format}:{STDOUT if self.path is None else self.path}"

    @classmethod
    def parse(cls, text: str) -> ReportTarget:
        """Read ``[FORMAT:]PATH``; without a format the extension tells it.

        Raises:
            ValueError: there is no path, or no format; the message is a sentence for the user.
        """
        word, colon, rest = text.partition(":")
        if not colon or len(word) <= _DRIVE_LETTER or not word.isalnum():
            return cls(_format_of(text), _path_of(text))
        if word not in FORMATS:
            raise ValueError(
                f"'{word}' is no format of a report; there are {', '.join(FORMATS)} (a file with "
                f"that name is written FORMAT:{text})"
            )
        return cls(word, _path_of(rest))


def _path_of(text: str) -> Path | None:
    if not text:
        raise ValueError("no file is named")
    return None if text == STDOUT else Path(text)


def _format_of(text: str) -> str:
    if text == STDOUT:
        raise ValueError("standard output needs a format: write csv:- for instance")
    found = _BY_EXTENSION.get(Path(text).suffix.lower())
    if found is None:
        raise ValueError(
            f"the name '{text}' does not tell the format: end it with {', '.join(_BY_EXTENSION)}, "
            f"or write FORMAT:{text}"
        )
    return found


def _parse_targets(text: str) -> tuple[ReportTarget, ...]:
    """One or several with semicolons between them, as a variable has them."""
    targets = tuple(
        ReportTarget.parse(piece.strip()) for piece in text.split(SEPARATOR) if piece.strip()
    )
    if not targets:
        raise ValueError("no file is named")
    for target in targets:
        if [other.path for other in targets].count(target.path) > 1:
            where = "standard output" if target.path is None else f"'{target.path}'"
            raise ValueError(f"two reports would go to {where}")
    return targets


def _show_targets(targets: tuple[ReportTarget, ...]) -> str:
    return SEPARATOR.join(map(str, targets)) or "none"


REPORT: Setting[tuple[ReportTarget, ...]] = Setting(
    name="report",
    kind=Kind("reports", "[FORMAT:]PATH", _parse_targets, _show_targets),
    default=(),
    joined_by=SEPARATOR,
    group=Group.OUTPUT,
    help=f"Write a report of the run when it is over. {_FORMS}",
)
REPORT_NOW: Setting[tuple[ReportTarget, ...]] = replace(
    REPORT,
    from_env=False,
    help=f"The report to write; - as PATH is standard output. {_FORMS}",
)
