"""What masters write into ZooKeeper, as a real one wrote it and as it should not be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mesos_batch.protocol.codec import CodecError
from mesos_batch.protocol.zk import Leader, leader_from, leading_node

RECORDING = Path(__file__).parents[1] / "recordings" / "json" / "leader_failover.jsonl"
NOTE = "ZooKeeper children of /mesos and their data: "


def recorded() -> list[dict[str, str]]:
    """What was at the path before and after the leader was killed."""
    lines = [json.loads(line) for line in RECORDING.read_text(encoding="utf-8").splitlines()]
    notes = [line["text"] for line in lines if str(line.get("text", "")).startswith(NOTE)]
    return [json.loads(note.removeprefix(NOTE)) for note in notes]


def test_the_leader_of_a_real_cluster_before_and_after_a_failover() -> None:
    found = []
    for nodes in recorded():
        node = leading_node(nodes)
        assert node is not None
        found.append((node, leader_from(nodes[node].encode()).addresses))

    assert found == [
        ("json.info_0000000001", ("127.0.0.1:5150",)),
        ("json.info_0000000002", ("127.0.0.1:5250",)),
    ]


@pytest.mark.parametrize(
    ("names", "leading"),
    [
        ([], None),
        (["log_replicas", "0000000001", "info_0000000001", "json.info_", "xjson.info_1"], None),
        (["json.info_0000000010", "json.info_0000000009"], "json.info_0000000009"),
        (["json.info_0000000001", "json.info_-2147483648"], "json.info_-2147483648"),
    ],
)
def test_the_lowest_number_leads(names: list[str], leading: str | None) -> None:
    assert leading_node(names) == leading


def test_a_host_is_known_by_its_name_and_by_its_number() -> None:
    info = {"id": "M", "ip": 1, "port": 5, "address": {"hostname": "h", "ip": "::1", "port": 6}}
    assert leader_from(json.dumps(info).encode()) == Leader("M", ("h:6", "[::1]:6"))

    del info["address"]
    assert leader_from(json.dumps({**info, "hostname": "old"}).encode()) == Leader("M", ("old:5",))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"id":"M"}', b'{"id":"M","ip":1,"port":5}'])
def test_what_is_no_master_is_refused(data: bytes) -> None:
    with pytest.raises(CodecError):
        leader_from(data)
