"""What each kind of fault does to the world, at its time."""

from __future__ import annotations

from collections.abc import Callable

from faults import sim_calls
from faults.plan import Fault
from faults.sim_agent import Agent
from faults.sim_executors import OUT_OF_MEMORY, TERMINATED
from faults.sim_master import PING_TIMEOUT, Master
from faults.world import World

from mesos_batch.engine import events as ev
from mesos_batch.errors import ExitCode

SLOWEST_OPERATION = 15.0


def inject(world: World, fault: Fault) -> None:
    """Let a fault happen, if there is something it can happen to."""
    if world.over:
        return
    if fault.kind.startswith(("call_", "crash_")):
        world.armed.add(fault)
        return
    if _HANDLERS[fault.kind](world, fault):
        world.happened(fault.kind, str(fault))


def _agent(world: World, fault: Fault) -> Agent | None:
    agents = [agent for agent in world.agents.values() if not agent.dead]
    return agents[fault.target % len(agents)] if agents else None


def _away(world: World, fault: Fault) -> bool:
    """Nothing gets through for a while; if pings are missed the agent is unreachable."""
    agent = _agent(world, fault)
    if agent is None or not agent.up:
        return False
    agent.to_master.hold()
    agent.from_master.hold()
    if fault.value >= PING_TIMEOUT:
        world.clock.after(PING_TIMEOUT, _missed_pings, world, world.master, agent)
    world.clock.after(fault.value, _back, agent, fault.value >= PING_TIMEOUT)
    return True


def _missed_pings(world: World, master: Master | None, agent: Agent) -> None:
    if master is not None and world.master is master:
        agent.break_socket()
        master.mark_unreachable(agent.agent_id)


def _back(agent: Agent, unreachable: bool) -> None:
    agent.to_master.release()
    agent.from_master.release()
    if unreachable and agent.up:
        agent.register_soon(0.0)


def _socket_breaks(world: World, fault: Fault) -> bool:
    agent = _agent(world, fault)
    if agent is None or not agent.up or world.master is None:
        return False
    agent.break_socket()
    world.master.socket_broke(agent.agent_id)
    agent.register_soon(min(fault.value, 15.0))
    return True


def _restart(world: World, fault: Fault) -> bool:
    agent = _agent(world, fault)
    if agent is None or not agent.up:
        return False
    _goes_down(world, agent, fault)
    agent.restart(world.plan.checkpoint, fault.value)
    return True


def _executor_dies(world: World, fault: Fault) -> bool:
    return _ends_executor(world, fault, TERMINATED, "Executor terminated")


def _out_of_memory(world: World, fault: Fault) -> bool:
    return _ends_executor(world, fault, OUT_OF_MEMORY, "Memory limit exceeded")


def _ends_executor(world: World, fault: Fault, reason: str, text: str) -> bool:
    agent = _agent(world, fault)
    shared = agent.executors.biggest() if agent is not None and agent.up else None
    if agent is None or shared is None:
        return False
    agent.executors.die(shared, reason, text)
    return True


def _executor_cannot_start(world: World, fault: Fault) -> bool:
    agent = _agent(world, fault)
    if agent is not None:
        agent.executors.fail_next += 1
    return False


def _dies(world: World, fault: Fault) -> bool:
    agent = _agent(world, fault)
    if agent is None:
        return False
    _goes_down(world, agent, fault)
    agent.die()
    world.clock.after(PING_TIMEOUT, _missed_pings, world, world.master, agent)
    world.replace(agent)
    if world.plan.changes and int(fault.value * 10) % 2:
        world.clock.after(fault.value + 200.0, _written_off, world, agent)
    return True


def _written_off(world: World, agent: Agent) -> None:
    """An operator sees that an agent does not come back."""
    if world.master is not None:
        world.master.mark_gone(agent.agent_id)


def _goes_down(world: World, agent: Agent, fault: Fault) -> None:
    """The process ends: the master sees the socket break, or only the pings missed."""
    agent.break_socket()
    if world.master is not None and int(fault.value * 10) % 3:
        world.master.socket_broke(agent.agent_id)
    if fault.value >= PING_TIMEOUT:
        world.clock.after(PING_TIMEOUT, _unless_back, world, world.master, agent)


def _unless_back(world: World, master: Master | None, agent: Agent) -> None:
    if not agent.up:
        _missed_pings(world, master, agent)


def _gone(world: World, fault: Fault) -> bool:
    agent = _agent(world, fault)
    if agent is None or world.master is None or agent.agent_id in world.registry.gone:
        return False
    world.master.mark_gone(agent.agent_id)
    if agent.agent_id not in world.registry.gone:
        return False
    world.replace(agent)
    return True


def _unregisters(world: World, fault: Fault) -> bool:
    agent = _agent(world, fault)
    if agent is None or world.master is None or not agent.registered:
        return False
    agent.break_socket()
    agent.die()
    world.master.unregister(agent.agent_id)
    world.replace(agent)
    return True


