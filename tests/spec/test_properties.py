"""What holds for every task list: one meaning in all formats, and exact positions."""

from __future__ import annotations

import json
from typing import Any

from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st
from task_lists import problems_of, task

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.protocol import json_dialect
from mesos_batch.spec.load import load_task_list

Value = dict[str, Any]
texts = st.text(st.characters(codec="utf-8"), max_size=8)
ids = st.text("abc-_. é", min_size=3, max_size=12)
amounts = st.integers(1, 10**9).map(lambda milli: milli / 1000)
labels = st.lists(
    st.fixed_dictionaries({"key": texts}, optional={"value": texts}), min_size=1, max_size=2
).map(lambda pairs: {"labels": pairs})
reservations = st.sampled_from(
    [
        {},
        {"role": "*"},
        {"role": "r"},
        {"role": "r", "reservation": {"principal": "p"}},
        {"role": "r", "reservation": {}},
        {"reservations": [{"type": "STATIC", "role": "r"}]},
        {
            "reservations": [
                {"type": "DYNAMIC", "role": "r", "labels": {"labels": [{"key": "k"}]}},
                {"type": "DYNAMIC", "role": "r/s", "principal": "p"},
            ]
        },
    ]
)


@st.composite
def resources(draw: st.DrawFn) -> list[Value]:
    name = st.sampled_from(["cpus", "mem", "disk", "licences"])
    items = [
        {"name": draw(name), "type": "SCALAR", "scalar": {"value": amount}, **draw(reservations)}
        for amount in draw(st.lists(amounts, min_size=1, max_size=3))
    ]
    if draw(st.booleans()):
        begins = draw(st.lists(st.integers(0, 1000), unique=True, min_size=1, max_size=3))
        spans = [{"begin": begin * 10, "end": begin * 10 + 9} for begin in begins]
        items.append({"name": "ports", "type": "RANGES", "ranges": {"range": spans}})
    if draw(st.booleans()):
        members = draw(st.lists(texts, unique=True, min_size=1, max_size=3))
        items.append({"name": "zones", "type": "SET", "set": {"item": members}})
    return items


commands = st.fixed_dictionaries(
    {"value": texts},
    optional={
        "shell": st.booleans(),
        "arguments": st.lists(texts, min_size=1, max_size=3),
        "user": texts,
        "uris": st.lists(
            st.fixed_dictionaries({"value": texts}, optional={"extract": st.booleans()}),
            min_size=1,
            max_size=2,
        ),
        "environment": st.lists(
            st.fixed_dictionaries({"name": texts, "value": texts}), min_size=1, max_size=2
        ).map(lambda variables: {"variables": variables}),
    },
)
containers = st.sampled_from(
    [
        {"type": "MESOS", "volumes": [{"container_path": "a", "host_path": "/b", "mode": "RO"}]},
        {"type": "DOCKER", "docker": {"image": "alpine", "network": "NONE", "privileged": False}},
        {"type": "MESOS", "mesos": {"image": {"type": "DOCKER", "docker": {"name": "alpine"}}}},
    ]
)


@st.composite
def task_values(draw: st.DrawFn) -> list[Value]:
    optional = {
        "agent_id": st.fixed_dictionaries({"value": ids}),
        "container": containers,
        "labels": labels,
        "kill_policy": st.just({"grace_period": {"nanoseconds": 5 * 10**9}}),
        "max_completion_time": st.integers(0, 2**63 - 1).map(lambda time: {"nanoseconds": time}),
        "check": st.just({"type": "HTTP", "http": {"port": 80, "path": "/"}}),
        "health_check": st.just({"type": "COMMAND", "command": {"value": "true"}}),
        "data": st.sampled_from(["", "AA==", "aGVsbG8="]),
    }
    one = st.fixed_dictionaries(
        {"name": texts, "resources": resources(), "command": commands}, optional=optional
    )
    names = draw(st.lists(ids, unique=True, max_size=3))
    return [{**draw(one), "task_id": {"value": name}} for name in names]


