"""How long a killed run of many tasks takes to be back: from the command to its first call.

``python benchmarks/resume.py [TASKS]`` writes the journal of a run that was killed with six of ten
tasks ended and some running, starts ``mesos-batch resume``, and waits for SUBSCRIBE at a port of
its own. The ratio is to ``mesos-batch --version``, which does nothing but start. Nothing is
asserted, since machines are noisy.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mesos_batch.api import Keep, RunOptions, create
from mesos_batch.journal import Journal
from mesos_batch.model.facts import Phase
from mesos_batch.model.resources import Resources
from mesos_batch.model.saved import AttemptEntry, Entry, FrameworkEntry, TaskEntry
from mesos_batch.model.state import TaskState
from mesos_batch.model.task import TaskSpec

PROGRAM = str(Path(sys.executable).with_name("mesos-batch"))
AT_ONCE = 1000
RUNNING = 2000
AGENTS = 50


def killed_run(state_dir: Path, master: str, count: int) -> str:
    """Write the journal of a run that was killed in the middle; gives its id."""
    needs = Resources.scalars(cpus=0.5, mem=32)
    payload = b"as long as a small TaskInfo is " * 8
    tasks = [TaskSpec(f"t{i}", f"t{i}", needs, payload) for i in range(count)]
    run_id = create(tasks, RunOptions(master=master), Keep(state_dir, "tiles.json"))
    entries: list[Entry] = [FrameworkEntry(time.time(), "framework-0001")]
    for position in range(min(count, count * 6 // 10 + RUNNING)):
        ended = position < count * 6 // 10
        phase = Phase.FINISHED if ended else Phase.RUNNING
        state = TaskState.TASK_FINISHED if ended else TaskState.TASK_RUNNING
        agent = f"agent-{position % AGENTS}"
        entries.append(TaskEntry(position, phase, 1, state=state))
        entries.append(AttemptEntry(position, 1, phase, agent, agent, 1.0, state, started_at=2.0))
    with Journal.open(state_dir / "runs" / run_id) as journal:
        for begin in range(0, len(entries), AT_ONCE):
            journal.commit(entries[begin : begin + AT_ONCE])
    return run_id


def seconds_to_first_call(listener: socket.socket, command: list[str]) -> float:
    """Start a command and give the time until it has sent us the first bytes of a call."""
    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        connection, _ = listener.accept()
        connection.recv(1)
        taken = time.perf_counter() - begin
        process.kill()
        connection.close()
    return taken


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as server:
        os.environ["MESOS_BATCH_STATE_DIR"] = folder
        run_id = killed_run(Path(folder), f"127.0.0.1:{server.getsockname()[1]}", count)
        taken = seconds_to_first_call(server, [PROGRAM, "resume", run_id])
    begin = time.perf_counter()
    subprocess.run([PROGRAM, "--version"], stdout=subprocess.DEVNULL, check=True)
    start = time.perf_counter() - begin
    print(f"{count:,} tasks: first call after {taken:.2f} s, {taken / start:.0f} times --version")


if __name__ == "__main__":
    main()
