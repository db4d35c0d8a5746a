"""The simulated master offers, runs and refuses as Mesos does, in virtual time."""

from __future__ import annotations

from typing import Any

import pytest
from engine.world import task
from hypothesis import given
from hypothesis import strategies as st

from mesos_batch.engine import commands as do
from mesos_batch.engine import events as ev
from mesos_batch.engine.lower_bound import lower_bound
from mesos_batch.engine.policy import Policy
from mesos_batch.engine.scheduler import BatchScheduler
from mesos_batch.model.facts import Phase
from mesos_batch.model.offer import Attribute
from mesos_batch.model.ranges import Ranges
from mesos_batch.model.resource import Disk, Reservation, ReservationType, Resource
from mesos_batch.model.resources import Resources
from mesos_batch.model.scalar import Scalar
from mesos_batch.model.state import TaskState
from mesos_batch.model.task import TaskSpec
from mesos_batch.simulation.virtual_agent import VirtualAgent
from mesos_batch.simulation.virtual_cluster import VirtualCluster
from mesos_batch.simulation.virtual_time import BEGIN, drive

DATA = Resource(
    "disk",
    Scalar.of(64),
    (Reservation(ReservationType.DYNAMIC, "ours", "me"),),
    disk=Disk(persistence_id="data"),
)


def agent(name: str, cpus: float = 4, mem: float = 4096, **more: Any) -> VirtualAgent:
    return VirtualAgent(name, name, more.pop("free", Resources.scalars(cpus=cpus, mem=mem)), **more)


class Hand:
    """Plays the framework: takes what happens and calls by hand."""

    def __init__(self, *agents: VirtualAgent, duration: float = 1.0, **more: Any) -> None:
        self.now = BEGIN
        self.cluster = VirtualCluster(agents, [duration] * 10, self.now, **more)
        self.specs = [task(f"t{number}") for number in range(10)]

    def at(self) -> float | None:
        """In how many seconds from the beginning something happens next."""
        at = self.cluster.next_time()
        return None if at is None else at - BEGIN

    def next(self) -> ev.Event:
        """What is heard next."""
        while True:
            at = self.cluster.next_time()
            assert at is not None, "nothing will ever happen"
            self.now = at
            event = self.cluster.take(at)
            if event is not None:
                return event

    def offers(self) -> ev.OffersArrived:
        event = self.next()
        assert isinstance(event, ev.OffersArrived)
        return event

    def state(self) -> TaskState:
        event = self.next()
        assert isinstance(event, ev.UpdateArrived)
        return event.status.state

    def begin(self) -> ev.OffersArrived:
        assert isinstance(self.next(), ev.Subscribed)
        return self.offers()

    def call(self, command: do.Command) -> None:
        self.cluster.call(command, self.now)

    def launch(
        self, offers: ev.OffersArrived, *positions: int, refuse: float = 60, cpus: float = 1
    ) -> None:
        (offer,) = offers.offers
        needs = Resources.scalars(cpus=cpus, mem=32).allocated_to(offer.role)
        launches = tuple(do.TaskLaunch(f"t{n}", self.specs[n], needs, n) for n in positions)
        self.call(do.Launch((offer.offer_id,), offer.agent_id, launches, refuse))

    def decline(self, offers: ev.OffersArrived, seconds: float) -> None:
        self.call(do.Decline(tuple(offer.offer_id for offer in offers.offers), seconds))

    def runs(self) -> None:
        assert [self.state(), self.state()] == [TaskState.TASK_STARTING, TaskState.TASK_RUNNING]


def cpus_of(offers: ev.OffersArrived) -> list[float]:
    return [offer.resources.amount("cpus") for offer in offers.offers]


def test_a_subscription_is_answered_with_everything_at_once() -> None:
    hand = Hand(agent("a"), agent("b", cpus=8, attributes=(Attribute("rack", "r1"),)), role="ours")
    offers = hand.begin()
    assert (hand.now, cpus_of(offers)) == (BEGIN, [4, 8])
    assert {item.allocation_role for offer in offers.offers for item in offer.resources} == {"ours"}
    assert [offer.attributes for offer in offers.offers] == [(), (Attribute("rack", "r1"),)]


def test_a_task_starts_runs_and_finishes_in_its_time() -> None:
    hand = Hand(agent("a"), duration=2.5, start_seconds=0.5)
    hand.launch(hand.begin(), 0)
    assert (hand.at(), hand.cluster.active) == (0.5, 1)
    hand.runs()
    assert hand.at() == 3.0
    assert (hand.state(), hand.cluster.active) == (TaskState.TASK_FINISHED, 0)


