"""Questions to the operator API of a master."""

from __future__ import annotations

import requests

from mesos_batch.engine.events import AgentsListed
from mesos_batch.protocol.operator import agents_from_slaves
from mesos_batch.transport.http import CONNECT_SECONDS, Login, new_session

_ANSWER_SECONDS = 30.0


def list_agents(master: str, login: Login | None) -> AgentsListed | None:
    """Ask for the agents; ``None`` when the master does not tell us, which is its right.

    ``master`` is the base URL of the leader.
    """
    try:
        with new_session(login, master) as session:
            response = session.get(
                f"{master}/slaves",
                allow_redirects=False,
                timeout=(CONNECT_SECONDS, _ANSWER_SECONDS),
            )
            if response.status_code != 200:
                return None
            return agents_from_slaves(response.content)
    except (requests.RequestException, ValueError):
        return None
