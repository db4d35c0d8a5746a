"""Whatever runs make and undo, and in whatever order: the ledger holds what a simple model says."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from volumes.clusters import S0, S1, agent, cluster, disk, reserved, volume
from volumes.kept import FAILED, FINISHED, PENDING, Kept, Step, make, undo

from mesos_batch.model.operation import OperationState
from mesos_batch.model.resources import Resources
from mesos_batch.volumes import Holding

HERE = cluster(agent(S0), agent(S1))
# Few sizes and agents: what one run made often looks like what another one made.
SIZES = st.lists(st.sampled_from((100, 50)), max_size=2)


@dataclass
class Made:
    """What a run holds on its agent as the model has it: plain megabytes, cpus, and volumes."""

    agent_id: str
    disk: int = 0
    cpus: int = 0
    volumes: dict[str, int] = field(default_factory=dict)
    maybe: int = 0

    @property
    def is_empty(self) -> bool:
        return not (self.disk or self.cpus or self.volumes or self.maybe)


def plain(megabytes: int, cpus: int) -> Resources:
    parts = [disk(megabytes)] if megabytes else []
    return Resources([*parts, *([reserved("cpus", cpus)] if cpus else [])])


def volumes_of(sizes: dict[str, int]) -> Resources:
    return Resources(volume(name, size) for name, size in sizes.items())


def of_holding(holding: Holding) -> tuple[str, Resources, Resources, int]:
    return holding.agent_id, holding.reserved, holding.volumes, len(holding.maybe)


def of_model(made: Made) -> tuple[str, Resources, Resources, int]:
    return made.agent_id, plain(made.disk, made.cpus), volumes_of(made.volumes), made.maybe


def made_by(data: st.DataObject, number: int) -> tuple[Step, Made]:
    """A run that reserves cpus, disk or both and creates volumes, as far as it comes."""
    agent_id = data.draw(st.sampled_from((S0, S1)))
    sizes = {f"v{number}-{at}": size for at, size in enumerate(data.draw(SIZES))}
    cpus = data.draw(st.integers(0 if sizes else 1, 2))
    reserve, create = data.draw(
        st.sampled_from(
            [(FINISHED, it) for it in (FINISHED, FINISHED, FAILED, PENDING, None)]
            + [(FAILED, None), (PENDING, None)]
        )
    )
    total = sum(sizes.values())
    step = make(
        plain(total, cpus), volumes_of(sizes), agent_id=agent_id, reserve=reserve, create=create
    )
    made = Made(agent_id, maybe=len(sizes) * (create is PENDING) + (reserve is PENDING))
    if reserve is FINISHED:
        made.disk, made.cpus = total, cpus
    if create is FINISHED:
        made.disk, made.volumes = 0, sizes
    return step, made


def undone_of(data: st.DataObject, made: Made, run_id: str | None) -> Step:
    """A run that destroys some volumes and unreserves some of what is free then."""
    gone = {name: size for name, size in made.volumes.items() if data.draw(st.booleans())}
    destroy: OperationState = data.draw(st.sampled_from((FINISHED, FINISHED, FAILED, PENDING)))
    if destroy is FINISHED:
        made.disk += sum(gone.values())
        made.volumes = {name: it for name, it in made.volumes.items() if name not in gone}
    less = data.draw(st.integers(0, made.disk)), data.draw(st.integers(0, made.cpus))
    made.disk, made.cpus = made.disk - less[0], made.cpus - less[1]
    return undo(
        plain(*less),
        volumes_of(gone),
        agent_id=made.agent_id,
        destroy=destroy,
        run_id=run_id,
    )


@settings(max_examples=20)
@given(st.data())
def test_the_ledger_holds_what_was_made_and_not_undone(data: st.DataObject) -> None:
    model: dict[str, Made] = {}
    told = data.draw(st.booleans(), label="undoing runs tell whose they undo")
    with tempfile.TemporaryDirectory() as directory:
        kept = Kept(Path(directory))
        for number in range(data.draw(st.integers(2, 6), label="runs")):
            begun = [run_id for run_id, made in model.items() if not made.is_empty]
            if begun and data.draw(st.booleans(), label="undo"):
                run_id = begun[data.draw(st.integers(0, len(begun) - 1))]
                kept.run(undone_of(data, model[run_id], run_id if told else None))
            else:
                step, made = made_by(data, number)
                model[kept.run(step, state="stopped")] = made
        ledger = kept.ledger(HERE)
    if told:
        expected = {run_id: of_model(it) for run_id, it in model.items() if not it.is_empty}
        assert {it.run_id: of_holding(it) for it in ledger.holdings} == expected
    # What looks the same may be taken from either run, but never more or less of it.
    for name in (S0, S1):
        here = [made for made in model.values() if made.agent_id == name]
        total = plain(sum(made.disk for made in here), sum(made.cpus for made in here))
        assert sum((it.reserved for it in ledger.on(name)), Resources()) == total
        names = {name: size for made in here for name, size in made.volumes.items()}
        assert sum((it.volumes for it in ledger.on(name)), Resources()) == volumes_of(names)