def test_what_a_task_frees_waits_for_the_next_round() -> None:
    hand = Hand(agent("a", cpus=2), duration=0.4, allocation_interval=1.0)
    hand.launch(hand.begin(), 0, 1)
    hand.runs()
    hand.runs()
    assert [hand.state(), hand.state()] == [TaskState.TASK_FINISHED] * 2
    assert hand.at() == 1.0
    assert cpus_of(hand.offers()) == [2]


def test_what_comes_free_with_a_round_waits_for_the_one_after() -> None:
    hand = Hand(agent("a", cpus=1), duration=1.0)
    hand.launch(hand.begin(), 0)
    hand.runs()
    assert (hand.state(), hand.now) == (TaskState.TASK_FINISHED, BEGIN + 1)
    assert hand.at() == 2.0


def test_an_executor_is_held_as_long_as_its_task() -> None:
    hand = Hand(agent("a"))
    hand.specs[0] = task("t0", executor_id="e", executor_resources=Resources.scalars(cpus=0.5))
    hand.launch(hand.begin(), 0)
    hand.call(do.Revive())
    assert cpus_of(hand.offers()) == [2.5]


def test_a_revive_is_answered_at_once_whatever_is_refused() -> None:
    hand = Hand(agent("a"))
    hand.decline(hand.begin(), 600)
    assert hand.at() == 600
    hand.now += 0.25
    hand.call(do.Revive())
    assert (cpus_of(hand.offers()), hand.now) == ([4], BEGIN + 0.25)


def test_a_filter_lasts_as_long_as_it_says() -> None:
    hand = Hand(agent("a"))
    hand.decline(hand.begin(), 5)
    hand.decline(hand.offers(), 0.1)
    assert hand.now == BEGIN + 5
    hand.offers()
    assert hand.now == BEGIN + 6


def test_a_filter_lasts_for_an_interval_at_least() -> None:
    hand = Hand(agent("a"))
    hand.decline(hand.begin(), 600)
    hand.now += 0.25
    hand.call(do.Revive())
    hand.decline(hand.offers(), 0.1)
    assert hand.at() == 2.0


def test_more_than_was_refused_is_offered_although_the_filter_holds() -> None:
    hand = Hand(agent("a"), duration=1.5)
    hand.launch(hand.begin(), 0, refuse=600)
    hand.runs()
    assert hand.state() is TaskState.TASK_FINISHED
    # The three cpus left over are refused; four are more than that.
    assert (cpus_of(hand.offers()), hand.now) == ([4], BEGIN + 2)


def test_less_than_was_refused_is_not_offered() -> None:
    hand = Hand(agent("a"), duration=100)
    first = hand.begin()
    hand.decline(first, 600)
    hand.call(do.Revive())
    hand.launch(hand.offers(), 0, refuse=600)
    hand.runs()
    assert hand.at() == 100


def test_suppressed_until_revived() -> None:
    hand = Hand(agent("a"))
    hand.decline(hand.begin(), 0)
    hand.call(do.Suppress())
    at = hand.cluster.next_time()
    assert at is not None
    assert hand.cluster.take(at) is None
    assert hand.at() is None
    hand.call(do.Revive())
    assert cpus_of(hand.offers()) == [4]


def test_an_agent_without_cpus_and_memory_to_speak_of_makes_no_offer() -> None:
    assert cpus_of(Hand(agent("a", cpus=0, mem=31), agent("b", cpus=0, mem=32)).begin()) == [0]


def test_more_than_was_offered_cannot_be_launched() -> None:
    hand = Hand(agent("a"))
    with pytest.raises(ValueError, match="more was taken than there is"):
        hand.launch(hand.begin(), 0, cpus=4.001)


def test_a_killed_task_ends_at_once_and_a_late_kill_does_nothing() -> None:
    hand = Hand(agent("a"), duration=100)
    hand.launch(hand.begin(), 0)
    hand.runs()
    for _ in range(2):
        hand.call(do.Kill("t0", "a"))
    assert (hand.state(), hand.cluster.active) == (TaskState.TASK_KILLED, 0)
    assert cpus_of(hand.offers()) == [4]


def test_agents_and_tasks_are_told_when_asked() -> None:
    hand = Hand(agent("a", total=Resources.scalars(cpus=64)), duration=100)
    hand.launch(hand.begin(), 0)
    hand.runs()
    hand.call(do.ListAgents(7))
    listed = hand.next()
    assert listed == ev.AgentsListed(
        (ev.AgentTotal("a", "a", Resources.scalars(cpus=64)),), number=7
    )
    for asked in ((), (("t0", "a"), ("gone", None))):
        hand.call(do.Reconcile(asked))
    states = [hand.state() for _ in range(3)]
    assert states == [TaskState.TASK_RUNNING, TaskState.TASK_RUNNING, TaskState.TASK_GONE]


