"""The labels by which a task says how it is scheduled, and after what: ``mesos_batch.priority``...

They stay in the task and reach Mesos, to which labels mean nothing. Labels of other names are
none of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.did_you_mean import meant_by
from mesos_batch.model.constraint_text import parse_constraint
from mesos_batch.model.duration import parse_duration
from mesos_batch.model.scheduling import ORDINARY, Constraint, Scheduling
from mesos_batch.spec.findings import Finding

PREFIX = "mesos_batch."
PRIORITY = f"{PREFIX}priority"
EXPECTED_RUNTIME = f"{PREFIX}expected_runtime"
CONSTRAINT = f"{PREFIX}constraint"
MAX_ATTEMPTS = f"{PREFIX}max_attempts"
DEPENDS_ON = f"{PREFIX}depends_on"
ALWAYS = f"{PREFIX}always"
_KEYS = (PRIORITY, EXPECTED_RUNTIME, CONSTRAINT, MAX_ATTEMPTS, DEPENDS_ON, ALWAYS)
_REPEATABLE = (CONSTRAINT, DEPENDS_ON)
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,9}")
_COUNT = re.compile(r"0*[1-9][0-9]{0,8}")
_BOOLEANS = {"true": True, "false": False}
# In a long list each task may depend on another one; those labels are only remembered in vain.
_REMEMBERED = 10_000

_Ours = tuple[tuple[int, str, str], ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What the labels of a task say, and what is wrong with them."""

    findings: Sequence[Finding] = ()
    scheduling: Scheduling = ORDINARY
    depends_on: tuple[str, ...] = ()
    always: bool = False


NOTHING = Said()


class LabelReader:
    """Reads the labels of one task after the other; tasks that say the same share an object."""

    def __init__(self) -> None:
        self._known: dict[_Ours, Said] = {}
        self._shared: dict[Scheduling, Scheduling] = {ORDINARY: ORDINARY}

    def read(self, task: pb.TaskInfo) -> Said:
        """What the labels of a task say."""
        if not task.HasField("labels"):
            return NOTHING
        ours = tuple(
            (index, label.key, label.value)
            for index, label in enumerate(task.labels.labels)
            if label.key.startswith(PREFIX)
        )
        known = self._known.get(ours)
        if known is None:
            found = _Found()
            findings = tuple(item.under("labels", "labels") for item in found.take(ours))
            scheduling = self._shared.setdefault(found.scheduling, found.scheduling)
            known = Said(findings, scheduling, tuple(found.depends_on), found.always)
            if len(self._known) < _REMEMBERED:
                self._known[ours] = known
        return known


def depends_on_labels(task: pb.TaskInfo) -> Iterator[tuple[int, str]]:
    """Which of the labels of a task name others it depends on, and what they name."""
    for index, label in enumerate(task.labels.labels):
        if label.key == DEPENDS_ON:
            yield index, label.value


class _Found:
    """What the labels of one task say."""

    def __init__(self) -> None:
        self._first: dict[str, int] = {}
        self._priority = 0
        self._expected_runtime: float | None = None
        self._max_attempts: int | None = None
        self.depends_on: dict[str, None] = {}
        self.always = False
        self._constraints: dict[Constraint, None] = {}

    @property
    def scheduling(self) -> Scheduling:
        return Scheduling(
            self._priority, self._expected_runtime, tuple(self._constraints), self._max_attempts
        )

    def take(self, labels: _Ours) -> Iterator[Finding]:
        """Take in all labels; gives what is wrong with them."""
        for index, key, value in labels:
            if key not in _KEYS:
                yield _unknown(key, index)
                continue
            first = self._first.setdefault(key, index)
            if first != index and key not in _REPEATABLE:
                message = f"'{key}' is already given in labels[{first}]"
                yield Finding((index, "key"), message, "remove one of them")
                continue
            try:
                self._take_value(key, value)
            except ValueError as error:
                yield Finding((index, "value"), str(error))

    def _take_value(self, key: str, value: str) -> None:
        if key == PRIORITY:
            self._priority = _priority(value)
        elif key == EXPECTED_RUNTIME:
            self._expected_runtime = _expected_runtime(value)
        elif key == MAX_ATTEMPTS:
            self._max_attempts = _max_attempts(value)
        elif key == ALWAYS:
            self.always = _boolean(value)
        elif key == DEPENDS_ON:
            self.depends_on[_name(value)] = None
        else:
            self._constraints[parse_constraint(value)] = None


def _unknown(key: str, index: int) -> Finding:
    # Without what all of them have in common.
    words = [known.removeprefix(PREFIX) for known in _KEYS]
    meant = meant_by(key.removeprefix(PREFIX), words)
    hint = f"did you mean {PREFIX}{meant}?" if meant else f"there are {', '.join(_KEYS)}"
    return Finding((index, "key"), f"mesos-batch knows no label '{key}'", hint)


def _priority(text: str) -> int:
    if not _WHOLE_NUMBER.fullmatch(text):
        raise ValueError(
            f"'{text}' is not a whole number of at most nine digits; write for example 10 or -5"
        )
    return int(text)


def _expected_runtime(text: str) -> float:
    seconds = parse_duration(text)
    if seconds <= 0:
        raise ValueError(f"'{text}' is not more than zero; leave the label out if nobody knows")
    return seconds


def _max_attempts(text: str) -> int:
    if not _COUNT.fullmatch(text):
        raise ValueError(f"'{text}' is not a whole number from 1 on, of at most nine digits")
    return int(text)


def _boolean(text: str) -> bool:
    value = _BOOLEANS.get(text)
    if value is None:
        raise ValueError(f"'{text}' is neither true nor false")
    return value


def _name(text: str) -> str:
    if not text:
        raise ValueError("names no task; write the id of one, or the name of some")
    return text
