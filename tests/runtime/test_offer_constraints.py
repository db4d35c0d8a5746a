"""Runs on a cluster whose agents differ: those that no task could use are never offered."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from program import as_json, task

from mesos_batch.api import RunOptions, start
from mesos_batch.local.agent.agent_resources import attributes
from mesos_batch.local.cluster import LocalCluster
from mesos_batch.local.options import LocalOptions
from mesos_batch.model.constraint_text import parse_constraint
from mesos_batch.model.facts import OffersSeen, TaskLaunched
from mesos_batch.spec.load import load_task_list

RACKS = {"S0": ("rack:r1", "index:1"), "S1": ("rack:r2", "index:2"), "S2": ()}
ROUNDS = 3


class Racks(LocalCluster):
    """A cluster of three agents, each with attributes of its own."""

    def _make_agents(self) -> None:
        super()._make_agents()
        for agent, own in zip(self.agents, RACKS.values(), strict=True):
            agent.attributes = list(attributes(own))


@pytest.fixture(scope="module")
def racks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    options = LocalOptions(
        agents=3, cpus=1, authenticate=False, work_dir=tmp_path_factory.mktemp("racks")
    )
    with Racks(options) as cluster:
        yield cluster.master_address


@pytest.mark.parametrize("content_type", ["protobuf", "json"])
@pytest.mark.parametrize(
    ("of_the_run", "of_tasks", "offered"),
    [
        ([], [], {"S0", "S1", "S2"}),
        (["rack:equals:r2"], [], {"S1"}),
        ([], ["rack:equals:r2"], {"S1"}),
        (["rack:not:r2"], [], {"S0", "S2"}),
        (["rack:like:r[12]"], [], {"S0", "S1"}),
        (["rack:unlike:.*1"], [], {"S1", "S2"}),
        (["rack:in:r1,r2"], ["rack:unlike:r2"], {"S0"}),
        # No text for Mesos, but an agent must have it.
        (["index:equals:2"], [], {"S0", "S1"}),
        (["hostname:like:127[.]0[.]0[.][0-9]", "rack:equals:r1"], [], {"S0"}),
    ],
)
def test_only_agents_that_a_task_could_use_are_offered(
    racks: str, of_the_run: list[str], of_tasks: list[str], offered: set[str], content_type: str
) -> None:
    labels = [{"key": "mesos_batch.constraint", "value": text} for text in of_tasks]
    # As many as take several rounds of offers.
    tasks = [
        {**task(f"t{number}", "true", cpus=1), "labels": {"labels": labels}}
        for number in range(ROUNDS * len(offered))
    ]
    options = RunOptions(
        master=racks,
        content_type=content_type,
        constraints=tuple(map(parse_constraint, of_the_run)),
    )
    with start(load_task_list(as_json(*tasks).encode(), "list").tasks, options) as run:
        facts = list(run.facts())

    seen = [fact.offers for fact in facts if isinstance(fact, OffersSeen)]
    used = {fact.agent_id.rpartition("-")[2] for fact in facts if isinstance(fact, TaskLaunched)}
    assert run.snapshot().exit_code == 0
    # All that can be offered is offered at once in the beginning.
    assert seen[0] == max(seen) == len(offered)
    assert used <= offered
