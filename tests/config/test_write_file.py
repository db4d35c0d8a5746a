"""A file of the user is the old or the new, and nobody else's to read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from mesos_batch.config.write_file import write_private
from mesos_batch.whole_file import whole_file


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def write_half(path: Path) -> None:
    with whole_file(path) as file:
        file.write(b"half of")
        raise KeyboardInterrupt


@pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
def test_a_new_file_is_private_and_an_old_one_keeps_its_permissions(tmp_path: Path) -> None:
    new, old = tmp_path / "made" / "new", tmp_path / "old"
    old.write_text("old", encoding="utf-8")
    old.chmod(0o664)

    write_private(new, "ä\n")
    write_private(old, "ä\n")

    assert (mode_of(new), mode_of(new.parent), mode_of(old)) == (0o600, 0o700, 0o664)
    assert new.read_bytes() == old.read_bytes() == "ä\n".encode()


def test_what_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_text("old", encoding="utf-8")

    with pytest.raises(KeyboardInterrupt):
        write_half(old)

    assert list(tmp_path.iterdir()) == [old]
    assert old.read_text(encoding="utf-8") == "old"
