"""What no schedule can do with less of."""

from __future__ import annotations

import pytest

from mesos_batch.engine.lower_bound import LONGEST_CHAIN, LONGEST_TASK, LowerBound, lower_bound
from mesos_batch.model.resources import Resources

SMALL = Resources.scalars(cpus=1, mem=512)
AGENTS = [Resources.scalars(cpus=4, mem=4096, disk=1000), Resources.scalars(cpus=2, mem=4096)]


def test_no_task_needs_no_time() -> None:
    assert lower_bound([], AGENTS) == LowerBound(0.0, None)


def test_the_longest_task_is_a_bound_of_its_own() -> None:
    assert lower_bound([(SMALL, 7.0), (SMALL, 2.0)], AGENTS) == LowerBound(7.0, LONGEST_TASK)


@pytest.mark.parametrize(
    ("needs", "seconds", "by"),
    [
        (Resources.scalars(cpus=1, mem=512), 10.0, "cpus"),
        (Resources.scalars(cpus=0.5, mem=2048), 15.0, "mem"),
        (Resources.scalars(cpus=0.1, mem=32, disk=500), 30.0, "disk"),
    ],
)
def test_work_by_capacity_of_what_is_scarcest(needs: Resources, seconds: float, by: str) -> None:
    assert lower_bound([(needs, 1.0)] * 60, AGENTS) == LowerBound(pytest.approx(seconds), by)


def test_what_no_agent_has_bounds_nothing() -> None:
    needs = Resources.scalars(cpus=0.1, gpus=1)
    assert lower_bound([(needs, 1.0)] * 60, AGENTS) == LowerBound(1.0, LONGEST_TASK)


def test_gpus_count_where_there_are_some() -> None:
    needs = Resources.scalars(cpus=0.1, gpus=1)
    agents = [Resources.scalars(cpus=4, gpus=2)]
    assert lower_bound([(needs, 3.0)] * 4, agents) == LowerBound(6.0, "gpus")


def test_a_chain_of_tasks_is_a_bound_of_its_own() -> None:
    tasks = [(SMALL, 7.0), (SMALL, 2.0)]
    assert lower_bound(tasks, AGENTS, chain=9.0) == LowerBound(9.0, LONGEST_CHAIN)
    assert lower_bound(tasks, AGENTS, chain=7.0) == LowerBound(7.0, LONGEST_TASK)
    assert lower_bound([(SMALL, 1.0)] * 60, AGENTS, chain=9.0) == LowerBound(10.0, "cpus")
