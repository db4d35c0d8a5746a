"""The end of a run whose output cannot be had: it is waited for in reason, and told."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from mesos_batch_cli import task_output
from mesos_batch_cli.task_output import Mailbox, TaskOutput
from sandboxes.scripted_agent import OPTIONS, ROOT, ScriptedAgent, scripted_agent

from mesos_batch.errors import ExitCode
from mesos_batch.model import facts as fact
from mesos_batch.model.facts import Phase
from mesos_batch.model.resources import Resources
from mesos_batch.model.sandbox import Sandbox
from mesos_batch.model.snapshot import RunSnapshot, TaskView
from mesos_batch.model.state import TaskState
from mesos_batch.model.task import TaskSpec


class Nothing:
    """A run that is not looked at."""

    def snapshot(self) -> RunSnapshot:
        raise NotImplementedError


@pytest.fixture
def agent() -> Iterator[ScriptedAgent]:
    with scripted_agent() as made:
        yield made


def ended(sandbox: Sandbox) -> fact.TaskEnded:
    return fact.TaskEnded(
        1.0, sandbox.task_id, Phase.FINISHED, TaskState.TASK_FINISHED, sandbox=sandbox
    )


def output_to(directory: Path, mailbox: Mailbox, *, stream: bool = False) -> TaskOutput:
    options = replace(OPTIONS, output_dir=str(directory))
    return TaskOutput(options, ["t"], mailbox, stream=stream, color="never")


def test_an_agent_that_stays_away_is_given_up_and_told(
    agent: ScriptedAgent,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(task_output, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(task_output, "_TOLD_AFTER", 0.0)
    for number in range(7):
        agent.refusals[f"{ROOT}/t{number}/stdout"] = (503, b"")
    output = output_to(tmp_path / "out", queue.SimpleQueue())
    for number in range(7):
        output.take(ended(agent.sandbox(f"t{number}")), Nothing())
    output.finish()
    output.close()

    told = capsys.readouterr().err.splitlines()
    assert told[0] == "reading what 7 tasks wrote; Ctrl-C leaves it"
    assert len(told) == 1 + 5 + 1
    assert told[1].startswith("mesos-batch: warning: what task t")
    assert "(attempt 1) wrote is missing: the agent at 127.0.0.1:" in told[1]
    assert told[-1] == "mesos-batch: warning: and that of 2 more"


def test_an_interruption_leaves_what_is_missing(
    agent: ScriptedAgent, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    agent.refusals[f"{ROOT}/t/stdout"] = (503, b"")
    mailbox: Mailbox = queue.SimpleQueue()
    output = output_to(tmp_path / "out", mailbox)
    output.take(ended(agent.sandbox()), Nothing())
    mailbox.put(ExitCode.INTERRUPTED)
    output.finish()
    output.close()

    told = capsys.readouterr().err
    assert "interrupted: what is missing is left" in told
    assert "what task t (attempt 1) wrote is missing: " in told


class OneTaskRuns:
    """A run whose only task runs, in this sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        spec = TaskSpec(sandbox.task_id, sandbox.task_id, Resources(), b"")
        self._view = TaskView(spec, Phase.RUNNING, launches=1, sandbox_url=sandbox.url)

    def snapshot(self) -> RunSnapshot:
        return RunSnapshot(at=1.0, started_at=1.0, tasks=(self._view,))


@pytest.mark.parametrize("resumed", [False, True])
def test_what_a_task_that_runs_on_has_written_is_shown(
    agent: ScriptedAgent, tmp_path: Path, capfd: pytest.CaptureFixture[str], resumed: bool
) -> None:
    agent.write("t", b"begun\nno end")
    sandbox = agent.sandbox()
    output = output_to(tmp_path / "out", queue.SimpleQueue(), stream=True)
    if resumed:
        output.take(fact.RunResumed(1.0, ended=0, active=1, waiting=0), OneTaskRuns(sandbox))
    else:
        running = TaskState.TASK_RUNNING
        output.take(fact.TaskUpdated(1.0, "t", Phase.RUNNING, running, sandbox=sandbox), Nothing())
    output.finish()
    output.close()

    assert capfd.readouterr().out == "t | begun\nt | no end\n"


def test_who_writes_faster_than_we_print_loses_nothing(
    agent: ScriptedAgent, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    data = b"".join(b"%d\n" % number for number in range(300_000))
    agent.write("t", data)
    mailbox: Mailbox = queue.SimpleQueue()
    output = output_to(tmp_path / "out", mailbox, stream=True)
    output.take(ended(agent.sandbox()), Nothing())
    # Nobody has printed anything yet: the rest is not read before that.
    agent.until_asked(8, f"{ROOT}/t/stdout")
    assert mailbox.qsize() <= 8
    output.finish()
    output.close()

    assert capfdbinary.readouterr().out == b"".join(
        b"t | %b\n" % line for line in data.splitlines()
    )
    assert (tmp_path / "out" / "t" / "stdout").read_bytes() == data


@pytest.mark.parametrize("begun", [True, False])
def test_only_what_began_is_missing_when_the_cluster_lost_it(
    agent: ScriptedAgent, tmp_path: Path, capsys: pytest.CaptureFixture[str], begun: bool
) -> None:
    output = output_to(tmp_path / "out", queue.SimpleQueue())
    sandbox = agent.sandbox("gone")
    if begun:
        running = TaskState.TASK_RUNNING
        output.take(
            fact.TaskUpdated(1.0, "gone", Phase.RUNNING, running, sandbox=sandbox), Nothing()
        )
    lost = fact.TaskRequeued(
        2.0, "gone", Phase.LOST, None, attempt=1, delay=0.0, counted=False, sandbox=sandbox
    )
    output.take(lost, Nothing())
    output.finish()
    output.close()

    assert ("what task gone (attempt 1) wrote is missing" in capsys.readouterr().err) is begun
