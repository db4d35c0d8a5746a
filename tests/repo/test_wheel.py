"""The wheel holds what a user needs and nothing else, and works where it is installed."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from email import message_from_string
from pathlib import Path

import pytest
from mesos_batch_cli.topics import TOPICS

import mesos_batch

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.xdist_group("wheel")


def run(*command: str | Path, **environment: str) -> str:
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, **environment},
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    options = ("--quiet", "--no-index", "--no-deps", "--target", folder)
    run(sys.executable, "-m", "pip", "install", *options, wheel)
    return folder


def test_help_topics_and_the_manual_page_are_in_it(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {f"mesos_batch_cli/docs/{topic}.md" for topic in TOPICS} == {
        name for name in names if name.startswith("mesos_batch_cli/docs/")
    }
    data = f"mesos_batch-{mesos_batch.__version__}.data/data"
    assert f"{data}/share/man/man1/mesos-batch.1" in names


def test_holds_the_three_packages_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    info = f"mesos_batch-{mesos_batch.__version__}.dist-info"
    assert {name.split("/")[0] for name in names} == {
        "mesos_batch",
        "mesos_batch_cli",
        "mesos_batch_gui",
        info,
        info.replace(".dist-info", ".data"),
    }
    assert "mesos_batch/py.typed" in names
    assert f"{info}/licenses/LICENSE" in names
    assert {Path(name).suffix for name in names if not name.startswith(info)} <= {
        ".py",
        ".pyi",
        ".typed",
        ".md",  # help topics
        ".1",  # the manual page
        # The page of a report.
        ".css",
        ".html",
        ".js",
    }


def test_holds_each_module_of_the_source(wheel: Path) -> None:
    sources = {
        path.relative_to(parent).as_posix()
        for parent, package in (
            (ROOT, "mesos_batch"),
            (ROOT / "cli", "mesos_batch_cli"),
            (ROOT / "gui", "mesos_batch_gui"),
        )
        for path in (parent / package).rglob("*.py")
    }
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".py")}
    assert packed == sources


def test_a_report_finds_its_page_where_it_is_installed(site: Path) -> None:
    folder = site / "mesos_batch" / "reports" / "html"
    names = {path.name for path in folder.iterdir() if path.suffix != ".py"}
    assert names - {"__pycache__"} == {"report.html", "report.css", "report.js"}


def test_its_metadata(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = (item for item in archive.namelist() if item.endswith(".dist-info/METADATA"))
    metadata = message_from_string(archive.read(name).decode())
    assert metadata["Name"] == "mesos-batch"
    assert metadata["Version"] == mesos_batch.__version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert not any("pytest" in item for item in metadata.get_all("Requires-Dist", []))


def test_runs_where_it_is_installed(site: Path) -> None:
    # Outside of the repository, or the sources would be found first.
    code = f"import os; os.chdir({str(site)!r}); import mesos_batch; print(mesos_batch.__file__)"
    found = run(sys.executable, "-c", code, PYTHONPATH=str(site))
    assert Path(found.strip()).is_relative_to(site)
    (script,) = (site / "bin").glob("mesos-batch*")
    said = run(script, "--version", PYTHONPATH=str(site))
    assert said == f"mesos-batch {mesos_batch.__version__}\n"
