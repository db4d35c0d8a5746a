"""Labels that say what a task depends on: what they become, and what is said of wrong ones."""

from __future__ import annotations

import json
from typing import Any

from task_lists import group, lines_of, task, told

from mesos_batch.spec.load import load_task_list


def on(task_id: str, *depends_on: str, **more: Any) -> dict[str, Any]:
    """A task that depends on others."""
    labels = [{"key": "mesos_batch.depends_on", "value": name} for name in depends_on]
    labels += [{"key": f"mesos_batch.{key}", "value": more.pop(key)}
               for key in ("always", "priority") if key in more]  # fmt: skip
    written = {"labels": {"labels": labels}} if labels else {}
    return task(**{"name": task_id, "task_id": {"value": task_id}, **written, **more})


def test_dependencies_become_part_of_the_task() -> None:
    data = group(on("a", "b", "tile", "b"), on("b"), on("c", name="tile"), on("d", always="true"))
    tasks = load_task_list(data, "list").tasks

    assert [spec.depends_on for spec in tasks] == [("b", "tile"), (), (), ()]
    assert [spec.always for spec in tasks] == [False, False, False, True]


def test_always_may_be_said_to_be_false() -> None:
    (spec,) = load_task_list(group(on("a", always="false")), "list").tasks
    assert not spec.always


def test_what_nobody_is_called_is_told_with_its_place() -> None:
    data = b"""{"tasks": [
  {"name": "fetch", "task_id": {"value": "fetch"}, "command": {"value": "true"},
   "resources": [{"name": "cpus", "type": "SCALAR", "scalar": {"value": 1}}]},
  {"name": "tile", "task_id": {"value": "tile"}, "command": {"value": "true"},
   "resources": [{"name": "cpus", "type": "SCALAR", "scalar": {"value": 1}}],
   "labels": {"labels": [{"key": "owner", "value": "ann"},
     {"key": "mesos_batch.depends_on", "value": "fech"},
     {"key": "mesos_batch.depends_on", "value": "quite different"}]}}
]}"""
    where = "tasks[1].labels.labels"
    assert lines_of(data) == [
        (
            f"list:7:49: error: {where}[1].value: no task has the id or the name 'fech'"
            " (did you mean fetch?)"
        ),
        (
            f"list:8:49: error: {where}[2].value: no task has the id or the name 'quite different'"
            " (a task depends on others of the same list)"
        ),
    ]


def test_a_cycle_is_spelled() -> None:
    (line,) = lines_of(group(on("x"), on("c", "x", "a"), on("a", "b"), on("b", "c")))
    assert line == (
        "list:1:543: error: tasks[1].labels.labels[1].value: the task waits for itself:"
        " c -> a -> b -> c (take one of these dependencies away)"
    )


def test_a_task_that_depends_on_itself() -> None:
    (line,) = told(group(on("a", "a")))
    assert line == "tasks[0].labels.labels[0].value: the task waits for itself: a -> a"


def test_a_name_means_the_others_of_that_name() -> None:
    others = on("x", name="tile"), on("y", "tile", name="tile")
    assert told(group(*others)) == []
    (line,) = lines_of(group(*others, on("z", "tile", name="tile")))
    assert line.endswith("y -> z -> y (y waits for all tasks named tile, z among them)")


def test_what_waits_for_an_always_task_is_waited_for_by_it() -> None:
    (line,) = lines_of(group(on("a"), on("b", "end"), on("end", always="true")))
    assert line.endswith(
        "tasks[1].labels.labels[0].value: the task waits for itself: b -> end -> b"
        " (end waits for all tasks that are not 'always', b among them)"
    )


def test_the_middle_of_a_long_cycle_is_left_out() -> None:
    count = 1000
    tasks = [on(f"t{number}", f"t{(number + 1) % count}") for number in range(count)]
    (line,) = told(group(*tasks))
    spelled = (
        "t0 -> t1 -> t2 -> t3 -> t4 -> ... 990 more ... -> t995 -> t996 -> t997 -> t998 -> t999"
    )
    assert line.endswith(f"{spelled} -> t0")


def test_mistakes_of_other_tasks_are_told_too_and_give_no_new_ones() -> None:
    lines = told(group(
        on("a", "bad", "nobody"), on("bad", "no one", priority="high"), on("c", "d"), on("d", "c"),
    ))  # fmt: skip
    assert [line.split(": ", 1)[1] for line in lines] == [
        "no task has the id or the name 'nobody'",
        "no task has the id or the name 'no one'",
        "'high' is not a whole number of at most nine digits; write for example 10 or -5",
        "the task waits for itself: c -> d -> c",
    ]
    assert lines[3].startswith("tasks[2].")


def test_text_format_has_positions_too() -> None:
    data = b"""tasks {
  name: "a" task_id { value: "a" } agent_id { value: "" } command { value: "true" }
  resources { name: "cpus" type: SCALAR scalar { value: 1 } }
  labels { labels { key: "mesos_batch.depends_on" value: "b" } }
}
"""
    (line,) = lines_of(data)
    assert line.startswith("list:4:58: ")
    assert "no task has the id or the name 'b'" in line


def test_many_unknown_names_are_all_told() -> None:
    tasks = [on(f"t{number}", f"nobody-{number}") for number in range(300)]
    assert len(told(json.dumps({"tasks": tasks}).encode())) == 300
