"""The program where no cluster is involved: help, mistakes, secrets. Real processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from program import PROGRAM, Program, as_json, clean_environment, task, write

from mesos_batch import __version__
from mesos_batch.config import command_settings as commands
from mesos_batch.config import job_settings as jobs
from mesos_batch.config import local_settings
from mesos_batch.config import profile_settings as profiles
from mesos_batch.config import volume_settings as volumes

NOTHING_LISTENS = "127.0.0.1:1"
CREATES = ("--persistent_volume", "--persistent_volume_resource=/x")
REMOVES = (
    *("--remove_persistent_volume", "--persistent_volume_resource=/x"),
    *("--role=r", "--principal=p"),
)
HEAVY = ("requests", "google.protobuf", "rich", "keyring", "aiohttp", "asyncio", "mesos_batch.api")


@pytest.mark.parametrize(
    ("command", "settings"),
    [
        (["--help"], commands.RUN),
        (["resume", "--help"], commands.RESUME),
        (["retry", "--help"], commands.RETRY),
        (["runs", "--help"], commands.RUNS),
        (["status", "--help"], commands.STATUS),
        (["top", "--help"], commands.TOP),
        (["wait", "--help"], commands.WAIT),
        (["cancel", "--help"], commands.CANCEL),
        (["validate", "--help"], jobs.VALIDATE),
        (["expand", "--help"], jobs.EXPAND),
        (["schema", "--help"], jobs.SCHEMA),
        (["local", "--help"], local_settings.LOCAL),
        (["volumes", "list", "--help"], volumes.LIST),
        (["volumes", "create", "--help"], volumes.CREATE),
        (["volumes", "destroy", "--help"], volumes.DESTROY),
        (["volumes", "audit", "--help"], volumes.AUDIT),
        (["reservations", "list", "--help"], volumes.LIST),
        (["reservations", "reserve", "--help"], volumes.RESERVE),
        (["reservations", "unreserve", "--help"], volumes.UNRESERVE),
        (["doctor", "--help"], profiles.DOCTOR),
        (["profile", "add", "--help"], profiles.PROFILE_ADD),
        (["profile", "list", "--help"], profiles.PROFILE_LIST),
        (["profile", "show", "--help"], profiles.PROFILE_SHOW),
        (["profile", "use", "--help"], profiles.PROFILE_USE),
        (["profile", "remove", "--help"], profiles.PROFILE_REMOVE),
        (["config", "show", "--help"], profiles.CONFIG_SHOW),
        (["config", "path", "--help"], profiles.CONFIG_PATH),
        (["credentials", "set", "-h"], profiles.CREDENTIALS),
        (["credentials", "delete", "--help"], profiles.CREDENTIALS),
        (["credentials", "list", "--help"], profiles.CREDENTIALS_LIST),
    ],
)
def test_help_has_every_flag_with_its_default(mesos_batch: Program, command, settings) -> None:
    done = mesos_batch(*command)

    assert (done.returncode, done.stderr) == (0, "")
    words = " ".join(done.stdout.split())
    for setting in settings:
        told = f"{setting.usage} {setting.help} (default: {setting.default_text})"
        assert " ".join(told.split()) in words


def test_help_needs_no_master_and_bears_other_mistakes(mesos_batch: Program) -> None:
    assert mesos_batch("--nonsense", "-h").returncode == 0


def test_version(mesos_batch: Program) -> None:
    done = mesos_batch("--version")
    assert (done.returncode, done.stdout) == (0, f"mesos-batch {__version__}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["--bogus"],
        ["local", "-h"],
        ["resume", "-h"],
        ["retry", "-h"],
        ["runs", "-h"],
        ["cancel", "-h"],
        ["volumes", "-h"],
        ["volumes", "destroy", "-h"],
        ["reservations", "unreserve", "-h"],
    ],
)
def test_what_answers_at_once_loads_little(arguments: list[str]) -> None:
    script = (
        "import sys\n"
        "from mesos_batch_cli.main import main\n"
        "main()\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        env=clean_environment(),
        check=False,
        timeout=60,
    )
    assert done.stderr.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--master=local"),
        (["--task_list=-"], "--master=local"),
        (["--master=local"], "no task list is given"),
        (["--mastr=local"], "Did you mean --master=VALUE?"),
        (["--master=zk://a:2181", "--task_list=-"], "did you mean zk://a:2181/mesos?"),
        (["--persistent_volume"], "--persistent_volume needs to know which volumes"),
        (["--remove-persistent-volume=true"], "--remove_persistent_volume needs to know"),
        (["--persistent_volume_resource=/x"], "--persistent_volume_resource alone does nothing"),
        (["--persistent_volume", "--remove_persistent_volume"], "contradicts"),
        ([*CREATES, "--principal=p"], "nothing can be reserved for role *"),
        ([*CREATES, "--role=r"], "a reservation belongs to a principal"),
        ([*REMOVES, "--master=local"], "cannot be used with --master=local"),
        ([*REMOVES, "--master=h:1", "--detach"], "does not run in the background"),
        ([*REMOVES, "--master=h:1", "--no-journal"], "needs the journal that is the ledger"),
        ([*REMOVES, "--master=h:1"], "the volume resource '/x' cannot be read"),
        ([*CREATES, "--role=r", "--principal=p"], "no master is given"),
        ([*CREATES, "--role=r", "--principal=p", "--master=local"], "no task list is given"),
        (["--framework_capabilities=MULTI_ROLE"], "--role sets one"),
        (["--master=h:1", "--task_list=-", "--local_agents=2"], "--master=local"),
        (["--master=local", "--task_list=-", "--secret=x"], "makes its own secret"),
        (["--master=h:1", "--task_list=-", "--secret=x"], "no principal"),
        (["--master=h:1", "--task_list=-", "--principal=a:b", "--secret=x"], "colon"),
        (["--master=local", "--task_list=-", "--quiet", "--verbose"], "contradicts"),
        (
            [
                "--master=local",
                "--task_list=-",
                "--no-partition-aware",
                "--framework_capabilities=PARTITION_AWARE",
            ],
            "contradicts",
        ),
        (["--master=h:1", "--task_list=-", "--no-journal", "--detach"], "--detach needs"),
        (["--master=h:1", "--task_list=-", "--no-journal", "--on_interrupt=detach"], "needs the"),
        (["--master=local", "--task_list=-", "--on_interrupt=detach"], "the local cluster ends"),
        (["--max_attempts=0"], "less than 1"),
        (["--max_failures=101%"], "more than 100%"),
        (["stauts"], "Did you mean 'mesos-batch status'?"),
        (["volumes", "lst"], "Did you mean 'mesos-batch volumes list'?"),
        (["volumes", "xyz"], "is followed by list, create, destroy or audit."),
        (["resume", "--quiet", "--verbose"], "contradicts"),
        (["resume", "a", "b"], "'b' is not expected after 'a'"),
        (["retry"], "no run is given"),
        (["retry", "a", "--failed", "--unfinished"], "contradicts"),
        (["retry", "a", "--no-journal", "--detach"], "--detach needs"),
        (["runs", "a"], "'a' is not expected"),
        (["wait", "--jsn"], "there is no flag --jsn"),
        (["cancel"], "no run is given"),
        (["--master=local", "--task_list=missing.json"], "'missing.json' cannot be read"),
        (["--master=local", "--task_list=."], "'.' cannot be read"),
        (["local", "--agents=-1"], "less than 0"),
        (["local", "--zk=h:2181/mesos"], "zk://HOST:PORT,HOST:PORT/PATH"),
        (["local", "--zk=zk://u:word@h:2181/m", "--master=h:1"], "give one of them"),
        (["local", "--zk=zk://h:2181/m"], "need to share its secret"),
        (["local", "--master=h:1"], "need to share its secret"),
        (["local", "--master=local"], "agents register with HOST:PORT"),
        (["local", "--master=http://h:1"], "agents register with HOST:PORT"),
        (["local", "--master=h:1", "--no-authenticate", "--agents=0"], "nothing to do"),
        (["local", "--master=h:1", "--no-authenticate", "--port=5050"], "there is none"),
        (["local", "--no-authenticate", "--principal=a"], "--no-authenticate leaves no use"),
        (["local", "x"], "'x' is not expected"),
        (["credentials"], "set, list or delete"),
        (["credentials", "set", "--principal=a"], "no master is given"),
        (["credentials", "set", "--master=h:1"], "no principal is given"),
        (["credentials", "set", "--master=local", "--principal=a"], "none is kept"),
    ],
)
def test_a_wrong_command_line_ends_with_2_and_says_what_to_do(
    mesos_batch: Program, arguments: list[str], said: str
) -> None:
    done = mesos_batch(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_volume_flags_may_say_no(mesos_batch: Program) -> None:
    done = mesos_batch("--no-persistent_volume", "--remove_persistent_volume=false")
    assert "no master is given" in done.stderr


def test_all_mistakes_of_a_list_are_told_and_nobody_is_contacted(
    mesos_batch: Program, tmp_path: Path
) -> None:
    write(
        tmp_path / "list.json",
        task("a", "true"),
        task("a", "true"),
        task("b", "true", cpus=-1),
        {**task("c", "true"), "comand": {}},
    )

    done = mesos_batch(f"--master={NOTHING_LISTENS}", "--task_list=list.json")

    assert (done.returncode, done.stdout) == (2, "")
    *problems, last = done.stderr.splitlines()
    assert len(problems) == 3
    assert all(problem.startswith("list.json:1:") for problem in problems)
    assert last == "mesos-batch: list.json has 3 errors; nothing was sent to any cluster"


def test_a_list_can_come_inline_or_from_standard_input(mesos_batch: Program) -> None:
    text = as_json(task("a/b", "true"))

    inline = mesos_batch(f"--master={NOTHING_LISTENS}", f"--task-list={text}")
    piped = mesos_batch(f"--master={NOTHING_LISTENS}", "--task-list=-", stdin=text)

    assert inline.stderr.replace("--task_list", "<stdin>") == piped.stderr
    assert "'/' is not allowed in an id" in inline.stderr


def test_resources_of_another_role_are_a_mistake(mesos_batch: Program) -> None:
    reserved = {"role": "prod", "type": "STATIC"}
    wants = task("a", "true")
    wants["resources"] = [
        {"name": "cpus", "type": "SCALAR", "scalar": {"value": 1}, "reservations": [reserved]}
    ]

    done = mesos_batch(f"--master={NOTHING_LISTENS}", "--role=dev", "--task_list=" + as_json(wants))

    assert done.returncode == 2
    assert "prod" in done.stderr


def test_standard_output_that_nobody_reads_is_no_error(tmp_path: Path) -> None:
    read, write_end = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [*PROGRAM, "--help"],
            stdout=write_end,
            stderr=subprocess.PIPE,
            env=clean_environment(),
            check=False,
            timeout=60,
        )
    finally:
        os.close(write_end)
    assert (done.returncode, done.stderr) == (0, b"")


def test_any_locale_can_print_a_message(mesos_batch: Program) -> None:
    done = mesos_batch("--täsk_list=ü", env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 2
    assert "t\\xe4sk_list" in done.stderr


def test_a_bug_becomes_a_report_without_values_of_flags(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from mesos_batch_cli import values\n"
        "from mesos_batch_cli.main import main\n"
        "def broken(*_, **__): raise RuntimeError('a bug')\n"
        "values.Values.__init__ = broken\n"
        "sys.exit(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "--secret=hunter2"],
        capture_output=True,
        text=True,
        env=clean_environment({"TMPDIR": str(tmp_path), "TEMP": str(tmp_path)}),
        check=False,
        timeout=60,
    )

    assert done.returncode == 70
    assert "internal error: RuntimeError: a bug" in done.stderr
    assert "Traceback" not in done.stderr
    (report,) = tmp_path.glob("mesos-batch-error-*.txt")
    assert str(report) in done.stderr
    text = report.read_text(encoding="utf-8")
    assert "RuntimeError: a bug" in text
    assert "--secret" in text
    assert "hunter2" not in text


def test_an_error_is_json_too_where_json_is_asked_for(mesos_batch: Program) -> None:
    done = mesos_batch("status", "nothing-like-this", "--json")
    told = json.loads(done.stdout)
    assert told.pop("schema") == "mesos-batch.error/1"
    assert told["exit_code"] == done.returncode == 5
    assert done.stderr.splitlines()[0] == f"mesos-batch: {told['message']}"
