"""``mesos-batch plan``: what a run would be like, asked of a real cluster and of none."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import requests
from held_list import Held, wait_until_all_run
from program import (
    Outcome,
    Program,
    announcement_of,
    as_json,
    facts_of,
    running,
    task,
    two_agents,
)

from mesos_batch import api, planning
from mesos_batch.model.cluster import AgentState
from mesos_batch.model.resource import Reservation, ReservationType, Resource
from mesos_batch.model.resources import Resources
from mesos_batch.model.scalar import Scalar
from mesos_batch.model.scheduling import Scheduling
from mesos_batch.model.task import TaskSpec
from mesos_batch.options import RunOptions
from mesos_batch.spec.load import load_task_list

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a local cluster: two agents of four cpus."""
    with two_agents(tmp_path_factory.mktemp("cluster")) as address:
        yield address


@pytest.fixture
def planned(mesos_batch: Program) -> Callable[..., dict[str, Any]]:
    """The plan as JSON."""

    def plan(*arguments: str, code: int = 0) -> dict[str, Any]:
        done = mesos_batch("plan", "--json", *arguments)
        assert (done.returncode, done.stderr) == (code, "")
        made: dict[str, Any] = json.loads(done.stdout)
        return made

    return plan


def eight_and_a_big_one() -> str:
    return as_json(*(task(f"t{n}", "true", cpus=2) for n in range(8)), task("big", "true", cpus=5))


def test_a_plan_of_a_cluster_registers_no_framework(
    master: str, planned: Callable[..., dict[str, Any]]
) -> None:
    made = planned(eight_and_a_big_one(), f"--master={master}", "--assume_runtime=10secs", code=3)

    assert made["tasks"] == 9
    assert made["waves"] == 2
    # Two rounds of half a second to start and ten to run.
    assert 21 <= made["makespan"] < 22
    assert (made["lower_bound"], made["bounded_by"]) == (21.0, "cpus")
    assert made["cpu_hours"] == pytest.approx(8 * 2 * 10.5 / 3600)
    assert made["gb_hours"] == pytest.approx(8 * 32 * 10.5 / 1024 / 3600)
    assert [(agent["tasks"], agent["cpus"]) for agent in made["agents"]] == [(4, 4), (4, 4)]
    assert all(agent["busy"] > 0.95 for agent in made["agents"])
    assert made["never_fits"] == [
        {
            "explanation": "needs cpus 5, and the largest agent (S0) has 4",
            "task_ids": ["big"],
        }
    ]
    assert (made["assumed_tasks"], made["assumed_runtime"], made["assumed_start"]) == (8, 10, 0.5)
    frameworks = requests.get(f"http://{master}/frameworks", timeout=10).json()
    assert [*frameworks["frameworks"], *frameworks["completed_frameworks"]] == []


def test_what_another_framework_holds_is_waited_for(
    master: str, planned: Callable[..., dict[str, Any]], mesos_batch: Program, tmp_path: Path
) -> None:
    held = Held(tmp_path)
    whole = as_json(task("a", "true", cpus=4), task("b", "true", cpus=4), task("c", "true"))
    with running(*held.on(master), cwd=tmp_path) as other:
        wait_until_all_run(other)
        made = planned(whole, f"--master={master}")
        page = mesos_batch("plan", whole, f"--master={master}")
        held.let_go()
        assert other.wait(timeout=30) == 0

    assert len(made["must_wait"]) in (1, 2)
    assert set(made["must_wait"]) <= {"a", "b"}
    assert "cpus:0.2" in made["held_by_others"]
    assert page.returncode == 0
    assert "until other frameworks give something back:" in page.stdout
    assert "other frameworks keep what they hold (cpus:0.2 mem:64)" in page.stdout


