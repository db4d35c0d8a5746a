"""What tasks write, followed until they end: nothing twice, nothing lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

import pytest
from sandboxes.scripted_agent import OPTIONS, ROOT, ScriptedAgent, scripted_agent
from sandboxes.test_executor_lines import RECORDINGS

from mesos_batch.model.sandbox import Sandbox
from mesos_batch.sandboxes import Follower, follow


class Shown:
    """What came of each task, and a way to wait for it."""

    def __init__(self) -> None:
        self.lines: dict[str, list[str]] = {}
        self._changed = threading.Condition()

    def __call__(self, sandbox: Sandbox, stream: str, lines: Sequence[bytes]) -> None:
        with self._changed:
            of_task = self.lines.setdefault(sandbox.task_id, [])
            of_task += [f"{stream} {line.decode()}" for line in lines]
            self._changed.notify_all()

    def until(self, is_so: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(is_so, 30), self.lines


@pytest.fixture
def agent() -> Iterator[ScriptedAgent]:
    with scripted_agent() as made:
        yield made


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "SHORTEST_WAIT", 0.01)
    monkeypatch.setattr(follow, "LOOKS_APART", 0.0)
    monkeypatch.setattr(follow, "LONGEST_WAIT", 0.05)


@pytest.fixture
def shown() -> Shown:
    return Shown()


@pytest.fixture
def follower(shown: Shown) -> Iterator[Follower]:
    made = Follower(OPTIONS, shown)
    yield made
    made.close()


def test_lines_come_while_a_task_runs_and_the_rest_when_it_ends(
    agent: ScriptedAgent, follower: Follower, shown: Shown
) -> None:
    sandbox = agent.sandbox()
    follower.add(sandbox)
    # Before the task has written anything there is no file.
    agent.until_asked(2, f"{ROOT}/t/stdout")
    agent.write("t", b"one\ntw")
    shown.until(lambda: bool(shown.lines))
    assert shown.lines["t"] == ["stdout one"]
    agent.write("t", b"oops\n", "stderr")
    shown.until(lambda: len(shown.lines["t"]) == 2)
    agent.write("t", b"o\nno newline")
    follower.ended(sandbox)

    assert follower.wait(30)
    assert shown.lines["t"] == ["stdout one", "stderr oops", "stdout two", "stdout no newline"]
    assert follower.missing == []


def test_a_long_file_is_read_out_when_its_task_ends(
    agent: ScriptedAgent, follower: Follower, shown: Shown
) -> None:
    lines = [f"line {number}" for number in range(300_000)]
    agent.write("t", "\n".join(lines).encode() + b"\n")
    follower.ended(agent.sandbox())

    assert follower.wait(30)
    assert shown.lines["t"] == [f"stdout {line}" for line in lines]


def test_more_tasks_than_are_followed_at_once_lose_nothing(
    agent: ScriptedAgent, follower: Follower, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "FOLLOWED_AT_ONCE", 4)
    names = [f"t{number}" for number in range(9)]
    for name in names:
        agent.write(name, f"begun {name}\n".encode())
        follower.add(agent.sandbox(name))
    shown.until(lambda: len(shown.lines) == follow.FOLLOWED_AT_ONCE)
    waiting = [name for name in names if name not in shown.lines]
    for name in names:
        agent.write(name, b"done\n")
    # One ends without ever having been looked at, one makes room for another that goes on.
    follower.ended(agent.sandbox(waiting[0]))
    shown.until(lambda: len(shown.lines) == follow.FOLLOWED_AT_ONCE + 1)
    follower.ended(agent.sandbox(names[0]))
    shown.until(lambda: len(shown.lines) == follow.FOLLOWED_AT_ONCE + 2)
    for name in names:
        follower.ended(agent.sandbox(name))

    assert follower.wait(30)
    assert shown.lines == {name: [f"stdout begun {name}", "stdout done"] for name in names}


@pytest.mark.parametrize("is_being_read", [False, True])
def test_the_end_of_a_task_is_not_waited_for(
    agent: ScriptedAgent,
    follower: Follower,
    shown: Shown,
    monkeypatch: pytest.MonkeyPatch,
    is_being_read: bool,
) -> None:
    for name in ("SHORTEST_WAIT", "LONGEST_WAIT"):
        monkeypatch.setattr(follow, name, 3600.0)
    agent.write("t", b"x\n")
    path = f"{ROOT}/t/stderr"
    if is_being_read:
        agent.gates[path] = threading.Event()
    follower.add(agent.sandbox())
    agent.until_asked(1, path)
    agent.write("t", b"y\n")
    follower.ended(agent.sandbox())
    if is_being_read:
        agent.gates[path].set()

    assert follower.wait(30)
    assert shown.lines == {"t": ["stdout x", "stdout y"]}


def test_an_attempt_is_shown_once_however_often_it_is_told(
    agent: ScriptedAgent, follower: Follower, shown: Shown
) -> None:
    agent.write("t", b"x\n")
    for _ in range(2):
        follower.add(agent.sandbox())
        follower.ended(agent.sandbox())
        assert follower.wait(30)

    assert shown.lines == {"t": ["stdout x"]}


def test_an_agent_that_is_away_for_a_moment_is_waited_for(
    agent: ScriptedAgent, follower: Follower, shown: Shown
) -> None:
    path = f"{ROOT}/t/stdout"
    agent.write("t", b"x\n")
    agent.refusals[path] = (503, b"")
    follower.add(agent.sandbox())
    agent.until_asked(follow.TRIES_AT_THE_END + 2, path)
    del agent.refusals[path]
    follower.ended(agent.sandbox())

    assert follower.wait(30)
    assert shown.lines == {"t": ["stdout x"]}


def test_one_that_stays_away_is_given_up_after_the_end(
    agent: ScriptedAgent, follower: Follower
) -> None:
    agent.write("t", b"x\n")
    agent.refusals[f"{ROOT}/t/stdout"] = (503, b"")
    follower.ended(agent.sandbox())

    assert follower.wait(30)
    [(sandbox, why)] = follower.missing
    assert sandbox.task_id == "t"
    assert "does not answer" in why


def test_of_what_never_began_nothing_is_missing(agent: ScriptedAgent, follower: Follower) -> None:
    follower.ended(agent.sandbox("never-began"), may_be_nothing=True)

    assert follower.wait(30)
    assert follower.missing == []


def test_following_can_begin_near_the_end(agent: ScriptedAgent, shown: Shown) -> None:
    agent.write("t", b"1\n2\n3\n")
    agent.write("t", b"e1\ne2\n", "stderr")
    follower = Follower(OPTIONS, shown, streams=("stdout",), tail=1)
    follower.ended(agent.sandbox())

    assert follower.wait(30)
    follower.close()
    assert shown.lines == {"t": ["stdout 3"]}


def test_following_near_the_end_of_what_the_task_itself_wrote(
    agent: ScriptedAgent, shown: Shown
) -> None:
    agent.write("t", (RECORDINGS / "failed").read_bytes(), "stderr")
    follower = Follower(OPTIONS, shown, streams=("stderr",), tail=2, whole=False)
    follower.ended(agent.sandbox())

    assert follower.wait(30)
    follower.close()
    assert shown.lines["t"][0] == "stderr no band B10"


def test_what_runs_on_when_nobody_watches_any_more_is_read_up_to_now(
    agent: ScriptedAgent, follower: Follower, shown: Shown
) -> None:
    agent.write("t", b"x\ny")
    follower.add(agent.sandbox())
    shown.until(lambda: bool(shown.lines))
    follower.end_all()

    assert follower.wait(30)
    assert shown.lines == {"t": ["stdout x", "stdout y"]}
