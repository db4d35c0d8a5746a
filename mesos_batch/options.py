"""How to run a batch, as a value; and the part of it that a journal may keep."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mesos_batch.config.masters import parse_master
from mesos_batch.config.secret import Secret
from mesos_batch.errors import UsageError
from mesos_batch.local.options import LocalOptions
from mesos_batch.model.constraint_text import constraint_of, words_of
from mesos_batch.model.limit import Limit

if TYPE_CHECKING:
    from mesos_batch.journal import Json
    from mesos_batch.model.scheduling import Constraint

WEEK = 7 * 24 * 3600.0
# Enough for a reconnection; nobody comes back for a run that is kept nowhere.
TEN_MINUTES = 600.0
_NEVER_KEPT = ("master", "secret", "token")
_PATHS = ("cacert", "client_cert", "client_key")
_KEPT_OF_LOCAL = ("agents", "cpus", "mem", "disk", "gpus", "attributes")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run a batch. Times are seconds.

    ``master`` is ``local`` for the embedded cluster, else as ``config.masters`` describes.
    A ``token`` is shown instead of principal and secret, in the way ``auth_scheme`` says
    (``token`` or ``bearer``). Over TLS the certificates in ``cacert`` are trusted, by default those
    the system trusts; ``client_cert`` and ``client_key`` are ours.
    ``user`` is who the tasks run as, by default the user of this process. ``max_attempts`` is
    how often a task that fails by itself is tried, ``max_failures`` how many tasks may fail
    before the run is stopped; without ``keep_going`` nothing but ``always`` tasks is launched after
    the first one. ``constraints`` are those of every task, beside its own;
    ``max_running`` is how many tasks may run at one time; ``executor`` is one of ``auto``,
    ``command``, ``pool``; ``revive_interval`` is the least time between two requests for offers.
    ``unplaceable_timeout`` ``None`` means five minutes, and no waiting
    on the embedded cluster, whose agents are fixed. ``volume_timeout`` is how long changes of
    reservations and volumes wait for an offer or for word of them. ``failover_timeout`` is how
    long the cluster keeps the tasks when nobody drives the run; ``None`` means a week, or ten
    minutes for a run without a journal, which nobody can take up. ``local`` sizes the embedded
    cluster. ``output_dir`` is where what the tasks wrote is collected, an absolute path; see
    :mod:`mesos_batch.sandboxes`.
    """

    master: str
    framework_name: str = "mesos-batch instance"
    role: str = "*"
    user: str | None = None
    principal: str | None = None
    secret: Secret | None = None
    token: Secret | None = None
    auth_scheme: str = "token"
    cacert: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None
    content_type: str = "protobuf"
    framework_capabilities: tuple[str, ...] = ()
    checkpoint: bool = False
    partition_aware: bool = True
    failover_timeout: float | None = None
    max_attempts: int = 1
    max_failures: Limit | None = None
    keep_going: bool = True
    constraints: tuple[Constraint, ...] = ()
    max_running: int | None = None
    executor: str = "auto"
    revive_interval: float = 0.02
    kill_after: float | None = None
    staging_timeout: float = 900.0
    unplaceable_timeout: float | None = None
    unreachable_timeout: float = 900.0
    volume_timeout: float = 300.0
    output_dir: str | None = None
    local: LocalOptions = field(default_factory=LocalOptions)

    def __post_init__(self) -> None:
        """Take credentials out of the address, so that it can be shown.

        Raises:
            UsageError: ``master`` is no address.
        """
        try:
            object.__setattr__(self, "master", parse_master(self.master))
        except ValueError as error:
            raise UsageError(str(error)) from None


@dataclass(frozen=True, slots=True)
class Keep:
    """Keep a run in a journal, so that it can be resumed and looked at by other programs.

    ``state_dir`` ``None`` is where this platform keeps state; ``source`` names the task list.
    """

    state_dir: Path | None = None
    source: str = ""


def settled(options: RunOptions, *, kept: bool) -> RunOptions:
    """The options with what the user left to us; ``kept`` is whether the run has a journal."""
    timeout = options.failover_timeout
    if timeout is None:
        timeout = WEEK if kept else TEN_MINUTES
    return replace(options, user=options.user or local_user(), failover_timeout=timeout)


def local_user() -> str:
    """The user of this process, as a name where it has one."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        # A container may run as a number without a name.
        return str(os.getuid()) if hasattr(os, "getuid") else "nobody"


def to_json(options: RunOptions) -> dict[str, Json]:
    """What a resumption needs to know of the options; no secret is among it."""
    kept: dict[str, Json] = {}
    for item in fields(options):
        value = getattr(options, item.name)
        if item.name in _NEVER_KEPT:
            continue
        if isinstance(value, Limit):
            value = str(value)
        elif isinstance(value, Path):
            value = str(value.absolute())
        elif item.name == "constraints":
            value = [words_of(constraint) for constraint in value]
        elif isinstance(value, LocalOptions):
            value = {name: getattr(value, name) for name in _KEPT_OF_LOCAL}
        kept[item.name] = value
    return kept


def from_json(master: str, kept: Mapping[str, Any]) -> RunOptions:
    """The options a run began with, but for its secret."""
    known = {item.name for item in fields(RunOptions)}
    values = {name: value for name, value in kept.items() if name in known}
    values["framework_capabilities"] = tuple(values.get("framework_capabilities", ()))
    values["constraints"] = tuple(map(constraint_of, values.get("constraints", ())))
    for name in _PATHS:
        if values.get(name) is not None:
            values[name] = Path(values[name])
    if values.get("max_failures") is not None:
        values["max_failures"] = Limit.parse(values["max_failures"])
    if "local" in values:
        local = dict(values["local"])
        local["attributes"] = tuple(local.get("attributes", ()))
        values["local"] = replace(LocalOptions(), **local)
    return RunOptions(master=master, **values)