def test_the_page_of_a_local_plan(mesos_batch: Program) -> None:
    tasks = as_json(*(task(f"t{n}", "true", cpus=2) for n in range(8)), task("big", "true", cpus=5))
    flags = ("--master=local", "--local_agents=2", "--assume_runtime=1hrs")

    done = mesos_batch("plan", tasks, *flags)

    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.splitlines() == [
        "9 tasks on 2 agents (cpus:8 mem:8192)",
        "  makespan     about 2h00m",
        "  lower bound  2h00m, set by cpus; 100% efficient",
        "  waves        2 (tasks run one after another on an agent)",
        "  cost         16.00 cpu-hours, 0.25 GB-hours of memory",
        "  assumed      1hrs for each of 8 tasks without mesos_batch.expected_runtime",
        "",
        "  AGENT  CPUS   MEM  TASKS  BUSY",
        "  S0        4  4096      4  100%",
        "  S1        4  4096      4  100%",
        "",
        "1 task will never fit:",
        "  big: needs cpus 5, and the largest agent (S0) has 4",
    ]


def test_many_that_do_not_fit_are_counted_unless_all_are_asked_for(mesos_batch: Program) -> None:
    tasks = as_json(*(task(f"t{n}", "true", cpus=9) for n in range(7)))
    done = mesos_batch("plan", tasks, "--master=local")
    assert "7 tasks will never fit:\n  t0, t1, t2, t3, t4 and 2 more: needs cpus 9" in done.stdout
    assert "makespan" not in done.stdout
    done = mesos_batch("plan", tasks, "--master=local", "--verbose")
    assert "  t0, t1, t2, t3, t4, t5, t6: needs cpus 9" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("{}", "--master=local"), 2, "nothing was sent to any cluster"),
        ((str(EXAMPLES / "five-mistakes.json"), "--master=local"), 2, "has 5 errors; nothing"),
        (("nowhere.json", "--master=local"), 2, "the task list 'nowhere.json' cannot be read"),
        (("--master=local",), 2, "no task list is given"),
        (("a", "--task_list=b", "--master=local"), 2, "'a' and --task_list both name a task list"),
        (("a", "b", "--master=local"), 2, "'b' is not expected after 'a'"),
        (("a",), 2, "no master is given"),
        (("a", "--master=host:5050", "--local_cpus=1"), 2, "--local_cpus cannot be used with"),
        (("a", "--master=local", "--assume_runtime=5"), 2, "'5' has no unit"),
        (("a", "--master=local", "--checkpoint"), 2, "there is no flag --checkpoint"),
    ],
)
def test_what_is_wrong_is_said(
    mesos_batch: Program, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = mesos_batch("plan", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr


def test_a_master_that_lets_nobody_look_ends_with_4(mesos_batch: Program, tmp_path: Path) -> None:
    with running("local", "--agents=1", cwd=tmp_path) as cluster:
        closed = facts_of(announcement_of(cluster))["master"]
        done = mesos_batch("plan", eight_and_a_big_one(), f"--master={closed}")
    assert (done.returncode, done.stdout) == (4, "")
    assert "the master" in done.stderr


class Master(BaseHTTPRequestHandler):
    """A new master: one agent is there, another has yet to come back."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(f"{self.command} {self.path}")
        mem = {"name": "mem", "type": "SCALAR", "scalar": {"value": 512}}
        cpus = {"name": "cpus", "type": "SCALAR", "scalar": {"value": 2}}
        here = {"id": "S1", "hostname": "node-1", "unreserved_resources_full": [cpus, mem]}
        away = {"id": "S2", "hostname": "node-2"}
        body = json.dumps({"slaves": [here], "recovered_slaves": [away]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_a_plan_asks_for_nothing_but_the_agents_and_tells_who_is_missing(
    mesos_batch: Program,
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Master) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = mesos_batch(
            "plan", as_json(task("t", "true")), f"--master=127.0.0.1:{server.server_port}"
        )
        server.shutdown()
    assert done.returncode == 0
    assert done.stdout.startswith("1 task on 1 agent (cpus:2 mem:512)\n")
    assert "warning: the new master still waits for 1 agent: the plan is without" in done.stderr
    assert Master.asked == ["GET /slaves"]


def test_the_list_may_come_by_flag_and_standard_input(mesos_batch: Program) -> None:
    text = as_json(task("t", "true"))
    assert mesos_batch("plan", "--task_list=-", "--master=local", stdin=text).returncode == 0
    by_variable: Outcome = mesos_batch(
        "plan", env={"MESOS_BATCH_TASK_LIST": text, "MESOS_MASTER": "local"}
    )
    assert "1 task on 3 agents" in by_variable.stdout


# --- through the door of the library -------------------------------------------------------


def quickstart() -> Sequence[TaskSpec]:
    return load_task_list((EXAMPLES / "quickstart.json").read_bytes(), "quickstart.json").tasks


def test_the_quickstart_runs_about_as_long_as_planned(
    mesos_batch: Program, planned: Callable[..., dict[str, Any]]
) -> None:
    made = planned(str(EXAMPLES / "quickstart.json"), "--master=local")

    run = mesos_batch("--master=local", f"--task_list={EXAMPLES / 'quickstart.json'}", "--quiet")
    ran = json.loads(mesos_batch("status", "--json").stdout)["tasks"]

    assert (made["waves"], made["assumed_tasks"], made["lower_bound"]) == (1, 0, 3.0)
    assert run.returncode == 0
    took = max(task["ended_at"] for task in ran) - min(task["launched_at"] for task in ran)
    # The tasks sleep for three seconds; a machine may be slow, but not the plan.
    assert made["makespan"] <= took
    assert made["makespan"] == pytest.approx(3.0, rel=0.2)


def test_agents_with_gpus_are_left_to_those_who_ask_for_them() -> None:
    local = api.LocalOptions(agents=2, gpus=1)
    options = RunOptions(master="local", local=local)
    agents = planning.cluster_of(options).agents
    assert planning.plan(quickstart(), options, agents).left_out == 2
    asking = replace(options, framework_capabilities=("GPU_RESOURCES",))
    assert planning.plan(quickstart(), asking, agents).left_out == 0


def test_a_pinned_task_goes_to_its_agent_only() -> None:
    options = RunOptions(master="local")
    agents = planning.cluster_of(options).agents
    pinned = [replace(spec, agent_id=agents[1].agent_id) for spec in quickstart()]
    made = planning.plan(pinned, options, agents)
    assert [share.tasks for share in made.agents] == [0, 12, 0]


def test_only_what_is_offered_to_the_role_counts() -> None:
    ours, theirs = (Resource("cpus", Scalar.of(2), (reserved(role),)) for role in ("us", "them"))
    total = Resources([*Resources.scalars(cpus=4, mem=4096), ours, theirs])
    used = Resources.scalars(cpus=3)
    agents = [
        AgentState("A", "node-1", True, total, used, Resources()),
        AgentState("B", "node-2", False, total, Resources(), Resources()),
    ]
    tasks = [TaskSpec("t", "t", Resources.scalars(cpus=3, mem=32), b"")]

    mine = planning.plan(tasks, RunOptions(master="host:5050", role="us"), agents)
    anybodys = planning.plan(tasks, RunOptions(master="host:5050"), agents)

    assert [(share.hostname, share.cpus, share.tasks) for share in mine.agents] == [
        ("node-1", 3, 1)
    ]
    assert (mine.must_wait, mine.held_by_others) == ((), used)
    assert (anybodys.capacity.amount("cpus"), anybodys.must_wait) == (1, ("t",))


def test_tasks_that_take_no_time_do_not_follow_each_other() -> None:
    options = RunOptions(master="local")
    instant = [replace(spec, scheduling=Scheduling(expected_runtime=0.0)) for spec in quickstart()]
    made = planning.plan(instant, options, planning.cluster_of(options).agents)
    assert (made.makespan, made.waves, made.efficiency) == (0.0, 1, 1.0)


def reserved(role: str) -> Reservation:
    return Reservation(ReservationType.STATIC, role)
