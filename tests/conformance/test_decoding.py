"""Everything recorded of a real master is read, and written again without loss."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from conformance.recording import ACCEPTED, FORMATS, Call, Record, Recording, load, names
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from mesos_batch._pb.mesos.v1.scheduler import scheduler_pb2
from mesos_batch.protocol import json_dialect, recordio
from mesos_batch.protocol.codec import ContentType
from mesos_batch.protocol.decode import decode_event
from mesos_batch.protocol.operator import agents_from_slaves

Event = scheduler_pb2.Event
# What a run decides nothing upon, or what only a run that asks for it gets.
SILENT = {"HEARTBEAT"}


@pytest.fixture(
    params=[
        pytest.param((content_format, name), id=f"{name}-{content_format}")
        for content_format in FORMATS
        for name in names(content_format)
    ]
)
def recording(request: pytest.FixtureRequest) -> Recording:
    return load(*request.param)


def test_there_are_recordings_in_both_formats() -> None:
    # What operators ask for is JSON in any case.
    assert set(names("json")) - set(names("protobuf")) == {"sandbox_and_state"}
    assert set(names("protobuf")) <= set(names("json"))


def unknown_fields(message: Message) -> Iterator[str]:
    if len(UnknownFieldSet(message)):
        yield message.DESCRIPTOR.full_name
    for field, value in message.ListFields():
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        for child in value if field.is_repeated else [value]:
            yield from unknown_fields(child)


def test_events_decode_and_encode_without_loss(recording: Recording) -> None:
    for record in recording.records():
        event = recording.content_type.decode(record.body, Event)
        if recording.content_type is ContentType.JSON:
            assert json_dialect.to_value(event) == json.loads(record.body)
        else:
            assert not list(unknown_fields(event))
            assert event.SerializeToString() == record.body


def test_streams_frame_as_recorded(recording: Recording) -> None:
    streams: dict[str, list[Record]] = {}
    for record in recording.records():
        assert len(record.body) == record.length
        streams.setdefault(record.conn, []).append(record)
    for records in streams.values():
        stream = b"".join(b"%d\n%s" % (record.length, record.body) for record in records)
        bodies = [record.body for record in records]
        assert b"".join(map(recordio.encode, bodies)) == stream
        decoder = recordio.Decoder()
        pieces = [stream[at : at + 1000] for at in range(0, len(stream), 1000)]
        assert [body for piece in pieces for body in decoder.feed(piece)] == bodies
        assert decoder.pending_bytes == 0


def test_the_client_reads_every_event(recording: Recording) -> None:
    for record in recording.records():
        kind = Event.Type.Name(recording.content_type.decode(record.body, Event).type)
        assert (decode_event(record.body, recording.content_type) is None) == (kind in SILENT)


def test_accepted_calls_decode_and_encode_without_loss(recording: Recording) -> None:
    for call in recording.accepted_calls():
        assert not list(unknown_fields(call))
        for content_type in ContentType:
            again = content_type.decode(content_type.encode(call), Call)
            # JSON prints defaults, which sets them: what is compared is what can be read.
            assert json_dialect.to_value(again) == json_dialect.to_value(call)


def test_the_client_reads_lists_of_agents(recording: Recording) -> None:
    for request, response in recording.exchanges():
        if request.path != "/slaves" or response.status not in ACCEPTED:
            continue
        slaves = {slave["id"]: slave for slave in json.loads(response.body)["slaves"]}
        listed = {agent.agent_id: agent for agent in agents_from_slaves(response.body)}
        assert set(listed) == {key for key, slave in slaves.items() if slave["active"]}
        for agent_id, agent in listed.items():
            printed = slaves[agent_id]["resources"]
            for name in ("cpus", "mem", "disk"):
                assert agent.total.amount(name) == printed[name]
            assert agent.hostname == slaves[agent_id]["hostname"]
