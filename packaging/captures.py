"""Makes the pictures of terminals in docs/images: runs the program in tmux, as a user would.

Needs tmux, and nothing else that is not in .venv. The cluster is a local one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
PROMPT = "\x1b[32m$\x1b[0m "


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture: what is typed, how large the terminal is, when to look.

    ``after`` seconds the screen is taken as it is; ``None`` waits for the end of the command.
    ``beside`` is another command that runs meanwhile.
    """

    name: str
    command: str
    columns: int = 100
    rows: int = 30
    after: float | None = None
    beside: str | None = None


def main() -> None:
    """Take every picture, or those that are named."""
    named = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "tiles.json").write_text(json.dumps({"tasks": list(_tiles())}), encoding="utf-8")
        shutil.copytree(ROOT / "examples", work / "examples")
        with _cluster(work) as connection:
            for scene in SCENES:
                if not named or scene.name in named:
                    _take(scene, work, connection)
                    print(f"docs/images/{scene.name}.svg")


SCENES = (
    Scene("help", "mesos-batch help", rows=60),
    Scene("live", "mesos-batch run tiles.json --max_attempts=2", rows=34, after=9.0),
    Scene("failures", "mesos-batch run examples/failing.json --quiet", rows=40),
    Scene(
        "agents", "mesos-batch agents", columns=112, rows=12, beside="mesos-batch run tiles.json"
    ),
)


def _tiles() -> Iterator[dict[str, object]]:
    """Some tasks that take a while, some that fail in the same way, one that fits nowhere."""
    for number in range(90):
        command = f"sleep {1 + number * 7 % 5}"
        if number % 11 == 4:
            command += "; echo 'no such band: B13' >&2; exit 3"
        yield _task(f"fmask_S2_33UUU_{number:02}", command, 1, 256)
    yield _task("mosaic_earth_2017", "true", 99, 512)


def _task(name: str, command: str, cpus: float, mem: float) -> dict[str, object]:
    amounts = {"cpus": cpus, "mem": mem}
    return {
        "name": name,
        "task_id": {"value": name},
        "command": {"value": command},
        "resources": [
            {"name": key, "type": "SCALAR", "scalar": {"value": value}}
            for key, value in amounts.items()
        ],
    }


@contextmanager
def _cluster(work: Path) -> Iterator[dict[str, str]]:
    """A local cluster, and the variables by which a command finds it."""
    command = [sys.executable, "-m", "mesos_batch_cli", "local", "--json", "--no-authenticate"]
    attributes = "--attributes=rack:r1;ssd:true"
    with subprocess.Popen([*command, attributes], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        text = ""
        while not text.endswith("}\n"):
            text += process.stdout.readline()
        try:
            yield {
                "MESOS_MASTER": json.loads(text)["master"],
                "MESOS_BATCH_STATE_DIR": str(work / "state"),
            }
        finally:
            process.terminate()


def _take(scene: Scene, work: Path, connection: dict[str, str]) -> None:
    done = work / f"{scene.name}.done"
    # A shell may begin with a PATH of its own.
    path = f"PATH={Path(sys.executable).parent}{os.pathsep}$PATH"
    beside = f"{scene.beside} >/dev/null 2>&1 & sleep 3;" if scene.beside else ""
    shell = f"{path}; {beside} {scene.command}; touch {done}; sleep 60"
    socket = f"captures-{os.getpid()}"
    variables = [f"-e{name}={value}" for name, value in connection.items()]
    size = ("-x", str(scene.columns), "-y", str(scene.rows))
    _tmux(socket, "-f/dev/null", "new-session", "-d", *size, *variables, "-c", str(work), shell)
    try:
        if scene.after is not None:
            time.sleep(scene.after)
        else:
            while not done.exists():
                time.sleep(0.1)
            time.sleep(0.3)
        screen = _tmux(socket, "capture-pane", "-pe", "-S-200")
    finally:
        _tmux(socket, "kill-server")
    _draw(scene, screen.rstrip())


def _tmux(socket: str, *arguments: str) -> str:
    command = ("tmux", "-L", socket, *arguments)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _draw(scene: Scene, screen: str) -> None:
    typed = f"{PROMPT}\x1b[1m{scene.command}\x1b[0m\n"
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, file=nowhere, width=scene.columns, force_terminal=True)
        console.print(Text.from_ansi(typed + screen), soft_wrap=False)
    svg = console.export_svg(title="mesos-batch", theme=MONOKAI, unique_id=scene.name)
    # The fonts are on the web: a picture of ours fetches nothing.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: Fira Code, monospace", "font-family: monospace", svg)
    (IMAGES / f"{scene.name}.svg").write_text(svg, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
