"""What the operator API of a master tells."""

from __future__ import annotations

import json
from typing import Any

from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb
from mesos_batch.engine.events import AgentsListed, AgentTotal
from mesos_batch.model.resources import Resources
from mesos_batch.protocol import json_dialect
from mesos_batch.protocol.values import resource_from


def agents_from_slaves(body: bytes) -> AgentsListed:
    """Read ``GET /slaves``: every agent that can be offered, with all its resources.

    Raises:
        ValueError: the body is not what a master answers.
    """
    try:
        slaves = json.loads(body)["slaves"]
        return AgentsListed(tuple(_total(slave) for slave in slaves if _is_offered(slave)))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"/slaves cannot be read: {error!r}") from None


def _is_offered(slave: dict[str, Any]) -> bool:
    return bool(slave.get("active", True)) and not slave.get("deactivated", False)


def _total(slave: dict[str, Any]) -> AgentTotal:
    full = [
        *slave.get("unreserved_resources_full", []),
        *(item for part in slave.get("reserved_resources_full", {}).values() for item in part),
    ]
    resources = Resources(
        resource_from(json_dialect.from_value(item, pb.Resource)).allocated_to(None)
        for item in full
    )
    return AgentTotal(slave["id"], slave["hostname"], resources)