def message_of(values: list[Value]) -> pb.TaskGroupInfo:
    group = pb.TaskGroupInfo()
    json_dialect.merge(group, {"tasks": values})
    for info in group.tasks:
        if not info.HasField("agent_id"):
            info.agent_id.value = ""
    return group


@given(task_values())
def test_a_list_means_the_same_in_every_format(values: list[Value]) -> None:
    message = message_of(values)
    expected = [info.SerializeToString(deterministic=True) for info in message.tasks]

    lists = [load_task_list(json.dumps({"tasks": values}).encode(), "list")]
    if values:
        lists.append(load_task_list(message.SerializeToString(), "list"))
        lists.append(load_task_list(text_format.MessageToString(message).encode(), "list"))

    for loaded in lists:
        payloads = [pb.TaskInfo.FromString(spec.payload) for spec in loaded.tasks]
        assert [item.SerializeToString(deterministic=True) for item in payloads] == expected
        assert loaded.tasks == lists[0].tasks
        assert loaded.warnings == ()


def loosened(value: Any, choose: st.DataObject) -> Any:
    """The value in a form Mesos tolerates and means the same by."""
    if isinstance(value, dict):
        absent = {"labels": None, "discovery": None} if "task_id" in value else {}
        return absent | {name: loosened(item, choose) for name, item in value.items()}
    if isinstance(value, list):
        loose_items = [loosened(item, choose) for item in value]
        if len(value) == 1 and choose.draw(st.booleans()):
            return loose_items[0]
        return [None, *loose_items] if choose.draw(st.booleans()) else loose_items
    if isinstance(value, bool | int | float) and choose.draw(st.booleans()):
        return json.dumps(value)
    return value


@given(task_values(), st.data())
def test_what_mesos_tolerates_changes_nothing(values: list[Value], data: st.DataObject) -> None:
    plain = load_task_list(json.dumps({"tasks": values}).encode(), "list")
    loose = json.dumps({"tasks": [loosened(value, data) for value in values]})

    assert load_task_list(loose.encode(), "list").tasks == plain.tasks


MISTAKES = {
    "resources[1].scalar.value": (("resources", 1, "scalar", "value"), -4711),
    "name": (("name",), 4711),
    "command.value": (("command", "value"), [4711]),
    "resources[0].type": (("resources", 0, "type"), "4711"),
    "task_id.value": (("task_id", "value"), "4/711"),
    "command.environment": (("command", "environment"), "4711"),
}


@given(
    st.integers(1, 6),
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from(sorted(MISTAKES))), unique=True),
    st.one_of(st.none(), st.integers(0, 8), st.just("\t")),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\ufeff"]),
)
def test_planted_mistakes_are_found_where_they_are(
    count: int,
    planted: list[tuple[int, str]],
    indent: int | str | None,
    newline: str,
    mark: str,
) -> None:
    values = [task(task_id={"value": f"ß{index}"}, name="näme") for index in range(count)]
    markers: dict[str, str] = {}
    for index, field in planted:
        if index >= count:
            continue
        path = MISTAKES[field][0]
        place: Any = values[index]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = markers[f"tasks[{index}].{field}"] = f"@{index}{field}@"
    text = json.dumps({"tasks": values}, indent=indent, ensure_ascii=False)
    expected = {}
    for field, marker in sorted(markers.items(), key=lambda item: text.index(item[1])):
        wrong = MISTAKES[field.partition(".")[2]][1]
        offset = text.index(f'"{marker}"')
        text = text.replace(f'"{marker}"', json.dumps(wrong), 1)
        line_start = text.rfind("\n", 0, offset) + 1
        expected[field] = (text.count("\n", 0, offset) + 1, offset - line_start + 1)

    problems = problems_of((mark + text.replace("\n", newline)).encode())

    assert {item.field: (item.line, item.column) for item in problems} == expected
    assert len(problems) == len(expected)
