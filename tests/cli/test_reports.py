"""``--report`` and ``mesos-batch report``: files a run leaves, and those made of it later."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import psutil
import pytest
from held_list import Held, info_of, killed_run, wait_until_all_run
from program import Program, running, task, write

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the tasks are for a POSIX shell")


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    return write(tmp_path / "list.json", task("good", "true"), task("bad", "exit 3"))


def on(master: str, *flags: str) -> tuple[str, ...]:
    return ("run", "list.json", f"--master={master}", "--quiet", *flags)


def test_a_run_leaves_its_reports_and_the_same_are_made_later(
    mesos_batch: Program, master: str, listed: Path, tmp_path: Path
) -> None:
    names = ("run.html", "run.xml", "run.csv", "run.json", "run.joblog", "run.trace")

    ran = mesos_batch(
        *on(master, "--report=run.html;run.xml", *(f"--report={n}" for n in names[2:]))
    )
    left = {name: (tmp_path / name).read_bytes() for name in names}
    made = mesos_batch("report", *(f"--report=later-{name}" for name in names))

    assert ran.returncode == 1
    assert "report in run.html" in ran.stderr
    assert made.returncode == 0
    assert made.stdout == ""
    for name in names:
        assert (tmp_path / f"later-{name}").read_bytes() == left[name]
    assert b"1 of 2 tasks finished, 1 failed" in left["run.html"]
    agents = json.loads(left["run.json"])["agents"]
    assert [agent["cpus"] for agent in agents] == [4.0, 4.0]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["list.json", "state", *names, *(f"later-{name}" for name in names)]
    )


def test_a_report_can_go_to_standard_output(
    mesos_batch: Program, master: str, listed: Path
) -> None:
    mesos_batch(*on(master))

    done = mesos_batch("report", "last", "--report=csv:-")

    assert done.returncode == 0
    assert done.stdout.startswith("task,attempt,phase,")
    assert done.stderr == ""


def test_what_could_not_be_written_is_told_before_anything_runs(
    mesos_batch: Program, listed: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.html").mkdir()

    missing = mesos_batch(*on("local", "--report=nowhere/run.html"))
    directory = mesos_batch(*on("local", "--report=a.html"))
    long = mesos_batch(*on("local", f"--report={'long' * 100}.html"))
    stdout = mesos_batch(*on("local", "--report=csv:-"))
    unkept = mesos_batch(*on("local", "--report=run.csv", "--no-journal"))

    for done in (missing, directory, long, stdout, unkept):
        assert (done.returncode, done.stdout) == (2, "")
    assert "the report nowhere/run.html cannot be written: No such file" in missing.stderr
    assert "the report a.html cannot be written: it is a directory" in directory.stderr
    assert "long.html cannot be written: File name too long" in long.stderr
    assert "mesos-batch report --report=csv:-" in stdout.stderr
    assert "--report needs the journal" in unkept.stderr
    assert not (tmp_path / "state").exists()


def test_a_report_that_fails_in_the_end_leaves_the_exit_code(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    flags = held.on(master, "--report=reports/run.html")
    with running(*flags, cwd=tmp_path) as process:
        wait_until_all_run(process)
        folder.rmdir()
        held.let_go()
        _, told = process.communicate()

    assert process.returncode == 0
    assert "the report reports/run.html cannot be written" in told
    assert "mesos-batch report 2" in told


def test_a_resumed_run_leaves_its_report(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    killed_run(master, held, tmp_path)
    held.let_go()

    resumed = mesos_batch("resume", "--quiet", "--report=run.csv")

    assert resumed.returncode == 0
    assert (tmp_path / "run.csv").read_text(encoding="utf-8").count(",finished,") == 3


def test_a_run_in_the_background_leaves_its_report(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    run_id = mesos_batch(*held.on(master, "--detach", "--report=run.csv")).stdout.strip()
    driver = psutil.Process(info_of(mesos_batch, run_id)["pid"])
    held.let_go()
    psutil.wait_procs([driver])

    assert (tmp_path / "run.csv").read_text(encoding="utf-8").count(",finished,") == 3


def test_a_run_that_goes_on_can_be_reported_of(
    mesos_batch: Program, master: str, held: Held, tmp_path: Path
) -> None:
    with running(*held.on(master), cwd=tmp_path) as process:
        wait_until_all_run(process)
        done = mesos_batch("report", "--report=json:-")
        held.let_go()
        process.communicate()

    report = json.loads(done.stdout)
    assert (report["verdict"], report["state"], report["exit_code"]) == ("running", "running", None)
    assert report["counts"] == {"finished": 1, "running": 2}


def test_without_a_report_or_a_run_the_mistake_is_told(mesos_batch: Program) -> None:
    none = mesos_batch("report")
    unknown = mesos_batch("report", "k3fq", "--report=run.html")

    assert (none.returncode, unknown.returncode) == (2, 5)
    assert "Add --report=run.html" in none.stderr
    assert "there are no runs" in unknown.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="devices are files on POSIX only")
def test_a_device_is_written_to_and_stays_one(
    mesos_batch: Program, master: str, listed: Path, tmp_path: Path
) -> None:
    mesos_batch(*on(master))
    (tmp_path / "null.csv").symlink_to("/dev/null")
    (tmp_path / "kept.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to("kept.csv")

    done = mesos_batch("report", "--report=null.csv;link.csv")

    assert done.returncode == 0
    assert not Path("/dev/null").is_file()
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "kept.csv").read_text().startswith("task,")
