"""What a real master refused is refused before anything is launched, and nothing else is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from task_lists import group, problems_of

RECORDINGS = Path(__file__).parents[1] / "recordings" / "json"
# Refused for what the cluster had: no list can be judged for that without it.
NEEDS_A_CLUSTER = {"toobig", "wrongagent", "role"}
# The master let it pass; a task of nothing is a mistake all the same.
STRICTER = {"zero"}


def exchanges() -> tuple[dict[str, list[Any]], dict[str, list[str]]]:
    """The tasks launched, by id, and the states told of each."""
    tasks: dict[str, list[Any]] = {}
    states: dict[str, list[str]] = {}
    recording = RECORDINGS / "task_validation_errors.jsonl"
    for line in recording.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        text = (entry.get("body") or {}).get("text", "")
        if entry["kind"] == "request" and '"LAUNCH"' in text:
            for operation in json.loads(text)["accept"]["operations"]:
                infos = operation["launch"]["task_infos"]
                tasks[infos[0]["task_id"]["value"]] = infos
        elif entry["kind"] == "record" and '"UPDATE"' in text:
            status = json.loads(text)["update"]["status"]
            states.setdefault(status["task_id"]["value"], []).append(status["state"])
    return tasks, states


TASKS, STATES = exchanges()


def test_the_recording_has_refusals_and_launches() -> None:
    refused = {name for name, states in STATES.items() if "TASK_ERROR" in states}

    assert len(refused) == 11
    assert len(TASKS) == 18


@pytest.mark.parametrize("name", sorted(TASKS), ids=lambda name: name[:20] or "empty")
def test_recorded_launch(name: str) -> None:
    refused = "TASK_ERROR" in STATES[name] and name not in NEEDS_A_CLUSTER

    problems = problems_of(group(*TASKS[name]))

    if refused or name in STRICTER:
        assert problems
        assert {problem.severity.value for problem in problems} == {"error"}
    else:
        assert problems == ()


def test_whatever_a_master_launched_is_accepted() -> None:
    launched = 0
    for path in sorted(RECORDINGS.glob("*.jsonl")):
        if path.stem == "task_validation_errors":
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            text = (entry.get("body") or {}).get("text", "")
            if entry["kind"] != "request" or '"LAUNCH"' not in text:
                continue
            for operation in json.loads(text)["accept"]["operations"]:
                infos = operation.get("launch", {}).get("task_infos", [])
                assert problems_of(group(*infos)) == (), path.stem
                launched += len(infos)

    assert launched == 20
