"""The page in a real browser: it draws, complains of nothing, asks the network nothing."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mesos_batch.history import RunHistory
from mesos_batch.reports import render

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@dataclass(frozen=True)
class Shown:
    """The page after its script has run, what the browser said, and what the page asked for."""

    dom: str
    console: list[str]
    requested: list[str]


@contextmanager
def served(text: str) -> Iterator[str]:
    """The address of a page on loopback."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/run.html"
        server.shutdown()


def show(text: str, directory: Path) -> Shown:
    log = directory / "network.json"
    with served(text) as address:
        done = subprocess.run(
            [
                CHROMIUM or "",
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--enable-logging=stderr",
                f"--user-data-dir={directory / 'profile'}",
                f"--log-net-log={log}",
                "--virtual-time-budget=2000",
                "--window-size=1280,2000",
                "--dump-dom",
                address,
            ],
            capture_output=True,
            check=True,
            encoding="utf-8",
            timeout=60,
        )
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    events = json.loads(log.read_text(encoding="utf-8"))["events"]
    # Chromium asks for things of its own too; those have no initiator.
    asked = [
        event["params"]["url"]
        for event in events
        if event.get("params", {}).get("initiator", "not an origin") != "not an origin"
    ]
    return Shown(done.stdout, console, [url for url in asked if url != address])


@pytest.fixture(scope="module")
def shown(history: RunHistory, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    return show(render("html", history), tmp_path_factory.mktemp("browser"))


def test_the_browser_has_nothing_to_complain_about(shown: Shown) -> None:
    assert shown.console == []


def test_nothing_is_asked_of_the_network(shown: Shown) -> None:
    assert shown.requested == []


def test_the_script_draws_the_chart_and_fills_the_table(shown: Shown) -> None:
    assert re.search(r'<canvas width="\d{4}" height="\d{2,}"', shown.dom)
    (table,) = re.findall(r'<table id="tasks">.*?</table>', shown.dom, flags=re.DOTALL)
    assert table.count("<tr>") == 8 + 1
    assert "Command exited with status 127" in table
    assert ">8 of 8<" in shown.dom


def test_hostile_texts_stay_texts(shown: Shown) -> None:
    assert "<img" not in shown.dom
    assert "&lt;img src=x onerror=alert(2)&gt;" in shown.dom
    assert shown.dom.count("<script") == 2
