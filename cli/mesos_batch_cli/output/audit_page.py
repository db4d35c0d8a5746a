"""The audit of volumes and reservations, with what to do about each finding."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mesos_batch.model.resource_text import in_few_words
from mesos_batch.volumes import Finding, Standing
from mesos_batch_cli.output.streams import Paint
from mesos_batch_cli.output.table import table
from mesos_batch_cli.output.text import agent_name

_COLUMNS = ("STANDING", "VOLUME", "AGENT", "ROLE", "RESOURCES", "RUN")
_ORDER = (Standing.ORPHAN, Standing.GONE, Standing.LIVE, Standing.FOREIGN)


def audit_page(
    findings: Sequence[Finding],
    paint: Paint,
    width: int | None,
    *,
    resume: Callable[[str], str],
    destroy: Callable[[str], str],
) -> list[str]:
    """What needs attention first, then the rest, then remedies and a count.

    ``resume`` gives the command line that goes on with a run, ``destroy`` the one that destroys
    what a flag names.
    """
    ordered = sorted(findings, key=lambda finding: _ORDER.index(finding.standing))
    rows = [
        (
            item.standing.value,
            item.volume_id or "",
            agent_name(item.agent_id, item.hostname),
            item.role,
            in_few_words(item.resources),
            item.run_id or "",
        )
        for item in ordered
    ]
    colors: dict[Standing, Callable[[str], str]] = {
        Standing.ORPHAN: paint.doubtful,
        Standing.GONE: paint.bad,
        Standing.FOREIGN: paint.dim,
    }
    lines = table(
        _COLUMNS,
        rows,
        paint,
        width,
        color=lambda index: colors.get(ordered[index].standing),
        notes=[item.note for item in ordered],
    )
    remedies = list(_remedies(ordered, resume, destroy))
    if remedies:
        lines += ["", *remedies]
    counts = [
        f"{sum(item.standing is standing for item in findings)} {standing.value}"
        for standing in Standing
    ]
    return [*lines, "", paint.bold(", ".join(counts))]


def _remedies(
    findings: Sequence[Finding], resume: Callable[[str], str], destroy: Callable[[str], str]
) -> Iterator[str]:
    halfway: dict[str, bool] = {}
    for item in findings:
        if item.standing is Standing.ORPHAN and item.run_id is not None:
            halfway[item.run_id] = item.resumable
    for run_id, resumable in sorted(halfway.items()):
        yield f"run {run_id} left something halfway"
        if resumable:
            yield f"  to go on with it:  {resume(run_id)}"
        yield f"  to undo it:        {destroy(f'--run={run_id}')}"
    for agent_id in sorted({item.agent_id for item in findings if item.away}):
        yield f"agent {agent_id} is away"
        yield f"  if it is gone for good:  {destroy(f'--forget_agent={agent_id}')}"


def finding_fields(finding: Finding) -> dict[str, Any]:
    """A finding for programs."""
    return {
        "standing": finding.standing.value,
        "volume_id": finding.volume_id,
        "agent_id": finding.agent_id,
        "hostname": finding.hostname,
        "role": finding.role,
        "resources": in_few_words(finding.resources),
        "run_id": finding.run_id,
        "note": finding.note,
    }
