"""--events: a line of JSON for each fact, in a file that only grows."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from held_list import Held, killed_run
from mesos_batch_cli.output.event_json import OPENED, event_line, event_name
from mesos_batch_cli.output.events_file import EventsFile, RecordingDisplay, events_file
from program import Program, task, write

from mesos_batch.errors import ExitCode
from mesos_batch.model import facts as fact
from mesos_batch.model.change import Change, ChangeKind, ChangeView, OperationView
from mesos_batch.model.facts import Fact, Phase
from mesos_batch.model.operation import OperationState, OperationType
from mesos_batch.model.resource_text import parse_resources
from mesos_batch.model.resources import Resources
from mesos_batch.model.sandbox import Sandbox
from mesos_batch.model.snapshot import RunSnapshot
from mesos_batch.model.state import TaskState

DOCUMENT = Path(__file__).parents[2] / "docs" / "events.md"
SCHEMA = "mesos-batch.event/1"


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_document_has_exactly_the_facts_and_their_fields() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE
    )
    told = {event: re.findall(r"`(\w+)`", names) for event, names in rows}
    kinds = {
        event_name(kind): [item.name for item in fields(kind)[1:]] for kind in Fact.__subclasses__()
    }

    assert told == {OPENED: ["version"], **kinds}


def test_values_are_those_a_reader_expects() -> None:
    sandbox = Sandbox("a", 2, "S1", "agent-1", "http://agent-1:5051/files/browse?path=x")
    gone = "gone\nfor good"
    ended = fact.TaskEnded(5.0, "a", Phase.LOST, TaskState.TASK_GONE, gone, None, sandbox)
    assert json.loads(event_line(ended, "k3fq")) == {
        "schema": SCHEMA,
        "at": 5.0,
        "run_id": "k3fq",
        "event": "task_ended",
        "task_id": "a",
        "phase": "lost",
        "state": "TASK_GONE",
        "message": "gone\nfor good",
        "reason": None,
        "sandbox": {
            "attempt": 2,
            "agent_id": "S1",
            "hostname": "agent-1",
            "url": "http://agent-1:5051/files/browse?path=x",
            "path": None,
        },
    }
    assert "\n" not in event_line(ended, None)
    assert json.loads(event_line(fact.RunEnded(6.0, ExitCode.UNPLACEABLE), None))["exit_code"] == 3


def test_operations_and_changes_are_told_in_words() -> None:
    disk = Resources(parse_resources("disk(earth):100"))
    operation = OperationView(OperationType.RESERVE, disk, OperationState.OPERATION_FINISHED)
    sent = json.loads(event_line(fact.OperationsSent(1.0, 0, "S1", "one", (operation,)), None))
    assert sent["operations"] == [
        {
            "type": "RESERVE",
            "state": "OPERATION_FINISHED",
            "resources": "disk:100",
            "volumes": [],
            "message": None,
        }
    ]
    view = ChangeView(Change(ChangeKind.MAKE, disk, Resources()), operations=(operation,))
    ended = json.loads(event_line(fact.ChangeEnded(2.0, 0, view), None))
    assert ended["view"]["kind"] == "make"


def test_a_run_tells_what_happened(mesos_batch: Program, tmp_path: Path) -> None:
    list_file = write(tmp_path / "list.json", task("good", "true"), task("bad", "exit 3"))
    ran = mesos_batch("run", str(list_file), "--master=local", "--events=tiles.events")
    events = read(tmp_path / "tiles.events")
    names = [event["event"] for event in events]

    assert ran.returncode == 1
    assert {event["schema"] for event in events} == {SCHEMA}
    assert names[0] == "opened"
    assert names[-1] == "run_ended"
    assert events[-1]["exit_code"] == 1
    assert "subscribed" in names
    ends = {event["task_id"]: event["phase"] for event in events if event["event"] == "task_ended"}
    assert ends == {"good": "finished", "bad": "failed"}
    assert len({event["run_id"] for event in events[1:]}) == 1
    assert all(event["at"] <= after["at"] for event, after in pairwise(events))
    assert "bad" not in ran.stdout.splitlines()[-1], "the result is on stdout, as ever"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and shells")
def test_a_run_that_is_resumed_goes_on_in_the_file(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    path = tmp_path / "events"
    path.write_text('{"event": "cut o', encoding="utf-8")
    killed_run(master, held, tmp_path)
    held.let_go()
    resumed = mesos_batch("resume", f"--events={path}")
    cut_off, *lines = path.read_text(encoding="utf-8").splitlines()
    names = [json.loads(line)["event"] for line in lines]

    assert resumed.returncode == 0
    assert cut_off == '{"event": "cut o'
    assert names[:2] == ["opened", "run_resumed"]
    assert names[-1] == "run_ended"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and shells")
def test_a_run_in_the_background_writes_it_too(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    held.let_go()
    left = mesos_batch(*held.on(master, "--detach", "--events=events", "--progress=json"))
    waited = mesos_batch("wait", "--quiet")
    log = tmp_path / "state" / "runs" / left.stdout.strip() / "log.txt"

    assert (left.returncode, waited.returncode) == (0, 0)
    assert read(tmp_path / "events")[-1]["event"] == "run_ended"
    assert '"event": "run_ended"' in log.read_text(encoding="utf-8")


def test_what_cannot_be_written_is_refused_before_anything_is_sent(
    mesos_batch: Program, tmp_path: Path
) -> None:
    list_file = write(tmp_path / "list.json", task("good", "true"))
    paths = ["no/such/directory/events"]
    if Path("/dev/full").exists():
        paths.append("/dev/full")
    for path in paths:
        for flags in ((), ("--detach",)) if path != "/dev/full" else ((),):
            ran = mesos_batch("run", str(list_file), "--master=local", f"--events={path}", *flags)
            assert ran.returncode == 2
            assert f"--events: {Path(path)} cannot be written: " in ran.stderr
            assert "Nothing was sent to any cluster." in ran.stderr
    assert not (tmp_path / "state" / "runs").exists()


def test_stdout_is_no_file_for_events(mesos_batch: Program) -> None:
    ran = mesos_batch("run", "list.json", "--master=local", "--events=-")

    assert ran.returncode == 2
    assert "--events: stdout has the result; --progress=json writes the same lines to" in ran.stderr


class Silent:
    """A display that remembers what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def show(self, happened: Fact) -> None:
        pass

    def tick(self, run: object) -> None:
        pass

    def say(self, line: str) -> None:
        self.said.append(line)

    def close(self) -> None:
        pass


