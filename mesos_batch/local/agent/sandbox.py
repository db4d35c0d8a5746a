"""Where an executor's files are, and the environment its commands see.

Layout: ``work_dir/slaves/A/frameworks/F/executors/E/runs/C`` and a link ``latest`` beside the
runs. Source: ``src/slave/paths.cpp``, ``executorEnvironment`` in ``src/slave/slave.cpp``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mesos_batch.local.agent.process import Account
from mesos_batch.model.duration import format_duration

if TYPE_CHECKING:
    from mesos_batch._pb.mesos.v1 import mesos_pb2 as pb

LATEST = "latest"
SANDBOXES = "slaves"
SHUTDOWN_GRACE_PERIOD = 5.0


class LaunchError(Exception):
    """A container cannot be launched; the text ends up in the task's status."""


@dataclass(frozen=True, slots=True)
class VolumeMount:
    """A persistent volume in a sandbox: under which name, and where it is really.

    ``read_only`` is for Docker; a link cannot be.
    """

    name: str
    directory: Path
    read_only: bool = False


def run_directory(
    work_dir: Path, agent_id: str, framework_id: str, executor_id: str, container_id: str
) -> Path:
    """The sandbox of one run of an executor."""
    return (
        work_dir
        / SANDBOXES
        / agent_id
        / "frameworks"
        / framework_id
        / "executors"
        / executor_id
        / "runs"
        / container_id
    )


def virtual_directory(framework_id: str, executor_id: str) -> str:
    """The short path of the latest run in the files API."""
    return f"/frameworks/{framework_id}/executors/{executor_id}/runs/{LATEST}"


def create(directory: Path, account: Account | None, user: str) -> None:
    """Make a sandbox with empty ``stdout`` and ``stderr``, owned by the task's user.

    Raises:
        LaunchError: it cannot be made.
    """
    try:
        directory.mkdir(parents=True, mode=0o750)
        for name in ("stdout", "stderr"):
            (directory / name).touch(mode=0o644)
        if account is not None:
            for path in (directory, directory / "stdout", directory / "stderr"):
                give_to(path, account)
    except OSError as error:
        reason = error.strerror or str(error)
        raise LaunchError(
            f"Failed to create executor directory '{directory}' for user '{user}': {reason}"
        ) from None


def link_latest(directory: Path) -> None:
    """Point ``latest`` to this run. Windows may not let us; the agent remembers it anyway."""
    latest = directory.parent / LATEST
    with contextlib.suppress(OSError):
        latest.unlink(missing_ok=True)
        latest.symlink_to(directory, target_is_directory=True)


def link_directory(target: Path, link: Path) -> None:
    """Link a directory into a sandbox: a symbolic link, or a junction on Windows.

    Raises:
        LaunchError: something else is there already.
    """
    if link.is_symlink() and link.readlink() == target:
        return
    try:
        if sys.platform == "win32":
            import _winapi

            _winapi.CreateJunction(str(target), str(link))
        else:
            link.symlink_to(target, target_is_directory=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise LaunchError(
            f"Failed to symlink persistent volume from '{target}' to '{link}': {reason}"
        ) from None


def account_of(user: str, *, required: bool) -> Account | None:
    """The account to switch to, ``None`` to stay what we are.

    Only root can switch. As somebody else we run everything as ourselves, as an agent with
    ``--no-switch_user``, but for a command that names its user (``required``).

    Raises:
        LaunchError: there is no such user, or we are not allowed to become one.
    """
    if sys.platform == "win32" or not user:
        return None
    import pwd

    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        if os.geteuid() != 0 and not required:
            return None
        raise LaunchError(f"Failed to get user information for '{user}'") from None
    if entry.pw_uid == os.geteuid():
        return None
    if os.geteuid() != 0:
        if required:
            raise LaunchError(f"Failed to run as user '{user}': the local cluster is not root")
        return None
    groups = tuple(os.getgrouplist(user, entry.pw_gid))
    return Account(entry.pw_uid, entry.pw_gid, groups)


class NoContainerizerError(Exception):
    """No containerizer of the agent takes a container; the text says why."""


@dataclass(frozen=True, slots=True)
class AgentNames:
    """What an agent's executors are told about it."""

    agent_id: str
    endpoint: str

    @property
    def pid(self) -> str:
        """The libprocess address of the agent."""
        return f"slave(1)@{self.endpoint}"


def inherited_environment() -> dict[str, str]:
    """Our own environment without what belongs to Mesos programs."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MESOS_", "LIBPROCESS_"))
    }


def executor_environment(
    names: AgentNames,
    framework: pb.FrameworkInfo,
    executor_id: str,
    directory: Path,
    shutdown_grace_period: float,
) -> dict[str, str]:
    """What an executor finds in its environment beside what it inherits."""
    environment = {
        "LIBPROCESS_PORT": "0",
        "MESOS_FRAMEWORK_ID": framework.id.value,
        "MESOS_EXECUTOR_ID": executor_id,
        "MESOS_DIRECTORY": str(directory),
        "MESOS_SANDBOX": str(directory),
        "MESOS_SLAVE_ID": names.agent_id,
        "MESOS_SLAVE_PID": names.pid,
        "MESOS_AGENT_ENDPOINT": names.endpoint,
        "MESOS_CHECKPOINT": "1" if framework.checkpoint else "0",
        "MESOS_HTTP_COMMAND_EXECUTOR": "0",
        "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD": format_duration(shutdown_grace_period),
    }
    if framework.checkpoint:
        environment["MESOS_RECOVERY_TIMEOUT"] = "15mins"
        environment["MESOS_SUBSCRIPTION_BACKOFF_MAX"] = "2secs"
    return environment


def command_variables(command: pb.CommandInfo) -> dict[str, str]:
    """The variables a command sets; values of secrets by value are decoded.

    Raises:
        LaunchError: a secret is a reference, which needs a secret resolver.
    """
    variables: dict[str, str] = {}
    for variable in command.environment.variables:
        if variable.type == variable.SECRET:
            if not variable.secret.HasField("value"):
                raise LaunchError(
                    f"Failed to resolve secret of environment variable '{variable.name}': "
                    "only secrets by value are supported"
                )
            variables[variable.name] = variable.secret.value.data.decode("utf-8", "surrogateescape")
        else:
            variables[variable.name] = variable.value
    return variables


def allocation_role(resources: Iterable[pb.Resource]) -> str:
    """The role of a task's resources; all have the same."""
    first = next(iter(resources), None)
    return first.allocation_info.role if first is not None else ""


def give_to(path: Path, account: Account) -> None:
    """Make the task's user the owner of a file or directory."""
    if sys.platform != "win32":
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def append_line(path: Path, line: str) -> None:
    """Write a line of explanation at the end of a sandbox file; failing is no harm."""
    with contextlib.suppress(OSError), path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def remove_tree(path: Path) -> None:
    """Remove a directory with all below it, whatever is in the way."""
    shutil.rmtree(path, ignore_errors=True)


def empty_tree(path: Path) -> None:
    """Remove all that is below a directory, and leave it."""
    with contextlib.suppress(OSError):
        for child in path.iterdir():
            if child.is_dir() and not child.is_symlink():
                remove_tree(child)
            else:
                child.unlink(missing_ok=True)
