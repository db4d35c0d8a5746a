"""Copies of what tasks wrote: what is copied first, what is tried again, what is missing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandboxes.scripted_agent import OPTIONS, ROOT, ScriptedAgent, scripted_agent

from mesos_batch.errors import UsageError
from mesos_batch.model.sandbox import Sandbox
from mesos_batch.sandboxes import Collector, collect, copy_of
from mesos_batch.sandboxes.jobs import Job, Jobs
from mesos_batch.sandboxes.source import Sources


@pytest.fixture
def agent() -> Iterator[ScriptedAgent]:
    with scripted_agent() as made:
        yield made


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Collector]:
    made = Collector(tmp_path / "deep" / "out", OPTIONS)
    yield made
    made.close()


def test_each_attempt_has_its_own_copies(
    agent: ScriptedAgent, collector: Collector, tmp_path: Path
) -> None:
    agent.write("one", b"bad\xff", "stderr")
    first = agent.sandbox("one")
    collector.add(first, final=False, failed=True)
    assert collector.wait(30)
    agent.write("one", b"good")
    last = agent.sandbox("one", attempt=2)
    collector.add(last, final=True, failed=False)
    assert collector.wait(30)

    out = tmp_path / "deep" / "out"
    copies = {path.name: path.read_bytes() for path in (out / "one").iterdir()}
    assert copies == {
        "stdout.1": b"",
        "stderr.1": b"bad\xff",
        "stdout": b"good",
        "stderr": b"bad\xff",
    }
    kept = copy_of(out, first, final=False)
    assert kept is not None
    assert kept.read("stderr", 0) == b"bad\xff"
    assert copy_of(out, agent.sandbox("two"), final=True) is None
    assert collector.missing() == []


def test_an_agent_that_comes_back_is_asked_again(
    agent: ScriptedAgent, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect, "_AGAIN_SECONDS", 0.05)
    path = f"{ROOT}/one/stdout"
    agent.write("one", b"late")
    agent.refusals[path] = (503, b"recovering")
    sandbox = agent.sandbox("one")
    collector.add(sandbox, final=True, failed=False)
    agent.until_asked(2, path)

    [(told, why)] = collector.missing()
    assert told == sandbox
    assert "does not answer: recovering" in why
    assert collector.pending == 1

    del agent.refusals[path]
    assert collector.wait(30)
    assert collector.missing() == []
    kept = copy_of(collector.directory, sandbox, final=True)
    assert kept is not None
    assert kept.read("stdout", 0) == b"late"


def test_what_is_gone_is_missing_and_not_tried_again(
    agent: ScriptedAgent, collector: Collector
) -> None:
    collector.add(agent.sandbox("gone"), final=True, failed=True)

    assert collector.wait(30)
    [(sandbox, why)] = collector.missing()
    assert sandbox.task_id == "gone"
    assert f"has no {ROOT}/gone/stderr" in why


def test_of_what_never_began_nothing_is_missing(agent: ScriptedAgent, collector: Collector) -> None:
    collector.add(agent.sandbox("never-began"), final=False, failed=True, may_be_nothing=True)

    assert collector.wait(30)
    assert collector.missing() == []


def test_one_file_alone_is_enough(agent: ScriptedAgent, collector: Collector) -> None:
    agent.files[f"{ROOT}/one/stdout"] = b"x"
    collector.add(agent.sandbox("one"), final=True, failed=False)

    assert collector.wait(30)
    assert collector.missing() == []


def test_what_is_there_is_not_copied_twice(agent: ScriptedAgent, collector: Collector) -> None:
    agent.write("one", b"x")
    for _ in range(2):
        collector.add_missing(agent.sandbox("one"), failed=False)
        assert collector.wait(30)

    assert agent.asked.count(f"{ROOT}/one/stdout") == 1


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match="--output_dir="):
        Collector(tmp_path / "file" / "out", OPTIONS)


def test_a_full_disk_is_told_of_the_task(
    agent: ScriptedAgent, collector: Collector, tmp_path: Path
) -> None:
    agent.write("one", b"x")
    (tmp_path / "deep" / "out" / "one").write_text("in the way")
    collector.add(agent.sandbox("one"), final=True, failed=False)

    assert collector.wait(30)
    [(_, why)] = collector.missing()
    assert "one cannot be written: " in why


def test_failures_come_first_and_who_is_away_last(
    agent: ScriptedAgent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect, "THREADS", 1)
    monkeypatch.setattr(collect, "_AGAIN_SECONDS", 0.0)
    for name in ("hold", "fine", "bad", "away"):
        agent.write(name, b"")
    held = f"{ROOT}/hold/stdout"
    agent.gates[held] = threading.Event()
    agent.refusals[f"{ROOT}/away/stdout"] = (503, b"")
    collector = Collector(tmp_path / "out", OPTIONS)
    collector.add(agent.sandbox("hold"), final=True, failed=False)
    agent.until_asked(1, held)
    for name in ("away", "fine", "bad"):
        collector.add(agent.sandbox(name), final=True, failed=name != "fine")
    agent.gates[held].set()
    agent.until_asked(2, f"{ROOT}/away/stdout")
    del agent.refusals[f"{ROOT}/away/stdout"]

    assert collector.wait(30)
    collector.close()
    asked = [path.split("/")[-2] for path in agent.asked if path.endswith("/stdout")]
    assert asked[:5] == ["hold", "away", "bad", "fine", "away"]


def test_what_is_urgent_is_done_first() -> None:
    jobs = Jobs(OPTIONS, 1, "test")
    begun, go = threading.Event(), threading.Event()
    order: list[str] = []

    def hold(_: Sources, __: Job) -> None:
        begun.set()
        go.wait(30)

    jobs.put(hold)
    begun.wait(30)
    for name, urgency in (("a", 1), ("bad", 0), ("b", 1), ("worse", 0)):
        jobs.put(lambda _, __, name=name: order.append(name), urgency)
    go.set()

    assert jobs.wait(30)
    jobs.close()
    assert order == ["bad", "worse", "a", "b"]


def test_who_goes_on_lets_others_in() -> None:
    jobs = Jobs(OPTIONS, 1, "test")
    go = threading.Event()
    calls: list[str] = []

    def work(name: str, times: int) -> float | None:
        calls.append(name)
        return 0.0 if calls.count(name) < times else None

    def hold(_: Sources, __: Job) -> None:
        go.wait(30)

    jobs.put(hold)
    jobs.put(lambda _, __: work("on", 3))
    jobs.put(lambda _, __: work("other", 1))
    go.set()

    assert jobs.wait(30)
    jobs.close()
    assert calls == ["on", "other", "on", "on"]


def test_a_sandbox_nobody_knows_is_missing(collector: Collector) -> None:
    collector.add(Sandbox("lost", 1), final=True, failed=True)

    assert collector.wait(30)
    [(_, why)] = collector.missing()
    assert why == "nobody knows where the sandbox of task lost is"
