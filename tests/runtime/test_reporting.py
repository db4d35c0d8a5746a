"""How well a run used the cluster."""

from __future__ import annotations

from dataclasses import replace

from mesos_batch.model.facts import Phase
from mesos_batch.model.resources import Resources
from mesos_batch.model.snapshot import AgentView, RunSnapshot, TaskView
from mesos_batch.model.task import TaskSpec
from mesos_batch.reporting import efficiency


def ran(begin: float, end: float, cpus: float = 1) -> TaskView:
    spec = TaskSpec("t", "t", Resources.scalars(cpus=cpus, mem=1), b"")
    return TaskView(spec, Phase.FINISHED, launched_at=begin, started_at=begin + 0.5, ended_at=end)


def run(*tasks: TaskView, cpus: float = 2) -> RunSnapshot:
    agents = (AgentView("a", "a", cpus=cpus, mem=1000, running=0),)
    return RunSnapshot(at=99, started_at=0, tasks=tasks, agents=agents)


def test_work_by_capacity_bounds_the_makespan() -> None:
    found = efficiency(run(*[ran(10, 20.5)] * 4))

    assert found is not None
    assert (found.makespan, found.lower_bound, found.bound_by) == (10.5, 20.0, "cpus")
    assert found.share == 1.0


def test_the_longest_task_bounds_the_makespan() -> None:
    found = efficiency(run(ran(0, 40.5), ran(0, 1.5), ran(60, 80)))

    assert found is not None
    assert (found.makespan, found.lower_bound, found.bound_by) == (80, 40, "the longest task")
    assert found.share == 0.5


def test_the_longest_chain_bounds_the_makespan() -> None:
    first, second = ran(0, 10.5), ran(12, 22.5)
    after = replace(second.spec, task_id="u", depends_on=("t",))
    found = efficiency(run(first, replace(second, spec=after)))

    assert found is not None
    assert (found.lower_bound, found.bound_by) == (20, "the longest chain of tasks")


def test_when_nothing_ran_there_is_nothing_to_tell() -> None:
    waiting = TaskView(TaskSpec("t", "t", Resources(), b""), Phase.WAITING)

    assert efficiency(run()) is None
    assert efficiency(run(waiting)) is None
