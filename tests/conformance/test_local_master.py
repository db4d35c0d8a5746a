"""The local cluster answers what was recorded of a real one as that one did."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conformance.recording import FORMATS, load, names
from conformance.scenarios import SCENARIOS, scenario

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the recorded commands are of POSIX")


@pytest.mark.parametrize(
    ("content_format", "name"),
    [
        pytest.param(content_format, name, id=f"{name}-{content_format}")
        for content_format in FORMATS
        for name in names(content_format)
        if name != "docker_tasks"
    ],
)
def test_it_answers_as_recorded(content_format: str, name: str, tmp_path: Path) -> None:
    recording = load(content_format, name)
    assert scenario(name, content_format).play(recording, tmp_path).differences == []


@pytest.mark.docker
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("docker_host")
@pytest.mark.parametrize(
    "content_format", [pytest.param(it, id=f"docker_tasks-{it}") for it in FORMATS]
)
def test_it_answers_as_recorded_with_docker_tasks(content_format: str, tmp_path: Path) -> None:
    recording = load(content_format, "docker_tasks")
    assert scenario("docker_tasks", content_format).play(recording, tmp_path).differences == []


def test_every_scenario_is_of_a_recording() -> None:
    known = {*names("json"), *(f"{name}-protobuf" for name in names("protobuf"))}
    assert set(SCENARIOS) <= known
