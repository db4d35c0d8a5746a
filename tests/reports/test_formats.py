"""Each format as those who read it read it."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from reports.recorded import ATTEMPTS, FORMULA, HOSTILE, IDS, START

from mesos_batch.history import RunHistory
from mesos_batch.reports import render


def test_csv_has_a_row_for_each_attempt_and_for_tasks_that_had_none(history: RunHistory) -> None:
    text = render("csv", history)
    rows = list(csv.DictReader(io.StringIO(text, newline="")))

    assert text.count("\r\n") == len(rows) + 1 == len(ATTEMPTS) + 2 + 1
    assert [(row["task"], row["attempt"], row["phase"]) for row in rows[1:4]] == [
        ("again", "1", "failed"),
        ("again", "2", "finished"),
        ("bad", "1", "failed"),
    ]
    assert rows[1]["launched_at"] == f"{START:.3f}"
    assert rows[1]["run_seconds"] == "3.500"
    assert rows[1]["exit_status"] == "2"
    assert rows[1]["stderr"].endswith("/files/download?path=%2Fbox1/stderr")
    assert rows[4]["why"] == "The agent is away or was removed from the cluster"
    assert [(row["task"], row["attempt"], row["phase"]) for row in rows[-2:]] == [
        ("huge", "", "unplaceable"),
        ("late", "", "cancelled"),
    ]


def test_csv_gives_a_spreadsheet_no_formula(history: RunHistory) -> None:
    rows = csv.reader(io.StringIO(render("csv", history), newline=""))
    cells = [cell for row in rows for cell in row]

    assert f"'{FORMULA}" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "-"))]


def test_joblog_has_the_columns_of_gnu_parallel(history: RunHistory) -> None:
    header, *lines = render("joblog", history).splitlines()

    assert header == "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand"
    rows = [line.split("\t", 8) for line in lines]
    ends = [float(row[2]) + float(row[3]) for row in rows]
    assert ends == sorted(ends)
    assert [(row[0], row[1], row[6], row[7]) for row in rows] == [
        ("3", "node-0", "127", "0"),
        ("2", "node-1", "2", "0"),
        ("4", "node-1", "-1", "0"),
        ("7", "node-0", "0", "9"),
        ("2", "node-1", "0", "0"),
        ("4", "node-1", "0", "0"),
        ("1", "node-0", "0", "0"),
        ("8", "node-1", "0", "0"),
    ]
    assert rows[0][8] == "do 2\0it\twell"


@pytest.mark.skipif(shutil.which("parallel") is None, reason="GNU parallel is not installed")
def test_gnu_parallel_passes_over_what_finished(history: RunHistory, tmp_path: Path) -> None:
    log = tmp_path / "run.joblog"
    log.write_text(render("joblog", history), encoding="utf-8")
    numbers = [str(number) for number in range(1, len(IDS) + 1)]
    command = ["parallel", "--will-cite", "--resume-failed", "--joblog", str(log), "echo", "{}"]

    done = subprocess.run(
        [*command, ":::", *numbers],
        capture_output=True,
        text=True,
        check=True,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )

    assert sorted(done.stdout.split()) == ["3", "5", "6", "7"]


def test_junit_counts_and_tells_what_ci_systems_show(history: RunHistory) -> None:
    root = ET.fromstring(render("junit", history))
    (suite,) = root

    assert (root.tag, suite.tag, suite.get("name")) == ("testsuites", "testsuite", "tiles.json")
    for element in (root, suite):
        counts = [element.get(name) for name in ("tests", "failures", "errors", "skipped")]
        assert counts == ["8", "2", "1", "1"]
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert set(cases) == set(IDS)
    assert cases["again"].get("time") == "1.500"
    assert [child.tag for child in cases["again"]] == ["system-out"]
    assert "attempt 1 on node-1: failed, 3.5s" in (cases["again"].findtext("system-out") or "")
    failure = cases["bad"].find("failure")
    assert failure is not None
    assert failure.get("type") == "TASK_FAILED"
    assert "The command was not found on the agent." in (failure.text or "")
    assert cases["huge"].find("error") is not None
    assert cases["late"].find("skipped") is not None
    hostile = cases[HOSTILE].find("failure")
    assert hostile is not None
    assert "<img src=x onerror=alert(2)> \ufffd\ufffd\ufffd & done" in hostile.get("message", "")


def test_json_has_every_task_with_every_attempt(history: RunHistory) -> None:
    report = json.loads(render("json", history))

    assert report["schema"] == "mesos-batch.report/1"
    assert (report["verdict"], report["exit_code"], report["state"]) == ("failed", 1, "ended")
    assert report["counts"] == {"finished": 4, "failed": 2, "unplaceable": 1, "cancelled": 1}
    assert [task["task_id"] for task in report["tasks"]] == list(IDS)
    assert [each["phase"] for each in report["tasks"][1]["attempts"]] == ["failed", "finished"]
    assert report["tasks"][3]["attempts"][0]["reason"] == "REASON_AGENT_REMOVED"
    figures = report["figures"]
    assert (figures["attempts"], figures["lost"], figures["repeated"]) == (8, 1, 2)
    assert figures["makespan"] == 12
    assert figures["cpu_hours"] == pytest.approx(27 / 3600)
    assert figures["wasted_cpu_hours"] == pytest.approx(11 / 3600)
    assert {agent["name"]: agent["cpus"] for agent in report["agents"]} == {
        "node-0": 4.0,
        "node-1": 4.0,
    }


def test_trace_has_agents_as_processes_and_lanes_without_overlap(history: RunHistory) -> None:
    trace = json.loads(render("trace", history))
    events = trace["traceEvents"]
    names = {
        event["pid"]: event["args"]["name"] for event in events if event["name"] == "process_name"
    }
    complete = [event for event in events if event["ph"] == "X"]

    assert sorted(names.values()) == ["node-0", "node-1"]
    assert len(complete) == len(ATTEMPTS)
    first = next(event for event in complete if event["name"] == "plain")
    assert (first["ts"], first["dur"], names[first["pid"]]) == (0, 10_000_000, "node-0")
    lanes: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for event in complete:
        lane = lanes.setdefault((event["pid"], event["tid"]), [])
        lane.append((event["ts"], event["ts"] + event["dur"]))
    for lane in lanes.values():
        lane.sort()
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(lane))
    threads = {(e["pid"], e["tid"]) for e in events if e["name"] == "thread_name"}
    assert threads == set(lanes)


def test_html_tells_the_essentials_without_a_script(history: RunHistory) -> None:
    page = re.sub(r"<script.*?</script>", "", render("html", history), flags=re.DOTALL)

    assert "<h1>" in page
    assert "4 of 8 tasks finished, 2 failed, 1 unplaceable, 1 cancelled" in page
    assert "exit code 1: at least one task failed" in page
    assert "Command exited with status 127" in page
    assert "The command was not found on the agent." in page
    assert "needs cpus 99, and the largest agent (node-0) has 4" in page
    assert "The agent is away or was removed from the cluster" in page
    assert "max_attempts" in page
    assert "http://node-0:5051/files/download?path=%2Fbox2/stderr" in page


def test_html_has_nothing_of_a_text_as_markup_and_takes_nothing_from_elsewhere(
    history: RunHistory,
) -> None:
    page = render("html", history)

    assert page.count("</script") == 2
    assert "<img" not in page
    assert "default-src 'none'" in page
    assert not re.findall(r"(?:\bsrc=|url\(|@import|<link)", page.replace("img src=x", ""))
    (data,) = re.findall(r'id="data">(.*?)</script>', page, flags=re.DOTALL)
    assert HOSTILE in [row[0] for row in json.loads(data)["tasks"]]


@pytest.mark.parametrize(
    ("path", "url", "link"),
    [
        (None, "javascript:alert(3)//", None),
        (
            None,
            "http://node:5051/files/browse?path=x",
            "http://node:5051/files/download?path=x/stderr",
        ),
        (r"runs\bad", None, None),
        (None, None, None),
    ],
)
def test_html_links_to_nothing_but_logs(
    history: RunHistory, path: str | None, url: str | None, link: str | None
) -> None:
    attempts = tuple(
        replace(entry, sandbox_path=path, sandbox_url=url)
        for entry in history.attempts
        if entry.position == 1
    )
    tasks = history.snapshot.tasks[:2]
    only = replace(history, attempts=attempts, snapshot=replace(history.snapshot, tasks=tasks))

    links = re.findall(r'href="([^"]*)"', render("html", only))

    assert links == ([] if link is None else [link])