def _drains(world: World, fault: Fault) -> bool:
    agent = _agent(world, fault)
    if agent is None or world.master is None or not agent.registered:
        return False
    world.registry.draining.add(agent.agent_id)
    world.master.allocator.withdraw(agent_id=agent.agent_id)
    agent.drain()
    world.clock.after(fault.value, _drained, world, agent)
    return True


def _drained(world: World, agent: Agent) -> None:
    agent.draining = False
    world.registry.draining.discard(agent.agent_id)
    if world.master is not None:
        world.master.allocator.wake()


def _slow(world: World, fault: Fault) -> bool:
    """Packets are lost and sent again, in one direction only."""
    agent = _agent(world, fault)
    if agent is None or not agent.up:
        return False
    pipe = agent.to_master if int(fault.value * 10) % 2 else agent.from_master
    pipe.hold()
    # What is slower than that an operation cannot be told from one that was lost: see the docs.
    longest = SLOWEST_OPERATION if world.plan.changes else 60.0
    world.clock.after(min(fault.value, longest), pipe.release)
    return True


def _drops_launch(world: World, fault: Fault) -> bool:
    agent = _agent(world, fault)
    if agent is not None:
        agent.drop_launches += 1
    return False


def _loses_launch(world: World, fault: Fault) -> bool:
    agent = _agent(world, fault)
    if agent is not None:
        agent.lose_launches.append(fault.value)
    return False


def _loses_operation(world: World, fault: Fault) -> bool:
    agent = _agent(world, fault)
    if agent is not None:
        # The master finds out by its pings, if the agent does not.
        agent.operations.lose.append(min(fault.value, 60.0))
    return False


def _sends_again(world: World, fault: Fault) -> bool:
    agent = _agent(world, fault)
    if agent is not None:
        agent.send_twice += 1
    return False


def _kills_task(world: World, fault: Fault) -> bool:
    agent = _agent(world, fault)
    if agent is not None:
        agent.kill_next += 1
    return False


def _stream_breaks(world: World, fault: Fault) -> bool:
    if world.stream is None:
        return False
    world.break_stream("the connection broke", min(fault.value, 100.0))
    return True


def _half_open(world: World, fault: Fault) -> bool:
    if world.process is None or world.stream is None:
        return False
    world.process.subscription.go_deaf()
    return True


def _stalls(world: World, fault: Fault) -> bool:
    if world.stream is None:
        return False
    pipe = world.stream.pipe
    pipe.hold()
    world.clock.after(min(fault.value, 60.0), pipe.release)
    return True


def _master_fails(world: World, fault: Fault) -> bool:
    if world.master is None:
        return False
    world.fail_master(min(fault.value, 90.0))
    return True


def _rescind(world: World, fault: Fault) -> bool:
    if world.master is None:
        return False
    world.master.allocator.rescind_next = True
    return False


def _framework_removed(world: World, fault: Fault) -> bool:
    master = world.master
    if master is None or not master.frameworks:
        return False
    for framework in list(master.frameworks.values()):
        sim_calls.remove_framework(master, framework)
    return True


def _crash(world: World, fault: Fault) -> bool:
    if world.process is None or not world.process.alive:
        return False
    world.process_crashed(world.process, fault.value)
    return True


def _engine_stalls(world: World, fault: Fault) -> bool:
    if world.process is None or not world.process.alive:
        return False
    world.process.stall(fault.value)
    return True


def _cancel(world: World, fault: Fault) -> bool:
    if world.process is None or not world.process.alive:
        return False
    world.process.post(ev.CancelAsked(ExitCode.INTERRUPTED))
    return True


def _detach(world: World, fault: Fault) -> bool:
    if world.process is None or not world.process.alive:
        return False
    world.process.post(ev.DetachAsked(ExitCode.INTERRUPTED))
    return True


def _abandon(world: World, fault: Fault) -> bool:
    if world.process is None or not world.process.alive:
        return False
    world.process.abandon()
    return True


_HANDLERS: dict[str, Callable[[World, Fault], bool]] = {
    "agent_away": _away,
    "agent_socket_breaks": _socket_breaks,
    "agent_restart": _restart,
    "agent_dies": _dies,
    "agent_gone": _gone,
    "agent_unregisters": _unregisters,
    "agent_drains": _drains,
    "agent_slow": _slow,
    "agent_drops_launch": _drops_launch,
    "agent_never_gets_launch": _loses_launch,
    "agent_never_gets_operation": _loses_operation,
    "agent_sends_update_twice": _sends_again,
    "agent_kills_task": _kills_task,
    "executor_dies": _executor_dies,
    "executor_out_of_memory": _out_of_memory,
    "executor_cannot_start": _executor_cannot_start,
    "stream_breaks": _stream_breaks,
    "stream_half_open": _half_open,
    "stream_stalls": _stalls,
    "master_fails": _master_fails,
    "offers_rescinded": _rescind,
    "framework_removed": _framework_removed,
    "crash": _crash,
    "engine_stalls": _engine_stalls,
    "cancel": _cancel,
    "detach": _detach,
    "abandon": _abandon,
}
