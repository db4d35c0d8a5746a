"""What an agent has by ``--resources``, in the forms of Mesos (facts 5.6)."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from local.framework_messages import reservation, scalar
from program import PROGRAM, clean_environment

from mesos_batch.errors import UsageError
from mesos_batch.local.agent.agent_resources import configured_resources
from mesos_batch.local.options import LocalOptions

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the roots are of POSIX")
OPTIONS = LocalOptions(agents=1)
REST = "mem:4096; disk:10000; ports:[31000-32000]"


def configured(resources: str | None, work_dir: Path = Path("/var/agent-0"), **more: Any) -> str:
    options = replace(OPTIONS, resources=resources, **more)
    return str(configured_resources(options, work_dir))


def disk(size: float, kind: str, root: str | None, **more: Any) -> dict[str, Any]:
    place = {} if root is None else {kind.lower(): {"root": root}}
    return scalar("disk", size, disk={"source": {"type": kind, **place, **more}})


@pytest.mark.parametrize(
    ("text", "has"),
    [
        (None, f"cpus:4; {REST}"),
        ("cpus:8", f"cpus:8; {REST}"),
        (" cpus : 1.5 ; mem(*):1e3;", "cpus:1.5; mem:1000; disk:10000; ports:[31000-32000]"),
        ("cpus:0", REST),
        ("gpus:2", f"gpus:2; cpus:4; {REST}"),
        (
            "cpus:1;cpus(a/b):2;disk(r):500",
            (
                "cpus:1; cpus(reservations: [(STATIC,a/b)]):2;"
                " disk(reservations: [(STATIC,r)]):500; mem:4096; ports:[31000-32000]"
            ),
        ),
        (
            "ports:[1-5, 7-9];zones:{a,b};ports(r):[6-6];bundles:[]",
            (
                "ports:[1-5, 7-9]; zones:{a, b}; ports(reservations: [(STATIC,r)]):[6-6]; cpus:4;"
                " mem:4096; disk:10000"
            ),
        ),
        (json.dumps([scalar("cpus", 2)]), f"cpus:2; {REST}"),
        (
            json.dumps([scalar("cpus", 2, role="r")]),
            f"cpus(reservations: [(STATIC,r)]):2; {REST}",
        ),
        (
            json.dumps([scalar("cpus", 2, reservations=[{"type": "STATIC", "role": "r"}])]),
            f"cpus(reservations: [(STATIC,r)]):2; {REST}",
        ),
        (
            json.dumps([disk(9, "PATH", "/p"), disk(7, "MOUNT", "/m"), disk(5, "PATH", "own")]),
            (
                "disk[PATH:/p]:9; disk[MOUNT:/m]:7; disk[PATH:own]:5; cpus:4; mem:4096;"
                " ports:[31000-32000]"
            ),
        ),
    ],
)
def test_what_an_agent_has(text: str | None, has: str) -> None:
    assert configured(text) == has


def test_agents_of_one_process_do_not_share_a_directory() -> None:
    given = json.dumps([disk(9, "PATH", "/p"), disk(7, "MOUNT", "/m"), disk(5, "PATH", "own")])
    assert configured(given, Path("/var/agent-2"), agents=3).startswith(
        "disk[PATH:/p/agent-2]:9; disk[MOUNT:/m/agent-2]:7; disk[PATH:own]:5;"
    )


PERSISTENT = {"persistence": {"id": "v"}, "volume": {"container_path": "v", "mode": "RW"}}
VOLUME = scalar("disk", 1, role="r", disk=PERSISTENT)


@pytest.mark.parametrize(
    ("resources", "why"),
    [
        ("cpus", "'cpus' is not of the form name:value"),
        ("cpus:1:2", "is not of the form"),
        ("cpus(r:1", "is not of the form"),
        (":1", "is not of the form"),
        ("cpus:many", "the value of 'cpus:many' is no number"),
        ("cpus:inf", "is no number"),
        ("ports:[1-5", "is no number"),
        ("ports:[5-1]", "ends before it begins"),
        ("cpus:-1", "value <= 0"),
        ("cpus(a b):1", "Role component 'a b' is invalid"),
        ("cpus():1", "Role names cannot be the empty string"),
        ("cpus:1;cpus:{a}", "another one of the same name has another type"),
        ("gpus:1.5", "gpus are whole numbers"),
        ("[", "Expecting value"),
        ("[1]", r"\[0\]: Expecting a JSON object"),
        ('[{"name": "cpus"}]', r"\[0\]: .*type"),
        ([scalar("cpus", 1), scalar("", 1)], "Empty resource name"),
        ([scalar("cpus", 1, revocable={})], "revocable resources"),
        ([VOLUME], "persistent volumes are made by frameworks"),
        ([scalar("cpus", 1, reservations=reservation("r"))], "dynamic reservations"),
        ([scalar("cpus", 1, role="r", reservation={})], "dynamic reservations"),
        ([scalar("cpus", 1, allocation_info={"role": "r"})], "allocation_info"),
        ([scalar("cpus", 1, provider_id={"value": "p"})], "provider_id"),
        ([scalar("disk", 1, disk={})], "'source' and nothing else"),
        ([disk(1, "PATH", None)], "'type' and 'path' and nothing else"),
        ([disk(1, "MOUNT", "")], "it lacks the directory"),
        ([disk(1, "PATH", "/p", id="i")], "'type' and 'path' and nothing else"),
        ([disk(1, "RAW", None)], "PATH or MOUNT"),
        ([disk(1, "BLOCK", None)], "PATH or MOUNT"),
        ([disk(1, "MOUNT", "/m"), disk(2, "MOUNT", "/m")], "root of two MOUNT disks"),
        ([disk(1, "MOUNT", "/var")], "the work directory is in the MOUNT disk "),
        ([disk(1, "MOUNT", ".")], "the work directory is in"),
        ([disk(1, "MOUNT", str(Path.home()))], "your home is in the MOUNT disk"),
    ],
)
def test_what_an_agent_cannot_be_given(resources: Any, why: str) -> None:
    text = resources if isinstance(resources, str) else json.dumps(resources)
    with pytest.raises(UsageError, match=why):
        configured(text)


def local(*arguments: str, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [*PROGRAM, "local", *arguments],
        capture_output=True,
        text=True,
        env={**clean_environment(), **environment},
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("text", ["mem:1;cpus (r):2", '[{"name": "cpus"}]'])
def test_a_resource_is_in_one_flag_only(text: str) -> None:
    flag = f"--resources={text}"
    assert local(flag, "--cpus=4") == (
        2,
        "mesos-batch: cpus is in --resources and in --cpus\n  Leave --cpus out.\n",
    )
    said = local(flag, MESOS_BATCH_LOCAL_CPUS="4")[1]
    assert "cpus is in --resources and in MESOS_BATCH_LOCAL_CPUS" in said


def test_wrong_resources_end_the_program(tmp_path: Path) -> None:
    file = tmp_path / "resources"
    file.write_text("cpus:many\n")
    code, said = local(f"--resources={file.as_uri()}", f"--work_dir={tmp_path / 'work'}")
    assert code == 2
    assert "the resources of the agents: the value of 'cpus:many' is no number" in said
