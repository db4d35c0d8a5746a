"""generate: lists made of lines, CSV and agents go straight into a run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mesos_batch_cli.generating import print_list
from program import (
    PROGRAM,
    Program,
    announcement_of,
    clean_environment,
    facts_of,
    running,
)
from volumes.in_process import quick

from mesos_batch.spec.load import load_task_list

__all__ = ["quick"]

NOBODY = "--master=127.0.0.1:1"


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the stand-in for ``docker`` was told on the agents."""
    return tmp_path_factory.mktemp("docker") / "pulled"


@pytest.fixture(scope="module")
def three_agents(pulled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of three agents that have a ``docker`` program, which writes down what it hears."""
    docker = pulled.parent / "docker"
    docker.write_text(f'#!/bin/sh\necho "$@" >> {pulled}\n', encoding="utf-8")
    docker.chmod(0o755)
    path = f"{pulled.parent}{os.pathsep}{os.environ['PATH']}"
    flags = ("--agents=3", "--no-authenticate")
    with running(
        "local", *flags, cwd=tmp_path_factory.mktemp("cluster"), env={"PATH": path}
    ) as cluster:
        yield facts_of(announcement_of(cluster))["master"]
        cluster.send_signal(signal.SIGINT)
        cluster.wait(30)


def tasks_of(text: str) -> list[dict[str, Any]]:
    """The tasks of a list that passes every check, each on a line of its own."""
    tasks: list[dict[str, Any]] = json.loads(text)["tasks"]
    assert len(load_task_list(text.encode(), "generated").tasks) == len(tasks)
    assert len(text.splitlines()) == (len(tasks) + 2 if tasks else 1)
    return tasks


def ended(quick: Program, master: str, name: str) -> list[tuple[str, str]]:
    """State and agent of the tasks with such an id."""
    done = quick("tasks", f"--master={master}", "--state=all", "--json", f"--name={name}")
    return sorted((it["state"], it["agent_id"]) for it in json.loads(done.stdout)["tasks"])


def test_lines_go_through_a_pipe_into_a_run(three_agents: str, tmp_path: Path) -> None:
    environment = clean_environment()
    out = tmp_path / "out"
    out.mkdir()
    command = f"echo {{{{ line | quote }}}} > {out}/{{{{ index }}}}"
    with subprocess.Popen(
        [*PROGRAM, "generate", "lines", f"--command={command}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    ) as generating:
        assert generating.stdin is not None
        generating.stdin.write(b"a 'b'\n\n$HOME\n")
        generating.stdin.close()
        done = subprocess.run(
            [*PROGRAM, "run", "-", f"--master={three_agents}", "--quiet"],
            stdin=generating.stdout,
            capture_output=True,
            text=True,
            env=environment,
            check=False,
            timeout=60,
        )
    assert (generating.returncode, done.returncode) == (0, 0), done.stderr
    assert "all 2 tasks finished" in done.stdout
    written = [(out / name).read_text(encoding="utf-8") for name in ("0", "1")]
    assert written == ["a 'b'\n", "$HOME\n"]


def test_prefetch_runs_one_task_on_each_agent(
    three_agents: str, mesos_batch: Program, quick: Program, pulled: Path
) -> None:
    image = "--image=asamerh4/python-fmask:fmask0.4"
    made = quick("generate", "prefetch", image, f"--master={three_agents}")
    assert (made.returncode, made.stderr) == (0, "")
    tasks = tasks_of(made.stdout)
    agents = [it["agent_id"]["value"] for it in tasks]
    assert len(set(agents)) == 3
    assert [it["name"] for it in tasks] == [f"fetch-{agent}" for agent in agents]
    assert [it["task_id"]["value"] for it in tasks] == [f"fetcher{agent}" for agent in agents]
    done = mesos_batch("run", "-", f"--master={three_agents}", "--quiet", stdin=made.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ended(quick, three_agents, "fetcher*") == [
        ("TASK_FINISHED", agent) for agent in sorted(agents)
    ]
    told = pulled.read_text(encoding="utf-8").splitlines()
    assert told == ["pull asamerh4/python-fmask:fmask0.4"] * 3


def test_prefetch_on_some_agents_with_a_command_of_ones_own(
    three_agents: str, quick: Program
) -> None:
    where = (f"--master={three_agents}", "--agent=S0,S2")
    command = "--command=podman pull {{ image }} # {{ hostname }} {{ cpus }}"
    made = quick("generate", "prefetch", "--image=alpine", *where, command)
    tasks = tasks_of(made.stdout)
    assert [it["agent_id"]["value"][-2:] for it in tasks] == ["S0", "S2"]
    assert tasks[0]["command"]["value"] == "podman pull alpine # 127.0.0.1 4.0"
    none = quick("generate", "prefetch", "--image=alpine", where[0], "--free=cpus:5")
    assert (none.returncode, none.stdout) == (2, "")
    assert "no such agent that makes offers" in none.stderr


def test_csv(quick: Program, tmp_path: Path) -> None:
    file = tmp_path / "tiles.csv"
    file.write_bytes(b'\xef\xbb\xbftile;zoom level\r\n"33;U";4\r\n34U;5\r\n')
    made = quick(
        "generate",
        "csv",
        str(file),
        "--delimiter=;",
        "--command=./run {{ tile | quote }} {{ row['zoom level'] }}",
        "--task_id=tile-{{ tile }}",
        "--environment=TILE={{ tile }}",
        "--environment=MODE=a=b",
        "--image=fmask",
        "--docker_parameter=memory-swap=12G",
        "--mem=0",
    )
    first, second = tasks_of(made.stdout)
    assert first["command"]["value"] == "./run '33;U' 4"
    assert first["command"]["environment"]["variables"] == [
        {"name": "TILE", "value": "33;U"},
        {"name": "MODE", "value": "a=b"},
    ]
    assert [it["name"] for it in first["resources"]] == ["cpus"]
    assert second["container"]["docker"] == {
        "image": "fmask",
        "parameters": [{"key": "memory-swap", "value": "12G"}],
    }
    assert second["task_id"] == {"value": "tile-34U"}


def test_nothing_makes_an_empty_list(mesos_batch: Program) -> None:
    made = mesos_batch("generate", "lines", "--command=x", stdin="\n\n")
    assert made.stdout == '{"tasks": []}\n'
    assert tasks_of(made.stdout) == []


def test_nothing_more_is_made_when_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    asked: list[int] = []

    def tasks() -> Iterator[dict[str, Any]]:
        for number in range(10):
            asked.append(number)
            yield {}

    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        print_list(tasks())
    assert asked == [0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["generate"], "followed by lines, csv, s3 or prefetch"),
        (["generate", "lines"], "no command is given"),
        (
            ["generate", "lines", "no-such-file", "--command=x"],
            "'no-such-file' cannot be read: No such file",
        ),
        (["generate", "lines", "--command={{ line"], "command.value: the template is wrong"),
        (["generate", "lines", "--command=x", "--docker_parameter=a=b"], "needs a container"),
        (["generate", "lines", "--command=x", "--environment=A"], "not of the form NAME=VALUE"),
        (
            ["generate", "lines", "--command=x", "--environment=A=1", "--environment=A=2"],
            "'A' is given twice",
        ),
        (["generate", "lines", "--command=x", "--cpus=0.0001"], "less than Mesos can count"),
        (["generate", "csv", "--command=x", "--delimiter=;;"], "not one character"),
        (["generate", "s3", "--command=x"], "no bucket is given"),
        (["generate", "s3", "--bucket=b"], "no command is given"),
        (["generate", "s3", "--bucket=b", "--endpoint=minio"], "no http:// or https:// URL"),
        (["generate", "s3", "--bucket=b", "--endpoint=http://a:b@c"], "credentials in it"),
        (["generate", "prefetch", NOBODY], "no image is given"),
        (["generate", "prefetch", NOBODY, "--image=a", "--force_pull"], "goes with --container"),
        (["generate", "prefetch", "--image=a"], "no master is given"),
        (["generate", "prefetch", "--image=a", "--master=local"], "lives and ends with a run"),
    ],
)
def test_a_wrong_command_line_ends_with_2(quick: Program, arguments: list[str], said: str) -> None:
    done = quick(*arguments)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
