"""What tasks of a list depend on: it must be there, and none may wait for itself in the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.did_you_mean import meant_by
from mesos_batch.model.dependencies import Link, Names, cycles
from mesos_batch.model.task import TaskSpec
from mesos_batch.spec.findings import Finding
from mesos_batch.spec.label_rules import depends_on_labels

# Looking for what is alike takes long in a long list, and one mistake may be in each task.
_SUGGESTED = 20
# Of a longer cycle the middle is left out.
_SPELLED = 10


@dataclass(frozen=True, slots=True)
class Refused:
    """A task with mistakes of its own; others may depend on it all the same."""

    index: int
    task: pb.TaskInfo


def dependency_findings(
    tasks: Sequence[TaskSpec], refused: Sequence[Refused] = ()
) -> Iterator[Finding]:
    """What is wrong between tasks; findings are below ``tasks``.

    ``tasks`` are those without mistakes, in their order.
    """
    wanted = {name for task in tasks for name in task.depends_on}
    wanted.update(name for bad in refused for _, name in depends_on_labels(bad.task))
    if not wanted and not any(task.always for task in tasks):
        return
    indices = _indices(len(tasks), refused)
    names = Names(tasks, wanted)
    known = {bad.task.task_id.value for bad in refused} | {bad.task.name for bad in refused}
    unknown = {name for name in wanted if not names.meant(name)} - known
    if unknown:
        yield from _unknown(tasks, indices, refused, unknown)
    for cycle in cycles(tasks):
        yield _cycle(tasks, indices, cycle)


def _indices(count: int, refused: Sequence[Refused]) -> Sequence[int]:
    """Where the tasks without mistakes stand in the list."""
    if not refused:
        return range(count)
    bad = {item.index for item in refused}
    return [index for index in range(count + len(bad)) if index not in bad]


def _unknown(
    tasks: Sequence[TaskSpec],
    indices: Sequence[int],
    refused: Sequence[Refused],
    unknown: set[str],
) -> Iterator[Finding]:
    labels = [
        (index, *label)
        for index, task in zip(indices, tasks, strict=True)
        if not unknown.isdisjoint(task.depends_on)
        for label in depends_on_labels(pb.TaskInfo.FromString(task.payload))
    ]
    labels += [(bad.index, *label) for bad in refused for label in depends_on_labels(bad.task)]
    hints: dict[str, str] = {}
    for index, label, name in sorted(labels):
        if name in unknown and name:
            if name not in hints:
                hints[name] = _hint(name, tasks, look=len(hints) < _SUGGESTED)
            message = f"no task has the id or the name '{name}'"
            yield Finding((index, "labels", "labels", label, "value"), message, hints[name])


def _hint(name: str, tasks: Sequence[TaskSpec], *, look: bool) -> str:
    meant: str | None = None
    if look:
        words = dict.fromkeys(word for task in tasks for word in (task.task_id, task.name))
        meant = meant_by(name, words)
    return f"did you mean {meant}?" if meant else "a task depends on others of the same list"


def _cycle(tasks: Sequence[TaskSpec], indices: Sequence[int], cycle: list[Link]) -> Finding:
    """Told at the first label that is part of it."""
    begin = min(
        (at for at, link in enumerate(cycle) if link.name is not None),
        key=lambda at: cycle[at].position,
    )
    cycle = cycle[begin:] + cycle[:begin]
    ids = [tasks[link.position].task_id for link in cycle]
    around = [*ids, ids[0]]
    if len(ids) > _SPELLED:
        left_out = f"... {len(ids) - _SPELLED:,} more ..."
        around = [*ids[: _SPELLED // 2], left_out, *ids[-_SPELLED // 2 :], ids[0]]
    first = tasks[cycle[0].position]
    label = next(
        index
        for index, name in depends_on_labels(pb.TaskInfo.FromString(first.payload))
        if name == cycle[0].name
    )
    return Finding(
        (indices[cycle[0].position], "labels", "labels", label, "value"),
        f"the task waits for itself: {' -> '.join(around)}",
        _why(tasks, cycle),
    )


def _why(tasks: Sequence[TaskSpec], cycle: list[Link]) -> str:
    """Where it is not plain to see why one waits for the next."""
    for link, following in zip(cycle, [*cycle[1:], cycle[0]], strict=True):
        own, other = tasks[link.position].task_id, tasks[following.position].task_id
        if link.name is None:
            return f"{own} waits for all tasks that are not 'always', {other} among them"
        if link.name != other:
            return f"{own} waits for all tasks named {link.name}, {other} among them"
    return "take one of these dependencies away"
