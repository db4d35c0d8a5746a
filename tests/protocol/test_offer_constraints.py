"""Constraints of tasks as offer constraints: which are given to a master, and how."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.local.master.constraints import is_excluded, validate_constraints
from mesos_batch.model.constraint_match import static_match
from mesos_batch.model.constraint_text import parse_constraint
from mesos_batch.model.offer import attribute_texts
from mesos_batch.model.resources import Resources
from mesos_batch.model.scheduling import Constraint, Scheduling
from mesos_batch.model.task import TaskSpec
from mesos_batch.protocol.calls import Framework, subscribe
from mesos_batch.protocol.codec import ContentType
from mesos_batch.protocol.offer_constraints import MOST_GROUPS, offer_groups
from mesos_batch.protocol.values import attribute_from


def task(*constraints: str | Constraint) -> TaskSpec:
    made = tuple(parse_constraint(it) if isinstance(it, str) else it for it in constraints)
    return TaskSpec("t", "t", Resources(), b"", scheduling=Scheduling(constraints=made))


def groups(*tasks: TaskSpec) -> set[tuple[str, ...]]:
    """The groups of the tasks, as texts."""
    return {tuple(sorted(map(str, group))) for group in offer_groups(tasks)}


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        ([], set()),
        ([task("rack:equals:r1")], {("rack:equals:r1",)}),
        ([task("rack:not:r1", "gpu:like:.*k80.*")], {("gpu:like:.*k80.*", "rack:not:r1")}),
        ([task("rack:equals:r1"), task("rack:equals:r2"), task("rack:equals:r1")],
         {("rack:equals:r1",), ("rack:equals:r2",)}),
        ([task("rack:in:r1,r2", "cpu:in:a,b")],
         {("cpu:equals:a", "rack:equals:r1"), ("cpu:equals:a", "rack:equals:r2"),
          ("cpu:equals:b", "rack:equals:r1"), ("cpu:equals:b", "rack:equals:r2")}),
        # Counted ones are ours to keep.
        ([task("rack:equals:r1", "hostname:unique", "rack:max_per:2")], {("rack:equals:r1",)}),
        # Some task could go anywhere.
        ([task("rack:equals:r1"), task()], set()),
        ([task("rack:equals:r1"), task("hostname:unique")], set()),
        # A pattern that not every master takes is left out, and all of them when nothing is left.
        ([task("rack:equals:r1", "hostname:like:" + "a" * 81)], {("rack:equals:r1",)}),
        ([task("hostname:like:" + "a" * 81)], set()),
        ([task("hostname:like:" + "." * 9)], set()),
        ([task("hostname:like:a{2}")], set()),
        ([task("hostname:unlike:(?i)a")], set()),
        ([task(r"hostname:unlike:\s")], set()),
        ([task(r"hostname:unlike:\B")], set()),
        ([task("hostname:unlike:é")], set()),
        ([task(r"hostname:like:(?:a|\{)[0-9]+\.b")], {(r"hostname:like:(?:a|\{)[0-9]+\.b",)}),
        # Too many to be worth it.
        ([task("a:in:" + ",".join("abcdefghijklmnopqrst"))],
         {(f"a:equals:{value}",) for value in "abcdefghijklmnopqrst"}),
        ([task("a:in:" + ",".join("abcdefghijklmnopqrstu"))], set()),
        ([task("a:in:b,c,d,e,f", "g:in:h,i,j,k,l")], set()),
        ([task(f"a:equals:{number}") for number in range(MOST_GROUPS + 1)], set()),
    ],
)  # fmt: skip
def test_which_are_given_to_a_master(tasks: list[TaskSpec], expected: set[tuple[str, ...]]) -> None:
    assert groups(*tasks) == expected


@pytest.mark.parametrize("content_type", ContentType)
def test_how_they_are_written(content_type: ContentType) -> None:
    tasks = [
        task("rack:equals:r1", "hostname:not:a"),
        task("hostname:like:n[0-9]", "rack:unlike:r.*"),
    ]
    call = subscribe(Framework("f", "u", "eo", offer_groups=offer_groups(tasks)), None)
    body = content_type.encode(call)
    sent = json.loads(ContentType.JSON.encode(content_type.decode(body, scheduler_pb2.Call)))
    rack = {"attribute_name": "rack"}
    hostname = {"pseudoattribute_type": "HOSTNAME"}
    assert sent["subscribe"]["offer_constraints"] == {
        "role_constraints": {
            "eo": {
                "groups": [
                    {
                        "attribute_constraints": [
                            {
                                "selector": hostname,
                                "predicate": {"text_not_equals": {"value": "a"}},
                            },
                            {"selector": rack, "predicate": {"text_equals": {"value": "r1"}}},
                        ]
                    },
                    {
                        "attribute_constraints": [
                            {
                                "selector": hostname,
                                "predicate": {"text_matches": {"regex": "n[0-9]"}},
                            },
                            {
                                "selector": rack,
                                "predicate": {"text_not_matches": {"regex": "r.*"}},
                            },
                        ]
                    },
                ]
            }
        }
    }


def test_nothing_is_written_for_tasks_that_may_go_anywhere() -> None:
    call = subscribe(Framework("f", "u", "eo", offer_groups=offer_groups([task()])), None)
    assert not call.subscribe.HasField("offer_constraints")


values = st.sampled_from(["r1", "r2", "2"])
texts = (
    st.tuples(st.sampled_from(["equals", "not"]), values)
    | st.tuples(st.just("in"), st.lists(values, min_size=1).map(",".join))
    | st.tuples(
        st.sampled_from(["like", "unlike"]),
        st.sampled_from(["r[12]", ".*", "r1|2", r"\d", "(?i)R1", "r{1}1"]),
    )
    | st.just(("unique",))
)
constraints = st.builds(
    lambda field, rest: parse_constraint(":".join((field, *rest))),
    st.sampled_from(["hostname", "rack", "index"]),
    texts,
)
attributes = st.lists(
    st.builds(
        lambda name, value: pb.Attribute(
            name=name, type=pb.Value.TEXT, text=pb.Value.Text(value=value)
        ),
        st.sampled_from(["rack", "index"]),
        values,
    )
    | st.builds(
        lambda value: pb.Attribute(
            name="index", type=pb.Value.SCALAR, scalar=pb.Value.Scalar(value=value)
        ),
        st.sampled_from([1.0, 2.0]),
    ),
    max_size=3,
)
agents = st.builds(lambda hostname, items: pb.AgentInfo(hostname=hostname, attributes=items),
                   values, attributes)  # fmt: skip


@settings(max_examples=400)
@given(st.lists(st.lists(constraints, min_size=1, max_size=2), min_size=1, max_size=2), agents)
def test_no_agent_is_excluded_that_a_task_could_use(
    wanted: list[list[Constraint]], agent: pb.AgentInfo
) -> None:
    tasks = [task(*each) for each in wanted]
    framework = Framework("f", "u", "eo", offer_groups=offer_groups(tasks))
    call = subscribe(framework, None).subscribe
    validate_constraints(call.framework_info, call.offer_constraints)
    known = attribute_texts(attribute_from(item) for item in agent.attributes)
    if any(static_match(it.scheduling.constraints, agent.hostname, known) for it in tasks):
        assert not is_excluded(call.offer_constraints, "eo", agent)


def test_the_size_of_patterns_leaves_room_for_what_re2_adds() -> None:
    for pattern in ("a" * 80, "." * 8, r"\D" * 7, "[^a]" * 6):
        assert re.fullmatch(pattern, "") is None
        assert groups(task(f"rack:like:{pattern}"))
        assert not groups(task(f"rack:like:{pattern}{pattern}"))