def test_a_change_of_volumes_is_not_simulated() -> None:
    with pytest.raises(TypeError, match="Operate is not simulated"):
        Hand(agent("a")).call(do.Operate((), "a", (), 0))


# --- with the engine -----------------------------------------------------------------------


def played(
    tasks: list[TaskSpec],
    durations: list[float],
    *agents: VirtualAgent,
    role: str = "*",
) -> tuple[bool, float, list[Phase]]:
    """Whether the run ended, its makespan, and the phase of each task."""
    scheduler = BatchScheduler(tasks, Policy(role=role, unplaceable_timeout=0), BEGIN)
    cluster = VirtualCluster(agents, durations, BEGIN, role=role)
    driven = drive(scheduler, cluster)
    views = scheduler.snapshot().tasks
    last = max((view.ended_at or BEGIN for view in views), default=BEGIN)
    return driven.ended, last - BEGIN, [view.phase for view in views]


def test_the_engine_fills_the_slots_ten_times() -> None:
    tasks = [task(f"t{number}") for number in range(80)]
    ended, makespan, phases = played(tasks, [1.0] * 80, agent("a"), agent("b"))
    assert (ended, set(phases)) == (True, {Phase.FINISHED})
    assert 10 <= makespan < 11


def test_one_port_and_one_volume_are_used_by_one_task_after_the_other() -> None:
    port = Resource("ports", Ranges.of((31000, 31000)))
    for thing in (port, DATA):
        mine = Resources([*Resources.scalars(cpus=1, mem=32), thing])
        tasks = [task(f"t{number}", resources=mine) for number in range(3)]
        owner = agent("a", free=Resources([*Resources.scalars(cpus=4, mem=4096), thing]))
        ended, makespan, phases = played(tasks, [2.0] * 3, owner, agent("b"), role="ours")
        assert (ended, set(phases)) == (True, {Phase.FINISHED})
        assert 6 <= makespan < 8


def test_an_executor_needs_room_beside_its_task() -> None:
    tasks = [
        task(f"t{number}", executor_id="e", executor_resources=Resources.scalars(cpus=1))
        for number in range(4)
    ]
    _, makespan, phases = played(tasks, [2.0] * 4, agent("a"))
    assert set(phases) == {Phase.FINISHED}
    assert 4 <= makespan < 6


def test_what_others_hold_is_waited_for_and_what_nobody_has_is_not() -> None:
    full = Resources.scalars(cpus=8, mem=4096)
    tasks = [task("later", cpus=8), task("never", cpus=9), task("now", cpus=1)]
    ended, makespan, phases = played(tasks, [3.0] * 3, agent("a", cpus=2, total=full))
    assert not ended
    assert (makespan, phases) == (3.0, [Phase.WAITING, Phase.UNPLACEABLE, Phase.FINISHED])


def test_days_pass_in_no_time() -> None:
    tasks = [task(f"t{number}", cpus=4) for number in range(3)]
    ended, makespan, _ = played(tasks, [86400.0] * 3, agent("a"))
    assert ended
    assert 3 * 86400 <= makespan < 3 * 86400 + 3


works = st.lists(
    st.tuples(
        st.integers(1, 4500).map(lambda milli: milli / 1000),
        st.sampled_from((32, 500, 4000)),
        st.floats(0, 50),
    ),
    min_size=1,
    max_size=15,
)


@given(works, st.lists(st.sampled_from((1, 2, 4)), min_size=1, max_size=4))
def test_what_fits_finishes_and_no_faster_than_can_be(
    given_works: list[tuple[float, int, float]], cpus: list[int]
) -> None:
    agents = [agent(f"a{number}", cpus=amount) for number, amount in enumerate(cpus)]
    tasks = [task(f"t{n}", cpus=work[0], mem=work[1]) for n, work in enumerate(given_works)]
    durations = [work[2] for work in given_works]

    ended, makespan, phases = played(tasks, durations, *agents)

    assert ended
    fits = [work[0] <= max(cpus) for work in given_works]
    assert phases == [Phase.FINISHED if fit else Phase.UNPLACEABLE for fit in fits]
    held = [
        (spec.resources, seconds)
        for spec, seconds, fit in zip(tasks, durations, fits, strict=True)
        if fit
    ]
    assert makespan >= lower_bound(held, [it.free for it in agents]).seconds - 1e-6
