"""Where the disks of an agent are, and the directories of the volumes on them.

    disk                     volume V of role R
    the agent's own          WORK_DIR/volumes/roles/R/V
    PATH with a root         ROOT/volumes/roles/R/V
    MOUNT with a root        ROOT, which stays when the volume is destroyed, but empty

A root that is not absolute is below the work directory.
Source: ``src/slave/paths.cpp`` (``getPersistentVolumePath``).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mesos_batch.errors import UsageError
from mesos_batch.local.agent import sandbox
from mesos_batch.model.resource import DiskSourceType, Resource
from mesos_batch.model.resources import Resources
from mesos_batch.protocol import values


class Disks:
    """The disks of one agent; with ``shares_roots`` other agents are given the same ones."""

    def __init__(self, work_dir: Path, *, shares_roots: bool = False) -> None:
        self._work_dir = work_dir
        self._shares_roots = shares_roots
        self._mounts: set[Path] = set()

    def place(self, resource: Resource) -> Resource:
        """The resource as this agent has it: a root that others have too gets a part for each.

        Raises:
            UsageError: the root of a MOUNT disk has something that must not be removed.
        """
        disk = resource.disk
        if disk is None or disk.source is None or disk.source.root is None:
            return resource
        source = disk.source
        root = Path(disk.source.root)
        if self._shares_roots and root.is_absolute():
            root = root / self._work_dir.name
            source = replace(source, root=str(root))
        if source.type is DiskSourceType.MOUNT:
            self._check_mount(self._work_dir / root)
        return replace(resource, disk=replace(disk, source=source))

    def make_roots(self, resources: Resources) -> None:
        """Make the roots that are not there. Blocks.

        Raises:
            UsageError: one cannot be made.
        """
        for resource in resources:
            root = self._root(resource)
            if root is None:
                continue
            try:
                root.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UsageError(
                    f"the disk {root} cannot be made: {error.strerror}",
                    "Choose a root for it where you may write.",
                ) from None

    def directory(self, volume: Resource) -> Path:
        """Where the data of a persistent volume is."""
        assert volume.disk is not None
        assert volume.disk.persistence_id is not None
        root = self._root(volume) or self._work_dir
        if _is_mount(volume):
            return root
        # A slash in a hierarchical role would be a folder; Mesos writes a space instead.
        role = (volume.reservation_role or values.UNRESERVED_ROLE).replace("/", " ")
        return root / "volumes" / "roles" / role / volume.disk.persistence_id

    def remove(self, volume: Resource) -> None:
        """Remove the data of a volume. Blocks."""
        directory = self.directory(volume)
        if _is_mount(volume):
            sandbox.empty_tree(directory)
        else:
            sandbox.remove_tree(directory)

    def _root(self, resource: Resource) -> Path | None:
        source = resource.disk.source if resource.disk is not None else None
        if source is None or source.root is None:
            return None
        return self._work_dir / source.root

    def _check_mount(self, root: Path) -> None:
        """A MOUNT disk is emptied with its volume, so nothing else may be there."""
        root = root.resolve()
        for other, what in ((self._work_dir, "the work directory"), (_home(), "your home")):
            if other.resolve().is_relative_to(root):
                raise UsageError(
                    f"{what} is in the MOUNT disk {root}, and DESTROY of its volume empties it",
                    "Give the disk a directory of its own.",
                )
        if root in self._mounts:
            raise UsageError(
                f"{root} is the root of two MOUNT disks", "Give each a directory of its own."
            )
        self._mounts.add(root)


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:  # somebody without a name
        return Path()


def _is_mount(resource: Resource) -> bool:
    source = resource.disk.source if resource.disk is not None else None
    return source is not None and source.type is DiskSourceType.MOUNT
