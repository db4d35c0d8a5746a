"""A wrong secret: exit code 4, a sentence that says what to do, and no trace of the secret."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
from local.cluster_processes import Scene, scene
from program import running, task, write

__all__ = ["scene"]
SECRET = "wr0ng-and-secret"


@pytest.mark.parametrize("detached", [False, True], ids=["attached", "detached"])
def test_a_wrong_secret_ends_with_4_and_is_written_nowhere(
    *, detached: bool, tmp_path: Path, scene: Scene
) -> None:
    master = scene.start("master", "--agents=1").ready()
    secret_file = tmp_path / "wrong"
    secret_file.write_text(SECRET)
    secret_file.chmod(0o600)
    listed = write(tmp_path / "list.json", task("t", "true"))

    with running(
        f"--master={master.master}",
        f"--task_list={listed}",
        "--principal=somebody",
        f"--secret_file={secret_file}",
        "--verbose",
        *(["--detach"] if detached else []),
        cwd=tmp_path,
    ) as process:
        seen: set[str] = set()
        while process.poll() is None:
            seen |= command_lines(process.pid)
        output, errors = process.communicate(timeout=60)

    assert process.returncode == 4, errors
    assert "does not accept principal 'somebody' with the secret given" in errors
    assert "check both" in errors
    assert any("--secret_file" in line for line in seen)
    assert SECRET not in output + errors + "".join(seen)
    kept = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert any(path.name == "journal.sqlite" for path in kept)
    assert not [path for path in kept if SECRET.encode() in path.read_bytes()]


def command_lines(pid: int) -> set[str]:
    """What ``ps`` shows of a process and its children, as far as they are still there."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return {" ".join(member.cmdline()) for member in family}
    except psutil.NoSuchProcess:
        return set()
