"""Labels that say how a task is scheduled: what they become, and what is said of wrong ones."""

from __future__ import annotations

from typing import Any

import pytest
from task_lists import group, lines_of, task, told

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.model.scheduling import ORDINARY, Constraint, Operator, Scheduling
from mesos_batch.spec.load import load_task_list


def labelled(*labels: tuple[str, str | None], **more: Any) -> dict[str, Any]:
    """A task with these labels."""
    written = [{"key": key} | ({"value": value} if value is not None else {})
               for key, value in labels]  # fmt: skip
    return task(labels={"labels": written}, **more)


def scheduling_of(*labels: tuple[str, str | None]) -> Scheduling:
    (spec,) = load_task_list(group(labelled(*labels)), "list").tasks
    return spec.scheduling


@pytest.mark.parametrize(
    ("labels", "scheduling"),
    [
        ([], ORDINARY),
        ([("owner", "ann"), ("mesos_batch", "x"), ("priority", "y")], ORDINARY),
        ([("mesos_batch.priority", "10")], Scheduling(priority=10)),
        ([("mesos_batch.priority", "-5")], Scheduling(priority=-5)),
        ([("mesos_batch.priority", "+5")], Scheduling(priority=5)),
        ([("mesos_batch.expected_runtime", "90secs")], Scheduling(expected_runtime=90.0)),
        ([("mesos_batch.expected_runtime", "1.5mins")], Scheduling(expected_runtime=90.0)),
        ([("mesos_batch.max_attempts", "3")], Scheduling(max_attempts=3)),
        (
            [
                ("mesos_batch.constraint", "hostname:unique"),
                ("owner", "ann"),
                ("mesos_batch.constraint", "rack:in:r1,r2"),
                ("mesos_batch.constraint", "hostname:UNIQUE"),
            ],
            Scheduling(
                constraints=(
                    Constraint("hostname", Operator.UNIQUE),
                    Constraint("rack", Operator.IN, ("r1", "r2")),
                )
            ),
        ),
    ],
)
def test_labels_say_how_a_task_is_scheduled(
    labels: list[tuple[str, str | None]], scheduling: Scheduling
) -> None:
    assert scheduling_of(*labels) == scheduling


@pytest.mark.parametrize(
    ("labels", "field", "message"),
    [
        ([("mesos_batch.priority", "high")], "[0].value",
         "'high' is not a whole number of at most nine digits; write for example 10 or -5"),
        ([("mesos_batch.priority", "1.5")], "[0].value", "'1.5' is not a whole number"),
        ([("mesos_batch.priority", "٣")], "[0].value", "'٣' is not a whole number"),
        ([("mesos_batch.priority", "1" * 5000)], "[0].value", "'111"),
        ([("mesos_batch.priority", None)], "[0].value", "'' is not a whole number"),
        ([("a", "b"), ("mesos_batch.expected_runtime", "90s")], "[1].value",
         ("'90s' has unit 's'; the units are ns, us, ms, secs, mins, hrs, days, weeks "
         "(did you mean 90secs?)")),
        ([("mesos_batch.expected_runtime", "0secs")], "[0].value",
         "'0secs' is not more than zero; leave the label out if nobody knows"),
        ([("mesos_batch.max_attempts", "0")], "[0].value",
         "'0' is not a whole number from 1 on, of at most nine digits"),
        ([("mesos_batch.max_attempts", "-1")], "[0].value", "'-1' is not a whole number"),
        ([("mesos_batch.always", "yes")], "[0].value", "'yes' is neither true nor false"),
        ([("mesos_batch.always", "true"), ("mesos_batch.always", "true")], "[1].key",
         "'mesos_batch.always' is already given in labels[0]"),
        ([("mesos_batch.depends_on", None)], "[0].value",
         "names no task; write the id of one, or the name of some"),
        ([("mesos_batch.constraint", "rack:r1")], "[0].value", "'r1' in 'rack:r1' is not one of"),
        ([("mesos_batch.constraint", "a:unique"), ("mesos_batch.constraint", "a:like:(")],
         "[1].value", "'(' is no regular expression: "),
        ([("mesos_batch.priority", "1"), ("x", "y"), ("mesos_batch.priority", "1")], "[2].key",
         "'mesos_batch.priority' is already given in labels[0]"),
        ([("mesos_batch.priorty", "1")], "[0].key",
         "mesos-batch knows no label 'mesos_batch.priorty'"),
        ([("mesos_batch.", "1")], "[0].key", "mesos-batch knows no label 'mesos_batch.'"),
    ],
)  # fmt: skip
def test_wrong_labels_are_refused(
    labels: list[tuple[str, str | None]], field: str, message: str
) -> None:
    (problem,) = told(group(labelled(*labels)))
    assert problem.startswith(f"tasks[0].labels.labels{field}: {message}")


def test_problems_name_file_line_and_remedy() -> None:
    data = b"""{"tasks": [{
  "name": "t", "task_id": {"value": "t"}, "command": {"value": "true"},
  "resources": [{"name": "cpus", "type": "SCALAR", "scalar": {"value": 1}}],
  "labels": {"labels": [
    {"key": "mesos_batch.priorities", "value": "1"},
    {"key": "mesos_batch.else", "value": "1"},
    {"key": "mesos_batch.expected_runtime", "value": "long"}
  ]}
}]}"""
    assert lines_of(data) == [
        (
            "list:5:13: error: tasks[0].labels.labels[0].key: mesos-batch knows no label"
            " 'mesos_batch.priorities' (did you mean mesos_batch.priority?)"
        ),
        (
            "list:6:13: error: tasks[0].labels.labels[1].key: mesos-batch knows no label"
            " 'mesos_batch.else' (there are mesos_batch.priority, mesos_batch.expected_runtime,"
            " mesos_batch.constraint, mesos_batch.max_attempts, mesos_batch.depends_on,"
            " mesos_batch.always)"
        ),
        (
            "list:7:54: error: tasks[0].labels.labels[2].value: 'long' is not a duration;"
            " write for example 10secs, 2mins or 1.5hrs"
        ),
    ]


def test_each_wrong_task_is_told_of() -> None:
    wrong = ("mesos_batch.priority", "x")
    tasks = [labelled(wrong, task_id={"value": name}) for name in "ab"]
    assert [line.split(":")[0] for line in told(group(*tasks))] == [
        "tasks[0].labels.labels[0].value",
        "tasks[1].labels.labels[0].value",
    ]


def test_tasks_that_say_the_same_share_one_object() -> None:
    priority, runtime = ("mesos_batch.priority", "1"), ("mesos_batch.expected_runtime", "1secs")
    lists = [[priority, runtime], [priority, runtime], [("a", "b"), runtime, priority],
             [("mesos_batch.priority", "0")], []]  # fmt: skip
    tasks = [labelled(*labels, task_id={"value": str(at)}) for at, labels in enumerate(lists)]
    first, second, third, fourth, fifth = load_task_list(group(*tasks), "list").tasks
    assert first.scheduling is second.scheduling is third.scheduling
    assert fourth.scheduling is fifth.scheduling is ORDINARY


def test_labels_stay_in_the_task() -> None:
    labels = [("mesos_batch.priority", "1"), ("owner", "ann")]
    (spec,) = load_task_list(group(labelled(*labels)), "list").tasks
    sent = pb.TaskInfo.FromString(spec.payload)
    assert [(label.key, label.value) for label in sent.labels.labels] == labels
