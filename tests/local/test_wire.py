"""The messages between a master and agents of other processes."""

from __future__ import annotations

import asyncio
import base64
import inspect
import json
import time
from typing import Any

import aiohttp
import pytest
from local.framework_client import CREDENTIAL
from local.master_world import World, running_world

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.local import wire
from mesos_batch.local.links import AgentLink, MasterLink, Registration, TaskReport
from mesos_batch.model.resources import Resources

FRAMEWORK = pb.FrameworkInfo(user="u", name="n", id=pb.FrameworkID(value="f"))
TASK = pb.TaskInfo(name="t", task_id=pb.TaskID(value="t"), agent_id=pb.AgentID(value="a"))
EXECUTOR = pb.ExecutorInfo(executor_id=pb.ExecutorID(value="e"))
STATUS = pb.TaskStatus(task_id=pb.TaskID(value="t"), state=pb.TASK_RUNNING, uuid=b"\xff\x00")
OPERATION = pb.Offer.Operation(type=pb.Offer.Operation.RESERVE)
KNOWN = pb.Operation(
    info=OPERATION,
    uuid=pb.UUID(value=b"\x01"),
    latest_status=pb.OperationStatus(state=pb.OPERATION_PENDING),
)
POLICY = pb.KillPolicy(grace_period=pb.DurationInfo(nanoseconds=5))
TOTAL = Resources.scalars(cpus=1.5, mem=64)
AGENT = pb.AgentInfo(hostname="h", port=1)
PING = wire.encode(wire.TO_AGENT, "ping")
PONG = wire.encode(wire.TO_MASTER, "pong")
REPORTS = [
    TaskReport(FRAMEWORK, TASK, None, STATUS),
    TaskReport(FRAMEWORK, TASK, EXECUTOR, STATUS),
]
EXAMPLES: dict[str, tuple[Any, ...]] = {
    "ping": (),
    "registered": ("id", 75.0),
    "run_task": (FRAMEWORK, TASK, None),
    "run_task_group": (FRAMEWORK, EXECUTOR, [TASK, TASK]),
    "kill_task": ("f", "t", POLICY),
    "shutdown_executor": ("f", "e"),
    "shutdown_framework": ("f",),
    "update_framework": (FRAMEWORK,),
    "acknowledge": ("f", "t", b"\xff\x00"),
    "apply_operation": ("f", OPERATION, b"\x01", TOTAL),
    "acknowledge_operation": (b"\x02",),
    "reconcile_operations": ([b"\x02", b"\x03"],),
    "shutdown": (),
    "pong": (),
    "register_agent": (Registration(AGENT, TOTAL, REPORTS, [KNOWN]),),
    "status_update": ("a", "f", STATUS, pb.TASK_FINISHED),
    "executor_exited": ("a", "f", "e", 256),
    "operation_status": ("a", "f", pb.OperationStatus(state=pb.OPERATION_FINISHED), b"\x03"),
}


@pytest.mark.parametrize("messages", [wire.TO_AGENT, wire.TO_MASTER], ids=["agent", "master"])
def test_every_message_comes_as_it_was_sent(messages: wire.Messages) -> None:
    for name in messages:
        arguments = EXAMPLES[name]
        assert wire.decode(messages, wire.encode(messages, name, *arguments)) == (
            name,
            list(arguments),
        )


def test_an_executor_or_a_kill_policy_may_be_there_or_not() -> None:
    for name, arguments in [
        ("run_task", (FRAMEWORK, TASK, EXECUTOR)),
        ("kill_task", ("f", "t", None)),
    ]:
        text = wire.encode(wire.TO_AGENT, name, *arguments)
        assert wire.decode(wire.TO_AGENT, text) == (name, list(arguments))


@pytest.mark.parametrize(
    ("link", "messages", "own"),
    [(AgentLink, wire.TO_AGENT, {"ping"}), (MasterLink, wire.TO_MASTER, {"pong"})],
)
def test_every_call_of_a_link_is_a_message(
    link: type, messages: wire.Messages, own: set[str]
) -> None:
    calls = {name for name, _ in inspect.getmembers(link, inspect.isfunction) if name[0] != "_"}
    assert messages.keys() - own == calls


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[]", "not enough values"),
        ('["no_such_call"]', "'no_such_call' is no message of a local cluster"),
        ('["ping", 1]', "longer than"),
        ('["shutdown_framework"]', "shorter than"),
        ("nonsense", "Expecting value"),
    ],
)
def test_anything_else_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        wire.decode(wire.TO_AGENT, text)


def converse(world: World, *said: str, pongs: int = 0) -> list[str]:
    """Say something to a master as an agent does; give what comes before it closes.

    After so many answered pings the agent leaves.
    """

    async def talk() -> list[str]:
        pair = f"{CREDENTIAL.principal}:{CREDENTIAL.secret}".encode()
        headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        heard: list[str] = []
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.ws_connect(f"{world.url}/master{wire.PATH}") as socket,
        ):
            for text in said:
                await socket.send_str(text)
            async for frame in socket:
                heard.append(frame.data)
                if frame.data == PING and pongs:
                    await socket.send_str(PONG)
                    if heard.count(PING) == pongs:
                        break
        return heard

    return asyncio.run(asyncio.wait_for(talk(), 20))


def test_a_master_leaves_who_talks_nonsense_and_goes_on(world: World) -> None:
    assert converse(world, '["no_such_call"]') == []
    assert world.get("/health").status_code == 200


def test_an_agent_that_answers_no_ping_is_left() -> None:
    with running_world(agent_ping_timeout=0.02, max_agent_ping_timeouts=2) as quick:
        client = quick.framework()
        hello = wire.encode(wire.TO_MASTER, "register_agent", Registration(AGENT, TOTAL))
        registered, *pings = converse(quick, hello)
        name, agent_id, silence = json.loads(registered)
        assert (name, silence) == ("registered", pytest.approx(0.04))
        assert pings == [PING, PING]
        assert client.until("FAILURE") == {"agent_id": {"value": agent_id}}
        assert quick.registry.unreachable.keys() == {agent_id}


def test_an_agent_that_registers_again_is_not_pinged_twice_as_often() -> None:
    with running_world(agent_ping_timeout=0.1, max_agent_ping_timeouts=4) as quick:
        hello = wire.encode(wire.TO_MASTER, "register_agent", Registration(AGENT, TOTAL))
        known = pb.AgentInfo(id=pb.AgentID(value=f"{quick.master.master_id}-S0"))
        known.MergeFrom(AGENT)
        again = wire.encode(wire.TO_MASTER, "register_agent", Registration(known, TOTAL))
        begin = time.monotonic()
        assert converse(quick, hello, again).count(PING) == 5
        assert time.monotonic() - begin > 0.35


def test_an_agent_that_answers_pings_stays() -> None:
    with running_world(agent_ping_timeout=0.05, max_agent_ping_timeouts=10) as quick:
        hello = wire.encode(wire.TO_MASTER, "register_agent", Registration(AGENT, TOTAL))
        converse(quick, hello, pongs=12)
        assert quick.registry.unreachable == {}


def test_a_socket_without_the_credential_is_refused(world: World) -> None:
    assert world.get(f"/master{wire.PATH}", auth=None).status_code == 401


def test_a_standby_master_sends_agents_to_the_leader(world: World) -> None:
    leader = world.master.info
    world.master = world.new_master()
    world.master.leader = leader
    answer = world.get(f"/master{wire.PATH}")
    assert answer.headers["Location"] == f"//127.0.0.1:{leader.port}/master{wire.PATH}"
