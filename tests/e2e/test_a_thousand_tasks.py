"""A thousand tasks on the embedded cluster: each runs to its end, none runs twice."""

from __future__ import annotations

from pathlib import Path

from program import Program, task, write


def test_each_of_a_thousand_tasks_runs_exactly_once(tmp_path: Path, mesos_batch: Program) -> None:
    proof = tmp_path / "ran"
    ids = [f"t{number}" for number in range(1000)]
    tasks = [task(name, f"echo {name} >> {proof}", cpus=0.5) for name in ids]
    listed = write(tmp_path / "list.json", *tasks)

    outcome = mesos_batch("--master=local", f"--task_list={listed}", "--quiet")

    assert outcome.returncode == 0
    assert sorted(proof.read_text().split()) == sorted(ids)
