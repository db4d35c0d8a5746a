"""The engine, fed what a real master said, answers with calls that master accepted."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from conformance.recording import (
    FORMATS,
    Call,
    Closed,
    Note,
    Record,
    Recording,
    Request,
    load,
    names,
)
from google.protobuf.message import Message

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.engine.policy import Policy
from mesos_batch.engine.scheduler import BatchScheduler
from mesos_batch.errors import ExitCode
from mesos_batch.local.master.validation import validate_call
from mesos_batch.model import facts as fact
from mesos_batch.model.facts import Phase
from mesos_batch.model.task import TaskSpec
from mesos_batch.protocol import json_dialect
from mesos_batch.protocol.calls import call_for
from mesos_batch.protocol.codec import ContentType
from mesos_batch.protocol.decode import SubscriptionAccepted, SubscriptionError, decode_event
from mesos_batch.protocol.values import resources_from
from mesos_batch.spec.load import load_task_list

# How each task ends by what was recorded of it; one that was left running has no end.
ENDS = {
    "agent_lost": {"doomed": Phase.LOST},
    "agent_unreachable_then_back": {"doomed": Phase.FINISHED},
    "docker_tasks": {
        "d-ok": Phase.FINISHED,
        "d-fail": Phase.FAILED,
        "d-args": Phase.FINISHED,
        "d-noimage": Phase.FAILED,
        "d-kill": Phase.CANCELLED,
    },
    "kill_task": {"sleeper": Phase.CANCELLED, "stubborn": Phase.CANCELLED},
    "launch_two_tasks": {"ok": Phase.FINISHED, "bad": Phase.FAILED},
    "leader_failover": {"over": Phase.RUNNING},
    "max_completion_time": {"slow": Phase.FAILED},
    "reconcile": {"r1": Phase.FINISHED},
    "reserve_create_use_destroy": {"writer": Phase.FINISHED, "reader": Phase.FINISHED},
    "sandbox_and_state": {"logs": Phase.FINISHED},
    "scheduler_failover": {"survivor": Phase.FINISHED},
    "task_validation_errors": {
        "nf": Phase.FAILED,
        "argv": Phase.FINISHED,
        "sig": Phase.FAILED,
        "uri": Phase.FAILED,
        "dock": Phase.FAILED,
        "f1": Phase.FINISHED,
        "f2": Phase.FINISHED,
    },
    "unacknowledged_update_is_sent_again": {"u1": Phase.FINISHED},
}
# The recording stops before the task does.
ENDS_CUT_OFF = {("unacknowledged_update_is_sent_again", ContentType.PROTOBUF): Phase.LAUNCHED}


def recorded_launches(recording: Recording) -> list[pb.TaskInfo]:
    return [
        task
        for call in recording.accepted_calls()
        if call.type == Call.ACCEPT
        for operation in call.accept.operations
        for task in operation.launch.task_infos
    ]


def test_every_recording_that_launches_tasks_is_used() -> None:
    # The only launch in bad_calls is one that must not work.
    for content_format in FORMATS:
        launching = {
            name
            for name in names(content_format)
            if recorded_launches(load(content_format, name)) and name != "bad_calls"
        }
        assert launching == set(ENDS) & set(names(content_format))


@cache
def accepted_shapes(content_type: ContentType) -> dict[int, set[frozenset[str]]]:
    """By type of call, the sets of fields a real master accepted."""
    shapes: dict[int, set[frozenset[str]]] = {}
    for content_format, kind in FORMATS.items():
        for name in names(content_format) if kind is content_type else ():
            for call in load(content_format, name).accepted_calls():
                shapes.setdefault(call.type, set()).add(frozenset(fields(call)))
    return shapes


def fields(message: Message, prefix: str = "") -> Iterator[str]:
    """The paths of the fields that are set; tasks are compared as a whole elsewhere."""
    for field, value in message.ListFields():
        path = f"{prefix}{field.name}"
        yield path
        if field.message_type is not None and field.name != "task_infos":
            for child in value if field.is_repeated else [value]:
                yield from fields(child, f"{path}.")


class Play:
    """Plays a recording to an engine; its calls go through bytes as they would to a master."""

    def __init__(self, recording: Recording, ends: dict[str, Phase]) -> None:
        self.recording = recording
        self.specs = self._specs(ends)
        # What the recorded framework lost it did not launch again.
        self.scheduler = BatchScheduler(self.specs, Policy(max_losses=0), 0.0)
        self.calls: list[Call] = []
        self.facts: list[fact.Fact] = []
        self.offered: list[str] = []
        self.heard: list[bytes] = []
        self._stream: str | None = None
        for entry in recording.entries:
            self._play(entry)

    def phases(self) -> dict[str, Phase]:
        return {view.spec.task_id: view.phase for view in self.scheduler.snapshot().tasks}

    def of(self, kind: int) -> list[Call]:
        return [call for call in self.calls if call.type == kind]

    def _specs(self, ends: dict[str, Phase]) -> list[TaskSpec]:
        """The tasks as a user would list them, each pinned to the agent the recording chose."""
        tasks = {task.task_id.value: task for task in recorded_launches(self.recording)}
        group = pb.TaskGroupInfo(tasks=[tasks[name] for name in ends])
        return list(load_task_list(group.SerializeToString(), "recorded").tasks)

    def _play(self, entry: object) -> None:
        if isinstance(entry, Record):
            self._play_record(entry)
        elif isinstance(entry, Closed) and entry.conn == self._stream:
            self._handle(ev.ConnectionLost(entry.how, 0.0), entry.at)
        elif isinstance(entry, Request) and entry.path.endswith("/scheduler") and entry.body:
            # A batch kills what it has when its user asks for the end of the run.
            if self.recording.call(entry).type == Call.KILL:
                self._handle(ev.CancelAsked(ExitCode.INTERRUPTED), entry.at)
        elif isinstance(entry, Note):
            self._handle(ev.TimePassed(), entry.at)

    def _play_record(self, record: Record) -> None:
        event = decode_event(record.body, self.recording.content_type)
        if isinstance(event, SubscriptionAccepted):
            self._stream = record.conn
            event = ev.Subscribed(event.framework_id, event.master or "")
        # An error ends one client; the recording goes on as the one that took over.
        if event is None or isinstance(event, SubscriptionError) or record.conn != self._stream:
            return
        if not self.scheduler.ended:
            self._note(event)
        self._handle(event, record.at)

    def _note(self, event: ev.Event) -> None:
        if isinstance(event, ev.OffersArrived):
            self.offered += [offer.offer_id for offer in event.offers]
        elif isinstance(event, ev.UpdateArrived) and event.status.uuid is not None:
            self.heard.append(event.status.uuid)

    def _handle(self, event: ev.Event, at: float) -> None:
        turn = self.scheduler.handle(event, at)
        self.facts += turn.facts
        for command in turn.commands:
            if not isinstance(command, do.ListAgents):
                call = call_for(command, self.scheduler.framework_id or "", refined=True)
                body = self.recording.content_type.encode(call)
                self.calls.append(self.recording.content_type.decode(body, Call))


@pytest.fixture(
    params=[
        pytest.param((content_format, name), id=f"{name}-{content_format}")
        for content_format in FORMATS
        for name in names(content_format)
        if name in ENDS
    ]
)
def play(request: pytest.FixtureRequest) -> Play:
    content_format, name = request.param
    return Play(load(content_format, name), ENDS[name])


def test_calls_are_such_as_the_master_accepted(play: Play) -> None:
    shapes = accepted_shapes(play.recording.content_type)
    for call in play.calls:
        validate_call(call, None)
        assert frozenset(fields(call)) in shapes[call.type], Call.Type.Name(call.type)


def test_launches_are_the_recorded_tasks(play: Play) -> None:
    launched = {
        task.task_id.value: task
        for call in play.of(Call.ACCEPT)
        for operation in call.accept.operations
        for task in operation.launch.task_infos
    }
    recorded = {task.task_id.value: task for task in recorded_launches(play.recording)}
    assert len(play.of(Call.ACCEPT)) > 0
    assert set(launched) == {spec.task_id for spec in play.specs}
    for name, task in launched.items():
        expected = recorded[name]
        assert resources_from(task.resources) == resources_from(expected.resources)
        assert_marked(task)
        assert without_resources(task) == without_resources(expected)


def assert_marked(task: pb.TaskInfo) -> None:
    """The command is told which attempt it is; that apart, it is as it was."""
    if task.HasField("command"):
        variables = task.command.environment.variables
        marks = {v.name: v.value for v in variables if v.name.startswith("MESOS_BATCH_")}
        assert marks["MESOS_BATCH_TASK_ID"] == task.task_id.value
        assert marks["MESOS_BATCH_ATTEMPT"] == "1"
        kept = [variable for variable in variables if variable.name not in marks]
        task.command.ClearField("environment")
        if kept:
            task.command.environment.variables.extend(kept)


def without_resources(task: pb.TaskInfo) -> dict[str, Any]:
    return {**json_dialect.to_value(task), "resources": None}


def test_every_offer_is_answered_once(play: Play) -> None:
    answered = [
        offer_id.value
        for call in play.calls
        for offer_id in (*call.accept.offer_ids, *call.decline.offer_ids)
    ]
    assert sorted(answered) == sorted(play.offered)


def test_acknowledgements_are_the_recorded_ones(play: Play) -> None:
    ours = play.of(Call.ACKNOWLEDGE)
    recorded = {
        call.acknowledge.uuid: call
        for call in play.recording.accepted_calls()
        if call.type == Call.ACKNOWLEDGE
    }
    assert [call.acknowledge.uuid for call in ours] == play.heard
    assert all(call == recorded.get(call.acknowledge.uuid, call) for call in ours)
    # The recording client left at most its last update without an answer.
    assert len(set(play.heard) - set(recorded)) <= 1


def test_tasks_end_once_and_as_recorded(play: Play) -> None:
    recording = play.recording
    ends = dict(ENDS[recording.name])
    cut_off = ENDS_CUT_OFF.get((recording.name, recording.content_type))
    if cut_off is not None:
        ends = dict.fromkeys(ends, cut_off)
    assert play.phases() == ends
    ended = [it.task_id for it in play.facts if isinstance(it, fact.TaskEnded)]
    assert sorted(ended) == sorted(name for name, phase in ends.items() if phase.is_end)
    assert len(play.of(Call.TEARDOWN)) == all(phase.is_end for phase in ends.values())


def test_an_update_that_comes_again_tells_nothing_new(play: Play) -> None:
    said: list[Any] = [
        (it.task_id, it.state) for it in play.facts if isinstance(it, fact.TaskUpdated)
    ]
    assert all(first != second for first, second in itertools.pairwise(said))


def test_a_new_subscription_asks_about_running_tasks(play: Play) -> None:
    again = [it for it in play.facts if isinstance(it, fact.Subscribed) and it.again]
    assert len(play.of(Call.RECONCILE)) >= len(again)


def test_kills_are_the_recorded_ones(play: Play) -> None:
    # A batch that is cancelled kills everything it has, the recording client sometimes less.
    ours = {call.kill.task_id.value: call for call in play.of(Call.KILL)}
    for call in play.recording.accepted_calls():
        if call.type == Call.KILL and call.kill.task_id.value in play.phases():
            assert ours[call.kill.task_id.value] == call


@pytest.mark.parametrize("content_format", FORMATS)
def test_an_older_framework_writes_reservations_as_was_accepted(content_format: str) -> None:
    recording = load(content_format, "pre_refinement_reservation")
    accepted = [
        json_dialect.to_value(resource)
        for call in recording.accepted_calls()
        for operation in call.accept.operations
        for resource in (*operation.unreserve.resources, *operation.destroy.volumes)
    ]
    events = [decode_event(it.body, recording.content_type) for it in recording.records()]
    offered = [event for event in events if isinstance(event, ev.OffersArrived)]
    reserved = next(
        o.resources.reserved() for it in offered for o in it.offers if o.resources.roles()
    )
    scheduler = BatchScheduler([TaskSpec("t", "t", reserved, b"")], Policy(role="test"), 0.0)
    scheduler.handle(ev.Subscribed("F", "M"), 0.0)
    commands = [command for it in offered for command in scheduler.handle(it, 0.0).commands]
    [launch] = [command for command in commands if isinstance(command, do.Launch)]
    call = call_for(launch, "F", refined=False)
    [task] = call.accept.operations[0].launch.task_infos
    # A reserved disk was accepted with its volume and without.
    assert len(task.resources) == len(list(reserved)) == 3
    assert all(json_dialect.to_value(resource) in accepted for resource in task.resources)
