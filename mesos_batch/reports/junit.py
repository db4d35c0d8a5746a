"""A run as the JUnit XML that continuous integration shows: a task is a test case."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from mesos_batch.model.facts import Phase
from mesos_batch.model.sandbox import stderr_of
from mesos_batch.reports.causes import NOT_TO_BLAME, why
from mesos_batch.reports.spans import Span, spans_of

if TYPE_CHECKING:
    from mesos_batch.history import RunHistory
    from mesos_batch.model.snapshot import TaskView

_FAILURES = (Phase.FAILED, Phase.KILLED)
_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(history: RunHistory) -> str:
    """One suite; attempts of a task are told in its ``system-out``."""
    spans: dict[str, list[Span]] = {}
    for span in spans_of(history):
        spans.setdefault(span.task.spec.task_id, []).append(span)
    tasks = history.snapshot.tasks
    outcomes = [_outcome(task) for task in tasks]
    seconds = max(0.0, history.snapshot.at - history.snapshot.started_at)
    totals = {
        "tests": str(len(tasks)),
        "failures": str(outcomes.count("failure")),
        "errors": str(outcomes.count("error")),
        "skipped": str(outcomes.count("skipped")),
        "time": f"{seconds:.3f}",
    }
    out = _Xml()
    out.open("testsuites", {"name": "mesos-batch", **totals})
    begun = datetime.fromtimestamp(history.info.created_at, UTC)
    about = {
        "name": history.info.source or history.info.run_id,
        **totals,
        "timestamp": begun.strftime("%Y-%m-%dT%H:%M:%S"),
    }
    out.open("testsuite", about)
    out.open("properties", {})
    for name, value in (
        ("run", history.info.run_id),
        ("master", history.info.master),
        ("mesos-batch", history.info.version),
    ):
        out.element("property", {"name": name, "value": value})
    out.close("properties")
    for task, outcome in zip(tasks, outcomes, strict=True):
        _test_case(out, task, outcome, spans.get(task.spec.task_id, ()), about["name"])
    out.close("testsuite")
    out.close("testsuites")
    return out.text()


def _outcome(task: TaskView) -> str | None:
    if task.phase is Phase.FINISHED:
        return None
    if task.phase in _FAILURES:
        return "failure"
    if task.phase.value in NOT_TO_BLAME or not task.phase.is_end:
        return "skipped"
    return "error"


def _test_case(
    out: _Xml, task: TaskView, outcome: str | None, spans: Sequence[Span], suite: str
) -> None:
    ran = spans[-1].ran if spans else 0.0
    case = {"name": task.spec.task_id, "classname": suite, "time": f"{ran:.3f}"}
    out.open("testcase", case)
    if outcome is not None:
        sentence, hint = why(task)
        kind = task.state.name if task.state is not None else task.phase.value
        if outcome == "skipped":
            out.element(outcome, {"message": task.message or task.phase.value})
        else:
            said = {"message": sentence, "type": kind}
            out.element(outcome, said, "\n".join(filter(None, (sentence, hint))))
    if spans:
        out.element("system-out", {}, "\n".join(map(_told, spans)))
    out.close("testcase")


def _told(span: Span) -> str:
    attempt = span.attempt
    log = stderr_of(attempt.sandbox_path, attempt.sandbox_url)
    where = f", stderr {log}" if log is not None else ""
    return (
        f"attempt {attempt.number} on {span.agent}: {attempt.phase.value}, {span.ran:.1f}s{where}"
    )


class _Xml:
    """XML from text of any kind: characters that XML cannot hold are replaced."""

    def __init__(self) -> None:
        self._out = io.StringIO()
        self._writer = XMLGenerator(self._out, "utf-8", short_empty_elements=True)
        self._writer.startDocument()
        self._depth = 0

    def open(self, name: str, attributes: dict[str, str]) -> None:
        """Begin an element on a line of its own."""
        self._writer.ignorableWhitespace("  " * self._depth)
        self._start(name, attributes)
        self._writer.ignorableWhitespace("\n")
        self._depth += 1

    def close(self, name: str) -> None:
        """End an element that was opened."""
        self._depth -= 1
        self._writer.ignorableWhitespace("  " * self._depth)
        self._writer.endElement(name)
        self._writer.ignorableWhitespace("\n")

    def element(self, name: str, attributes: dict[str, str], text: str = "") -> None:
        """An element with nothing but text."""
        self._writer.ignorableWhitespace("  " * self._depth)
        self._start(name, attributes)
        if text:
            self._writer.characters(_clean(text))
        self._writer.endElement(name)
        self._writer.ignorableWhitespace("\n")

    def text(self) -> str:
        """All of it."""
        return self._out.getvalue()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        clean = {key: _clean(value) for key, value in attributes.items()}
        self._writer.startElement(name, AttributesImpl(clean))


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", text)
