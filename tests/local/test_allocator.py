"""The allocator's promises, whatever happens in whatever order (facts 7)."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local.master.allocator import Allocator, FrameworkOptions
from mesos_batch.local.master.filters import refusal
from mesos_batch.model.resource import Disk, Reservation, ReservationType, Resource, Volume
from mesos_batch.model.resources import Resources
from mesos_batch.model.scalar import Scalar

INTERVAL = 1.0
ROLES = ("*", "eng", "eng/dev", "ops")
MIN_CPUS, MIN_MEM = 10, 32_000


def reserved_to(*roles):
    return tuple(Reservation(ReservationType.DYNAMIC, role) for role in roles)


@st.composite
def totals(draw):
    amounts = st.integers(0, 4)
    made = Resources.scalars(cpus=draw(amounts), mem=32 * draw(amounts), disk=draw(amounts))
    for stack in ((), ("eng",), ("eng", "eng/dev"), ("ops",)):
        cpus = Resource("cpus", Scalar(1000 * draw(amounts)), reserved_to(*stack))
        made += Resources([cpus])
    if draw(st.booleans()):
        disk = Disk(persistence_id="v", volume=Volume("data"))
        shared = Resource("disk", Scalar(1000), reserved_to("eng"), disk=disk, shared=True)
        made += Resources([shared])
    return made


options = st.builds(
    FrameworkOptions,
    roles=st.lists(st.sampled_from(ROLES), min_size=1, unique=True).map(tuple),
    shared=st.booleans(),
    refined=st.booleans(),
)


def unshared(resources):
    return resources.filter(lambda item: not item.shared)


class AllocatorMachine(RuleBasedStateMachine):
    """A cluster in which anything may happen; ``held`` is what frameworks have."""

    agents = Bundle("agents")
    frameworks = Bundle("frameworks")
    allocations = Bundle("allocations")

    @initialize(seed=st.integers(0, 3))
    def start(self, seed):
        self.allocator = Allocator(INTERVAL, random.Random(seed))
        self.now = 0.0
        self.count = 0
        self.totals = {}
        self.options = {}
        self.suppressed = {}
        self.inactive = set()
        self.held = []
        self.refused = []

    def name(self, kind):
        self.count += 1
        return f"{kind}{self.count}"

    @rule(target=agents, total=totals())
    def add_agent(self, total):
        agent = self.name("agent")
        self.totals[agent] = total
        self.allocator.add_agent(agent, pb.AgentInfo(), total, {})
        return agent

    @rule(agent=consumes(agents))
    def remove_agent(self, agent):
        del self.totals[agent]
        self.held = [item for item in self.held if item.agent_id != agent]
        self.refused = [item for item in self.refused if item[2] != agent]
        self.allocator.remove_agent(agent)

    @rule(target=frameworks, options=options)
    def add_framework(self, options):
        framework = self.name("framework")
        self.options[framework] = options
        self.suppressed[framework] = set()
        self.allocator.add_framework(framework, options)
        return framework

    @rule(framework=consumes(frameworks))
    def remove_framework(self, framework):
        del self.options[framework]
        self.inactive.discard(framework)
        self.held = [item for item in self.held if item.framework_id != framework]
        self.refused = [item for item in self.refused if item[0] != framework]
        self.allocator.remove_framework(framework)

    @rule(framework=frameworks)
    def deactivate(self, framework):
        self.inactive.add(framework)
        self.refused = [item for item in self.refused if item[0] != framework]
        self.allocator.deactivate_framework(framework)

    @rule(framework=frameworks)
    def activate(self, framework):
        self.inactive.discard(framework)
        self.allocator.activate_framework(framework)

    @rule(framework=frameworks, role=st.sampled_from((*ROLES, None)))
    def suppress(self, framework, role):
        roles = self.options[framework].roles if role is None else (role,)
        if set(roles) <= set(self.options[framework].roles):
            self.suppressed[framework].update(roles)
            self.allocator.suppress(framework, [] if role is None else [role])

    @rule(framework=frameworks, role=st.sampled_from((*ROLES, None)))
    def revive(self, framework, role):
        roles = self.options[framework].roles if role is None else (role,)
        if set(roles) <= set(self.options[framework].roles):
            self.suppressed[framework].difference_update(roles)
            self.refused = [
                item for item in self.refused if item[0] != framework or item[1] not in roles
            ]
            self.allocator.revive(framework, [] if role is None else [role])

    @rule(seconds=st.sampled_from((0.3, 1.0, 7.0)))
    def wait(self, seconds):
        self.now += seconds

    @rule(target=allocations)
    def allocate(self):
        made = self.allocator.allocate(self.now)
        seen = set()
        for item in made:
            key = (item.framework_id, item.role, item.agent_id)
            assert key not in seen, "one offer for each framework, role and agent"
            seen.add(key)
            self.check(item)
        self.held.extend(made)
        self.check_nothing_was_kept_back()
        return multiple(*made)

    @rule(allocation=consumes(allocations), refuse=st.sampled_from((None, 0.0, 0.5, 5.0, -1.0)))
    def give_back(self, allocation, refuse):
        self.forget(allocation)
        self.allocator.recover(
            allocation.framework_id,
            allocation.agent_id,
            allocation.resources,
            self.now,
            refuse,
        )
        known = allocation.framework_id in self.options and allocation.agent_id in self.totals
        if refuse and known:
            until = self.now + {0.5: INTERVAL, 5.0: 5.0, -1.0: 5.0}[refuse]
            bare = allocation.resources.allocated_to(None)
            self.refused.append(
                (allocation.framework_id, allocation.role, allocation.agent_id, bare, until)
            )

    @rule(target=allocations, allocation=consumes(allocations))
    def use_a_part(self, allocation):
        """A task takes half of each scalar, the rest goes back."""
        if allocation not in self.held:
            return multiple()
        part = Resources(
            item.with_value(Scalar(item.value.milli // 2))
            for item in allocation.resources
            if not item.shared
        )
        self.forget(allocation)
        self.allocator.recover(
            allocation.framework_id,
            allocation.agent_id,
            allocation.resources.without(part),
            self.now,
        )
        used = replace(allocation, resources=part)
        self.held.append(used)
        return used

    def forget(self, allocation):
        if allocation in self.held:
            self.held.remove(allocation)

    def check(self, item):
        options = self.options[item.framework_id]
        assert item.framework_id not in self.inactive
        assert item.role in options.roles
        assert item.role not in self.suppressed[item.framework_id]
        for resource in item.resources:
            assert resource.allocation_role == item.role
            owner = resource.reservation_role
            assert owner in (None, item.role) or item.role.startswith(f"{owner}/")
            assert options.shared or not resource.shared
            assert options.refined or len(resource.reservations) < 2
        assert self.is_enough(item.resources)
        bare = item.resources.allocated_to(None)
        for framework, role, agent, resources, until in self.refused:
            if (framework, role, agent) == (item.framework_id, item.role, item.agent_id):
                assert until <= self.now or not resources.contains(bare)

    def is_enough(self, resources):
        return resources.milli("cpus") >= MIN_CPUS or resources.milli("mem") >= MIN_MEM

    def free(self, agent):
        left = unshared(self.totals[agent])
        for item in self.held:
            if item.agent_id == agent:
                left -= unshared(item.resources).allocated_to(None)
        return left

    def check_nothing_was_kept_back(self):
        """Unreserved resources stay free only where everybody has refused them."""
        for agent in self.totals:
            if not self.is_enough(self.free(agent).unreserved()):
                continue
            for framework, options in self.options.items():
                for role in options.roles:
                    wants = (
                        framework not in self.inactive and role not in self.suppressed[framework]
                    )
                    refused = any(
                        item[:3] == (framework, role, agent) and item[4] > self.now
                        for item in self.refused
                    )
                    assert not wants or refused

    @invariant()
    @precondition(lambda self: hasattr(self, "totals"))
    def no_agent_gives_more_than_it_has(self):
        for agent in self.totals:
            # Subtraction fails when something is not there.
            self.free(agent)


AllocatorMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestAllocator = AllocatorMachine.TestCase


@given(st.floats(), st.floats(0.01, 60))
def test_how_long_a_refusal_holds(seconds, interval):
    held = refusal(seconds, interval)
    if seconds == 0:
        assert held == 0
    elif 0 < seconds <= 365 * 86400:
        assert held == max(seconds, interval)
    elif not seconds > 0 or seconds > 1e10:
        assert held == max(5.0, interval)
    else:
        assert held == 365 * 86400


def cluster(agents, **frameworks):
    allocator = Allocator(INTERVAL, random.Random(1))
    for framework, roles in frameworks.items():
        allocator.add_framework(framework, FrameworkOptions(roles=roles))
    for number in range(agents):
        total = Resources.scalars(cpus=4, mem=1024)
        allocator.add_agent(f"agent-{number}", pb.AgentInfo(), total, {})
    return allocator


def counts(allocations):
    found = {}
    for item in allocations:
        found[item.framework_id] = found.get(item.framework_id, 0) + 1
    return found


@pytest.mark.parametrize(
    ("frameworks", "expected"),
    [
        ({"a": ("*",), "b": ("*",), "c": ("*",)}, {"a": 4, "b": 4, "c": 4}),
        # Two in one role share what the role gets.
        ({"a": ("x",), "b": ("x",), "c": ("y",)}, {"a": 3, "b": 3, "c": 6}),
        # So do a role and its children with others beside it.
        ({"a": ("x/1",), "b": ("x/2",), "c": ("y",)}, {"a": 3, "b": 3, "c": 6}),
        ({"a": ("x",), "b": ("x/2",), "c": ("y",)}, {"a": 3, "b": 3, "c": 6}),
    ],
)
def test_shares_are_even(frameworks, expected):
    assert counts(cluster(12, **frameworks).allocate(0.0)) == expected


def test_who_holds_little_comes_first():
    allocator = cluster(2, a=("*",))
    first, second = allocator.allocate(0.0)
    allocator.add_framework("b", FrameworkOptions(roles=("*",)))
    for item in (first, second):
        allocator.recover("a", item.agent_id, item.resources, 0.0)
    held = Resources.scalars(cpus=4, mem=1024).allocated_to("*")
    allocator.add_agent("busy", pb.AgentInfo(), Resources.scalars(cpus=4, mem=1024), {"a": held})
    # a has a third of the cluster: b gets the first agent, then they are even and take turns.
    made = allocator.allocate(0.0)
    assert made[0].framework_id == "b"


def test_only_the_named_agents_are_allocated():
    allocator = cluster(3, a=("*",))
    assert [item.agent_id for item in allocator.allocate(0.0, ["agent-1", "gone"])] == ["agent-1"]
    allocator.set_agent_active("agent-2", active=False)
    assert [item.agent_id for item in allocator.allocate(0.0)] == ["agent-0"]


def test_what_an_operation_made_is_found_again():
    allocator = cluster(1, a=("eng",))
    (item,) = allocator.allocate(0.0)
    cpus = Resource("cpus", Scalar(1000), allocation_role="eng")
    reserved = replace(cpus, reservations=reserved_to("eng"))
    allocator.convert("a", "agent-0", Resources([cpus]), Resources([reserved]))
    left = item.resources.without(Resources([cpus])) + Resources([reserved])
    allocator.recover("a", "agent-0", left, 0.0)
    allocator.remove_framework("a")
    allocator.add_framework("b", FrameworkOptions(roles=("ops",)))
    (item,) = allocator.allocate(0.0)
    assert item.resources.milli("cpus") == 3000


def test_an_update_that_wants_a_role_again_drops_its_filters():
    allocator = cluster(1, a=("x",))
    (item,) = allocator.allocate(0.0)
    allocator.recover("a", "agent-0", item.resources, 0.0, 1000)
    allocator.suppress("a", [])
    assert allocator.allocate(1.0) == []
    allocator.update_framework("a", FrameworkOptions(roles=("x",)))
    assert len(allocator.allocate(1.0)) == 1


def test_what_a_framework_held_is_forgotten_with_it():
    allocator = cluster(1, a=("x",))
    assert len(allocator.allocate(0.0)) == 1
    allocator.remove_framework("a")
    for framework, role in (("b", "x"), ("c", "y")):
        allocator.add_framework(framework, FrameworkOptions(roles=(role,)))
    # With nothing in use all roles are even, and names decide.
    (item,) = allocator.allocate(0.0)
    assert item.framework_id == "b"


def test_copies_of_a_shared_volume_count_once():
    allocator = Allocator(INTERVAL, random.Random(0))
    disk = Disk(persistence_id="v", volume=Volume("data"))
    shared = Resource("disk", Scalar.of(100), reserved_to("eng"), disk=disk, shared=True)
    volume = Resources([shared])
    allocator.add_agent("agent", pb.AgentInfo(), Resources.scalars(cpus=1, mem=1024) + volume, {})
    sharing = FrameworkOptions(roles=("eng",), shared=True, refined=True)
    allocator.add_framework("first", sharing)
    [made] = allocator.allocate(0)
    copy = volume.allocated_to("eng")
    for _ in range(9):
        allocator.allocate_copies("first", "agent", copy)
    for _ in range(9):
        allocator.recover("first", "agent", copy, 0)
    # It still has all it was offered, so the other one is poorer.
    allocator.add_framework("second", sharing)
    assert allocator._shares.sorted_frameworks("eng", ["first", "second"]) == ["second", "first"]
    allocator.recover("first", "agent", made.resources, 0)
    # Nobody has anything, and it is the turn of who had least often.
    [again] = allocator.allocate(0)
    assert again.framework_id == "second"
    assert again.resources == made.resources
    allocator.recover("second", "agent", made.resources, 0)
    assert allocator.allocate(0)[0].framework_id == "first"
