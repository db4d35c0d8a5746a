"""The program runs task lists on local clusters: real processes, real HTTP."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from program import (
    PROGRAM,
    Program,
    announcement_of,
    as_json,
    clean_environment,
    facts_of,
    line_with,
    running,
    task,
    write,
)

from mesos_batch.model.facts import Phase
from mesos_batch.runs import RunState, list_runs

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and terminals")
LOCAL = "--master=local"
SIGNALS = (
    []
    if sys.platform == "win32"
    else [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)]
)


def test_a_list_runs_and_only_the_result_is_on_standard_output(mesos_batch: Program) -> None:
    text = as_json(task("a", "true"), task("b", "true"))

    done = mesos_batch(LOCAL, f"--task_list={text}")

    assert done.returncode == 0
    head, *agents, empty, verdict = done.stdout.splitlines()
    assert head.split() == ["AGENT", "TASKS", "FINISHED", "TASK", "TIME"]
    assert sorted(row.split()[1:3] for row in agents) == [["1", "1"], ["1", "1"]]
    assert re.fullmatch(r"all 2 tasks finished in [0-9.]+s", empty + verdict)
    first, *rest = done.stderr.splitlines()
    assert re.fullmatch(r"run \d{8}-\d{6}-[a-z2-7]{4}", first)
    lines = [line.partition(" ")[2] for line in rest]
    assert lines[0].startswith("subscribed to 127.0.0.1:")
    for task_id in ("a", "b"):
        (ran,) = (line for line in lines if line.startswith(f"task {task_id} running"))
        (ended,) = (line for line in lines if line.startswith(f"task {task_id} finished"))
        assert lines.index(ran) < lines.index(ended)


def test_a_failing_task_is_named_with_status_and_last_words(mesos_batch: Program) -> None:
    text = as_json(task("good", "true"), task("bad", "echo so it goes >&2; exit 3"))

    done = mesos_batch(LOCAL, "--task_list=-", stdin=text)

    assert done.returncode == 1
    assert re.search(r"^  bad   TASK_FAILED  3     S\d$", done.stdout, re.MULTILINE)
    assert "why     Command exited with status 3\n" in done.stdout
    assert "wrote   so it goes\n" in done.stdout
    assert re.search(r"^  all it wrote: mesos-batch logs \S+ bad$", done.stdout, re.MULTILINE)
    assert done.stdout.splitlines()[-1].startswith("1 of 2 tasks finished, 1 failed, in ")


def test_a_task_too_large_for_every_agent_does_not_hold_up_the_rest(mesos_batch: Program) -> None:
    small = [task(f"small-{number}", "true") for number in range(10)]

    done = mesos_batch(LOCAL, "--task_list=-", stdin=as_json(task("big", "true", cpus=99), *small))

    assert done.returncode == 3
    assert "task big fits no agent: needs cpus 99" in done.stderr
    assert "  big   unplaceable  -     -\n" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("10 of 11 tasks finished, 1 unplaceable, in ")


def test_an_empty_list_is_done_at_once(mesos_batch: Program) -> None:
    done = mesos_batch(LOCAL, '--task_list={"tasks": []}')
    assert (done.returncode, done.stdout) == (0, "the task list is empty: nothing to do\n")


def test_quiet_leaves_the_result_only(mesos_batch: Program) -> None:
    done = mesos_batch("--quiet", f"--task_list={as_json(task('a', 'false'))}",
                       env={"MESOS_MASTER": "local"})  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "")
    assert "TASK_FAILED" in done.stdout


def test_verbose_tells_launches_with_their_commands(mesos_batch: Program) -> None:
    done = mesos_batch(LOCAL, "--verbose", f"--task_list={as_json(task('a', 'exit 0'))}")
    assert re.search(r"task a launched on agent S\d: exit 0\n", done.stderr)
    assert re.search(r"offers: \d+ came, 1 tasks launched", done.stderr)


def test_the_size_of_the_local_cluster_is_a_choice(mesos_batch: Program) -> None:
    done = mesos_batch(
        LOCAL, "--local_agents=1", "--local-cpus=0.5", "--content_type=json",
        f"--task_list={as_json(task('a', 'true', cpus=1))}",
    )  # fmt: skip
    assert done.returncode == 3
    assert "has 0.5" in done.stdout


def test_colors_on_demand(mesos_batch: Program) -> None:
    done = mesos_batch(LOCAL, "--color=always", f"--task_list={as_json(task('a', 'true'))}")
    assert done.stdout.startswith("\x1b[32m")


def test_a_run_outlives_a_reader_that_went_away(tmp_path: Path) -> None:
    text = as_json(*(task(f"t{number}", "true") for number in range(20)))
    done = subprocess.run(
        f'"{PROGRAM[0]}" -m mesos_batch_cli {LOCAL} --task_list=- 2>&1 | head -n 1; '
        "echo ${PIPESTATUS[0]}",
        input=text,
        capture_output=True,
        text=True,
        shell=True,
        executable="/bin/bash",
        cwd=tmp_path,
        env=clean_environment(),
        check=False,
        timeout=60,
    )
    assert done.stdout.splitlines()[-1] == "0"
    assert done.stdout.startswith("run ")
    assert done.stderr == ""


@posix_only
@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_the_first_signal_kills_the_tasks_and_waits_for_them(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    marker = tmp_path / "ended"
    list_file = write(
        tmp_path / "list.json",
        task("a", f"trap 'echo dead > {marker}; exit' TERM; sleep 60 & wait"),
    )
    with running(LOCAL, f"--task_list={list_file}", cwd=tmp_path) as process:
        line_with("task a running", process)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=30)

    assert process.returncode == code
    assert "interrupted: killing the tasks and waiting for them" in stderr
    assert marker.read_text(encoding="utf-8") == "dead\n"
    assert stdout.startswith("0 of 1 task finished, 1 cancelled, in ")


@posix_only
def test_the_second_signal_leaves_at_once(tmp_path: Path) -> None:
    stubborn = task("a", "trap '' TERM; sleep 60 & wait")
    stubborn["kill_policy"] = {"grace_period": {"nanoseconds": 60_000_000_000}}
    list_file = write(tmp_path / "list.json", stubborn)
    with running(LOCAL, f"--task_list={list_file}", cwd=tmp_path) as process:
        line_with("task a running", process)
        process.send_signal(signal.SIGINT)
        line_with("task a is being killed", process)
        process.send_signal(signal.SIGTERM)
        stdout, stderr = process.communicate(timeout=30)

    assert process.returncode == 143
    assert "left at once" in stderr
    assert re.search(r"'mesos-batch retry \S+ --unfinished' runs what did not finish", stderr)
    assert stdout == ""
    (run,) = list_runs(tmp_path / "state")
    assert (run.state, run.counts) == (RunState.ENDED, {Phase.CANCELLED: 1})


@posix_only
def test_a_result_that_cannot_be_written_changes_no_exit_code(tmp_path: Path) -> None:
    list_file = write(tmp_path / "list.json", task("a", "exit 3"))
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, LOCAL, f"--task_list={list_file}"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=clean_environment(),
            check=False,
            timeout=60,
        )

    assert done.returncode == 1
    assert b"standard output cannot be written: No space left on device" in done.stderr


@posix_only
@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-"])
def test_closed_streams_are_nowhere(closed: str) -> None:
    script = f'"$@" {closed}'
    done = subprocess.run(
        ["sh", "-c", script, "sh", *PROGRAM, "runs"], env=clean_environment(), check=False
    )

    assert done.returncode == 0


@posix_only
@pytest.mark.parametrize("command", [["validate", "-"], ["generate", "lines", "--command=x"]])
def test_a_closed_standard_input_is_an_empty_one(command: list[str]) -> None:
    done = subprocess.run(
        ["sh", "-c", '"$@" <&-', "sh", *PROGRAM, *command],
        env=clean_environment(),
        capture_output=True,
        check=False,
    )

    assert b"the task list is empty" in done.stderr or done.stdout == b'{"tasks": []}\n'


@posix_only
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_local_cluster_serves_other_processes(
    mesos_batch: Program, tmp_path: Path, number: signal.Signals
) -> None:
    work_dir = tmp_path / "cluster"
    with running(
        "local", "--agents=2", "--cpus=2", f"--work_dir={work_dir}", cwd=tmp_path
    ) as cluster:
        announcement = announcement_of(cluster)
        facts = facts_of(announcement)
        secret = Path(facts["secret in"])
        mode = secret.stat().st_mode & 0o777
        command = re.search(r"^  mesos-batch (.*) --task_list=FILE$", announcement, re.MULTILINE)
        assert command is not None
        ran = mesos_batch(*command[1].split(), f"--task_list={as_json(task('a', 'true'))}")
        stranger = mesos_batch(
            f"--master={facts['master']}", "--principal=mallory",
            f"--task_list={as_json(task('a', 'true'))}", env={"MESOS_BATCH_SECRET": "guess"},
        )  # fmt: skip
        refused = mesos_batch(
            f"--master={facts['master']}", f"--task_list={as_json(task('a', 'true'))}"
        )
        secret_text = secret.read_text(encoding="utf-8").strip()
        cluster.send_signal(number)
        rest, stderr = cluster.communicate(timeout=30)

    assert (cluster.returncode, rest, stderr) == (0, "", "")
    assert announcement.startswith("A local cluster with 2 agents of cpus:2 mem:4096 disk:10000")
    assert mode == 0o600
    assert not secret.exists()
    assert secret_text
    assert secret_text not in announcement
    assert (ran.returncode, stranger.returncode, refused.returncode) == (0, 4, 4)
    assert "the master wants credentials" in refused.stderr


@posix_only
def test_a_local_cluster_takes_a_credential_of_ours(mesos_batch: Program, tmp_path: Path) -> None:
    secret = tmp_path / "credential"
    secret.write_text("alice s3cret\n", encoding="utf-8")
    secret.chmod(0o600)
    with running("local", f"--secret_file={secret}", cwd=tmp_path) as cluster:
        facts = facts_of(announcement_of(cluster))
        ran = mesos_batch(
            f"--master={facts['master']}", f"--task_list={as_json(task('a', 'true'))}",
            env={"MESOS_BATCH_PRINCIPAL": "alice", "MESOS_BATCH_SECRET": "s3cret"},
        )  # fmt: skip
        cluster.send_signal(signal.SIGINT)
        cluster.wait(timeout=30)

    assert (facts["principal"], facts["secret in"]) == ("alice", str(secret))
    assert ran.returncode == 0
    assert secret.exists()


@posix_only
def test_a_local_cluster_without_authentication_lets_everybody_in(
    mesos_batch: Program, tmp_path: Path
) -> None:
    with running("local", "--no-authenticate", "--agents=1", cwd=tmp_path) as cluster:
        facts = facts_of(announcement_of(cluster))
        ran = mesos_batch(
            f"--master={facts['master']}", f"--task_list={as_json(task('a', 'true'))}"
        )
        cluster.send_signal(signal.SIGINT)
        cluster.wait(timeout=30)

    assert set(facts) == {"master", "sandboxes"}
    assert (ran.returncode, cluster.returncode) == (0, 0)
