"""``--report=[FORMAT:]PATH``."""

from __future__ import annotations

from pathlib import Path

import pytest

from mesos_batch.config.report_settings import FORMATS, REPORT, ReportTarget
from mesos_batch.reports import _MODULES


@pytest.mark.parametrize(
    ("text", "format_", "path"),
    [
        ("run.html", "html", "run.html"),
        ("out/run.HTM", "html", "out/run.HTM"),
        ("run.xml", "junit", "run.xml"),
        ("run.csv", "csv", "run.csv"),
        ("run.json", "json", "run.json"),
        ("run.joblog", "joblog", "run.joblog"),
        ("run.trace", "trace", "run.trace"),
        ("trace:run.json", "trace", "run.json"),
        ("joblog:run", "joblog", "run"),
        (r"C:\runs\run.html", "html", r"C:\runs\run.html"),
        (r"junit:C:\runs\run.xml", "junit", r"C:\runs\run.xml"),
        ("./a:b.csv", "csv", "./a:b.csv"),
    ],
)
def test_the_format_is_told_or_seen(text: str, format_: str, path: str) -> None:
    assert ReportTarget.parse(text) == ReportTarget(format_, Path(path))


def test_a_hyphen_is_standard_output() -> None:
    assert ReportTarget.parse("csv:-") == ReportTarget("csv", None)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("jnuit:run.xml", "'jnuit' is no format of a report; there are html, junit, csv"),
        ("run.txt", "the name 'run.txt' does not tell the format"),
        ("run", "the name 'run' does not tell the format"),
        ("html:", "no file is named"),
        ("", "no file is named"),
        (";", "no file is named"),
        ("-", "standard output needs a format"),
        ("a.csv;csv:a.csv", "two reports would go to 'a.csv'"),
        ("csv:-;json:-", "two reports would go to standard output"),
    ],
)
def test_what_is_no_report_is_told(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        REPORT.read(text)


def test_several_are_written_as_they_are_read() -> None:
    targets = REPORT.read("a.html;junit:b.xml")

    assert targets == (ReportTarget("html", Path("a.html")), ReportTarget("junit", Path("b.xml")))
    assert REPORT.read(REPORT.kind.show(targets)) == targets


def test_every_format_has_a_renderer() -> None:
    assert tuple(_MODULES) == FORMATS
