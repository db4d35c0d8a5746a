"""What an agent is called in a sentence."""

from __future__ import annotations

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def agent_name(agent_id: str | None, hostname: str | None) -> str:
    """Its host, or its number when all agents are on this machine.

    A master numbers its agents: the id of the second one ends in ``-S1``.
    """
    if agent_id and hostname in (None, "", *_LOOPBACK):
        return agent_id.rpartition("-")[2]
    return hostname or ""
