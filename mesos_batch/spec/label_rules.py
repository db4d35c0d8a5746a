"""The labels by which a task says how it is scheduled: ``mesos_batch.priority`` and the like.

They stay in the task and reach Mesos, to which labels mean nothing. Labels of other names are
none of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.model.constraint_text import parse_constraint
from mesos_batch.model.duration import parse_duration
from mesos_batch.model.scheduling import ORDINARY, Constraint, Scheduling
from mesos_batch.spec.findings import Finding

PREFIX = "mesos_batch."
PRIORITY = f"{PREFIX}priority"
EXPECTED_RUNTIME = f"{PREFIX}expected_runtime"
CONSTRAINT = f"{PREFIX}constraint"
DEPENDS_ON = f"{PREFIX}depends_on"
MAX_ATTEMPTS = f"{PREFIX}max_attempts"
ALWAYS = f"{PREFIX}always"
_KEYS = (PRIORITY, EXPECTED_RUNTIME, CONSTRAINT, DEPENDS_ON, MAX_ATTEMPTS, ALWAYS)
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,9}")

_Ours = tuple[tuple[int, str, str], ...]


class LabelReader:
    """Reads the labels of one task after the other; tasks that say the same share an object."""

    def __init__(self) -> None:
        self._known: dict[_Ours, tuple[Sequence[Finding], Scheduling]] = {}
        self._shared: dict[Scheduling, Scheduling] = {ORDINARY: ORDINARY}

    def read(self, task: pb.TaskInfo) -> tuple[Sequence[Finding], Scheduling]:
        """What is wrong with the labels of a task, and how it is scheduled."""
        if not task.HasField("labels"):
            return (), ORDINARY
        ours = tuple(
            (index, label.key, label.value)
            for index, label in enumerate(task.labels.labels)
            if label.key.startswith(PREFIX)
        )
        known = self._known.get(ours)
        if known is None:
            found = _Found()
            findings = tuple(item.under("labels", "labels") for item in found.take(ours))
            scheduling = found.scheduling
            known = findings, self._shared.setdefault(scheduling, scheduling)
            self._known[ours] = known
        return known


class _Found:
    """What the labels of one task say."""

    def __init__(self) -> None:
        self._first: dict[str, int] = {}
        self._priority = 0
        self._expected_runtime: float | None = None
        self._constraints: dict[Constraint, None] = {}

    @property
    def scheduling(self) -> Scheduling:
        return Scheduling(self._priority, self._expected_runtime, tuple(self._constraints))

    def take(self, labels: _Ours) -> Iterator[Finding]:
        """Take in all labels; gives what is wrong with them."""
        for index, key, value in labels:
            if key not in _KEYS:
                yield _unknown(key, index)
                continue
            first = self._first.setdefault(key, index)
            if first != index and key not in (CONSTRAINT, DEPENDS_ON):
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
        elif key == CONSTRAINT:
            self._constraints[parse_constraint(value)] = None


def _unknown(key: str, index: int) -> Finding:
    from difflib import get_close_matches

    # Without what all of them have in common.
    words = [known.removeprefix(PREFIX) for known in _KEYS]
    near = get_close_matches(key.removeprefix(PREFIX), words, n=1)
    hint = f"did you mean {PREFIX}{near[0]}?" if near else f"there are {', '.join(_KEYS)}"
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