class NoRun:
    def snapshot(self) -> RunSnapshot:
        raise AssertionError("nobody looks")


def test_a_disk_that_fills_up_later_is_told_once(tmp_path: Path) -> None:
    path, display = tmp_path / "events", Silent()
    path.touch()
    with path.open("rb", buffering=0) as not_to_be_written:
        recording = RecordingDisplay(display, EventsFile(path, not_to_be_written), "k3fq")
        for second in range(3):
            recording.show(fact.Warned(float(second), "something"))
            recording.tick(NoRun())
        recording.close()

    assert len(display.said) == 1
    assert display.said[0].startswith(f"warning: {path} cannot be written any more: ")


def test_lines_are_there_at_each_tick_and_in_the_end(tmp_path: Path) -> None:
    path, display = tmp_path / "events", Silent()
    with events_file(path) as events:
        recording = RecordingDisplay(display, events, None)
        recording.show(fact.Warned(1.0, "one"))
        recording.show(fact.Warned(2.0, "zwölf"))
        recording.tick(NoRun())
        assert [event.get("message") for event in read(path)] == [None, "one", "zwölf"]
        recording.show(fact.Warned(3.0, "three"))
        recording.close()
    assert [event["event"] for event in read(path)] == ["opened", "warned", "warned", "warned"]
