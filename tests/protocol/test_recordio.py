"""RecordIO: however the bytes are cut, the same records come out."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesos_batch.protocol.recordio import Decoder, RecordIOError, encode

RECORDINGS = Path(__file__).parents[1] / "recordings"
records = st.lists(st.binary(max_size=40), max_size=8)


@given(records, st.data())
def test_any_split_gives_the_same_records(sent: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(encode(record) for record in sent)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=10).map(sorted))
    decoder = Decoder()
    received: list[bytes] = []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        received += decoder.feed(stream[begin:end])
    assert received == sent
    assert decoder.pending_bytes == 0


@given(records.filter(bool))
def test_one_byte_at_a_time(sent: list[bytes]) -> None:
    decoder = Decoder()
    stream = b"".join(encode(record) for record in sent)
    received = [record for byte in stream for record in decoder.feed(bytes([byte]))]
    assert received == sent


@given(st.binary(min_size=1, max_size=40), st.data())
def test_a_cut_stream_is_seen(record: bytes, data: st.DataObject) -> None:
    stream = encode(record)
    cut = data.draw(st.integers(1, len(stream) - 1))
    decoder = Decoder()
    assert decoder.feed(stream[:cut]) == []
    assert decoder.pending_bytes == cut


@pytest.mark.parametrize(
    "garbage",
    [b"x\n", b"\n", b"-1\n", b"+1\n", b" 1\n", b"1 \n", b"1\r\n", b"1.0\n", b"0x1\n", b"{}\n"],
)
def test_a_header_that_is_no_length_ends_the_stream_for_good(garbage: bytes) -> None:
    decoder = Decoder()
    with pytest.raises(RecordIOError, match="not a length"):
        decoder.feed(garbage)
    with pytest.raises(RecordIOError):
        decoder.feed(encode(b"good"))


def test_a_header_without_end_is_refused_early() -> None:
    with pytest.raises(RecordIOError, match="has no end"):
        Decoder().feed(b"1" * 21)
    assert Decoder().feed(b"1" * 20) == []


def test_a_record_beyond_the_limit_is_refused_before_it_is_read() -> None:
    assert Decoder(max_record_bytes=4).feed(encode(b"four")) == [b"four"]
    with pytest.raises(RecordIOError, match="5 bytes is beyond the limit of 4"):
        Decoder(max_record_bytes=4).feed(b"5\n")


def test_an_empty_record_is_a_record() -> None:
    assert Decoder().feed(b"0\n0\n2\nok") == [b"", b"", b"ok"]


def test_lengths_count_bytes_as_the_recorded_master_does() -> None:
    lines = (RECORDINGS / "json" / "launch_two_tasks.jsonl").read_text(encoding="utf-8")
    checked = 0
    for line in map(json.loads, lines.splitlines()):
        if line["kind"] == "record":
            body = line["body"]["text"].encode()
            assert encode(body) == b"%d\n" % line["length"] + body
            checked += 1
    assert checked > 5
