"""The queues of status updates: one head per key, sent again until acknowledged."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st
from local.agent_world import scene

from mesos_batch.local.agent.updates import MAX_RETRY_INTERVAL, Sending, UpdateManager, UpdateQueues

Queues = UpdateQueues[str, str]


def heads(sendings: list[Sending[str, str]]) -> list[str]:
    return [sending.head for sending in sendings]


def test_only_the_head_is_sent_and_the_latest_goes_along() -> None:
    queues = Queues(10)
    assert queues.add("t", b"1", "STARTING", 0) == Sending("t", "STARTING", "STARTING")
    assert queues.add("t", b"2", "RUNNING", 1) is None
    assert queues.add("t", b"3", "FINISHED", 2) is None
    assert queues.due(9.9) == []
    assert queues.due(10) == [Sending("t", "STARTING", "FINISHED")]
    assert queues.acknowledge("t", b"1", 11) == Sending("t", "RUNNING", "FINISHED")
    assert queues.acknowledge("t", b"2", 12) == Sending("t", "FINISHED", "FINISHED")
    assert queues.pending("t")
    assert queues.acknowledge("t", b"3", 13) is None
    assert not queues.pending("t")
    assert queues.deadline is None


def test_the_interval_doubles_up_to_ten_minutes() -> None:
    queues = Queues(10)
    queues.add("t", b"1", "STARTING", 0)
    pauses, now = [], 0.0
    for _ in range(9):
        deadline = queues.deadline
        assert deadline is not None
        pauses.append(deadline - now)
        now = deadline
        assert heads(queues.due(now)) == ["STARTING"]
    assert pauses == [10, 20, 40, 80, 160, 320, 600, 600, 600]
    assert pauses[-1] == MAX_RETRY_INTERVAL


def test_the_next_head_begins_with_the_first_interval() -> None:
    queues = Queues(10)
    queues.add("t", b"1", "STARTING", 0)
    queues.add("t", b"2", "RUNNING", 0)
    queues.due(10)
    queues.acknowledge("t", b"1", 15)
    assert queues.deadline == 25


def test_an_acknowledgement_of_anything_but_the_head_changes_nothing() -> None:
    queues = Queues(10)
    queues.add("t", b"1", "STARTING", 0)
    queues.add("t", b"2", "RUNNING", 0)
    assert queues.acknowledge("t", b"2", 1) is None
    assert queues.acknowledge("nobody", b"1", 1) is None
    assert heads(queues.flush(2)) == ["STARTING"]


def test_a_registration_sends_every_head_again_and_intervals_begin_anew() -> None:
    queues = Queues(10)
    queues.add("a", b"1", "A", 0)
    queues.add("b", b"2", "B", 0)
    queues.due(10)
    assert heads(queues.flush(12)) == ["A", "B"]
    assert queues.deadline == 22


def test_what_is_forgotten_is_not_sent_again() -> None:
    queues = Queues(10)
    queues.add("t", b"1", "STARTING", 0)
    queues.forget("t")
    assert queues.flush(1) == []
    assert queues.due(100) == []


class Receiver:
    """Takes what is sent and insists on the order of things."""

    def __init__(self) -> None:
        self.queues: UpdateQueues[int, int] = UpdateQueues(10)
        self.added: dict[int, list[int]] = {}
        self.received: dict[int, list[int]] = {}
        self.unacknowledged: dict[int, int] = {}
        self.now = 0.0

    def add(self, key: int, number: int) -> None:
        self.added.setdefault(key, []).append(number)
        sending = self.queues.add(key, bytes([number]), number, self.now)
        self.receive([sending] if sending else [])

    def wait(self) -> None:
        self.now += 15
        self.receive(self.queues.due(self.now))

    def acknowledge(self) -> None:
        key, number = self.unacknowledged.popitem()
        sending = self.queues.acknowledge(key, bytes([number]), self.now)
        self.receive([sending] if sending else [])

    def receive(self, sendings: list[Sending[int, int]]) -> None:
        for sending in sendings:
            key, update = sending.key, sending.head
            assert sending.latest == self.added[key][-1]
            if key not in self.unacknowledged:
                self.received.setdefault(key, []).append(update)
                self.unacknowledged[key] = update
            assert self.unacknowledged[key] == update, "a second update before the answer"


@given(st.lists(st.sampled_from([0, 1, 2, "acknowledge", "wait"]), max_size=100))
def test_each_key_delivers_all_its_updates_in_order_and_one_at_a_time(steps: list[object]) -> None:
    it = Receiver()
    for number, step in enumerate(steps):
        if isinstance(step, int):
            it.add(step, number)
        elif step == "wait":
            it.wait()
        elif it.unacknowledged:
            it.acknowledge()
    while it.unacknowledged:
        it.acknowledge()
    assert it.received == it.added
    assert it.queues.deadline is None


@scene
async def test_the_driver_sends_again_by_the_clock_of_the_loop() -> None:
    sent: list[str] = []
    often, twice = asyncio.Event(), asyncio.Event()

    def send(sending: Sending[str, str]) -> None:
        sent.append(sending.head)
        if sent.count("old") >= 6:
            often.set()
        if sent.count("new") >= 2:
            twice.set()

    manager: UpdateManager[str, str] = UpdateManager(0.01, send)
    manager.add("a", b"1", "old")
    await often.wait()
    # The first interval of a new update is shorter than the doubled one that is armed.
    manager.add("b", b"2", "new")
    await twice.wait()
    assert sent.count("old") == 6
    manager.stop()
    said = len(sent)
    await asyncio.sleep(0.05)
    assert len(sent) == said
