"""A few hundred seeds of the fault search; ``benchmarks/fault_search.py`` runs many more."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from faults.change_plan import CHANGE_KINDS, make_plan
from faults.mutations import MUTATIONS, Mutation, mutated
from faults.plan import KINDS
from faults.run import Outcome, run
from faults.shrink import explain, shrink

import mesos_batch
from mesos_batch.engine.lifecycle import TABLE, Effect, Meaning
from mesos_batch.model.facts import Phase
from mesos_batch.model.state import TaskState

PORTION = 50
PORTIONS = 16


@cache
def outcome_of(seed: int) -> Outcome:
    return run(make_plan(seed))


@pytest.mark.parametrize("portion", range(PORTIONS))
def test_seeds_in_which_things_break(portion: int) -> None:
    seeds = range(portion * PORTION, (portion + 1) * PORTION)
    print(f"seeds {seeds.start} to {seeds.stop - 1}")
    for seed in seeds:
        rule = outcome_of(seed).rule
        if rule is not None:
            pytest.fail(f"seed {seed}\n{explain(make_plan(seed), rule)}", pytrace=False)


def test_every_kind_of_fault_happens_in_these_seeds() -> None:
    counts: Counter[str] = Counter()
    for seed in range(PORTION * PORTIONS):
        counts += outcome_of(seed).counts

    assert counts.keys() >= KINDS.keys() | CHANGE_KINDS.keys()


def test_a_seed_decides_everything() -> None:
    seeds = range(20)

    assert [run(make_plan(seed)) for seed in seeds] == [outcome_of(seed) for seed in seeds]


def test_the_real_journal_remembers_the_same(tmp_path: Path) -> None:
    seeds = [s for s in range(1000) if any("crash" in f.kind for f in make_plan(s).faults)][:25]
    print(f"seeds {seeds}")
    crashes = 0
    for seed in seeds:
        outcome = run(make_plan(seed), state_dir=tmp_path)
        crashes += outcome.counts["scheduler_crash"]
        assert outcome.rule is None, f"seed {seed}: {outcome.text}"

    assert crashes > len(seeds)


def test_a_broken_engine_is_found_shrunk_and_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    success = Meaning(Effect.FINISHES, Phase.FINISHED, "a mistake")
    monkeypatch.setitem(TABLE, TaskState.TASK_FAILED, success)
    rule = "said as it was"
    plan = next(p for p in map(make_plan, range(500)) if run(p).rule == rule)

    small = shrink(plan, rule)
    story = explain(plan, rule)

    assert run(small).rule == rule
    assert len(small.faults) < len(plan.faults)
    assert f"seed {plan.seed}" in story
    assert "TASK_FAILED" in story
    assert f"ORACLE     {rule}" in story


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_each_mutation_still_fits_the_engine(mutation: Mutation) -> None:
    package = Path(mesos_batch.__file__).parent

    assert mutated(package, mutation) != (package / mutation.file).read_text(encoding="utf-8")
