"""What shells are told while a command line is typed, asked as they ask."""

import shutil
import subprocess
from pathlib import Path

import pytest
from program import PROGRAM, Program, clean_environment, task, write


def offered(mesos_batch: Program, *typed: str, shell: str = "fish") -> dict[str, str]:
    """The candidates, with what is said about each."""
    done = mesos_batch("__complete", shell, *typed)
    assert (done.returncode, done.stderr) == (0, "")
    parts = (line.partition("\t") for line in done.stdout.splitlines())
    return {text: about for text, _, about in parts}


def test_commands_are_offered_with_what_they_do(mesos_batch: Program) -> None:
    assert offered(mesos_batch, "res") == {
        "resume": "go on with a run that stopped",
        "reservations": "list, reserve, unreserve",
    }
    assert list(offered(mesos_batch, "volumes", "")) == ["list", "create", "destroy", "audit"]
    assert offered(mesos_batch, "volumes", "list", "") == {}
    assert offered(mesos_batch, "nonsense", "") == {}


def test_flags_are_those_of_the_command_and_offered_once(mesos_batch: Program) -> None:
    assert list(offered(mesos_batch, "--master=local", "--ma")) == [
        "--max_running=",
        "--max_attempts=",
        "--max_failures=",
    ]
    assert set(offered(mesos_batch, "retry", "last", "--un")) == {
        "--unfinished",
        "--unplaceable_timeout=",
        "--unreachable_timeout=",
    }
    assert "--no-journal" in offered(mesos_batch, "run", "--no")
    assert list(offered(mesos_batch, "--constraint=a:unique", "--const")) == ["--constraint="]


def test_values_of_choices_sets_and_booleans(mesos_batch: Program) -> None:
    assert list(offered(mesos_batch, "run", "--color=a")) == ["--color=auto", "--color=always"]
    assert list(offered(mesos_batch, "--checkpoint=")) == [
        "--checkpoint=true",
        "--checkpoint=false",
    ]
    assert list(offered(mesos_batch, "--master=")) == ["--master=local"]
    both = offered(mesos_batch, "--framework_capabilities=GPU_RESOURCES,SHARED")
    assert list(both) == ["--framework_capabilities=GPU_RESOURCES,SHARED_RESOURCES"]
    assert list(offered(mesos_batch, "run", "--task_list=")) == ["\x01files--task_list="]
    assert list(offered(mesos_batch, "run", "")) == ["\x01files"]


def test_profiles_are_offered_with_their_masters(mesos_batch: Program, tmp_path: Path) -> None:
    text = '[profiles.prod]\nmaster = "m:5050"\n[profiles.test]\nrole = "r"\n'
    (tmp_path / "mesos-batch.toml").write_text(text, encoding="utf-8")

    assert offered(mesos_batch, "run", "--profile=p") == {"--profile=prod": "m:5050"}
    assert offered(mesos_batch, "profile", "use", "") == {"prod": "m:5050", "test": ""}


def test_runs_and_their_tasks_are_offered(mesos_batch: Program, tmp_path: Path) -> None:
    write(tmp_path / "tiles.json", task("tile-1", "true"), task("tile-2", "exit 3"))
    mesos_batch("run", "tiles.json", "--master=local", "--local_agents=1")
    (last, run) = offered(mesos_batch, "status", "").items()
    assert last == ("last", "the run begun last")
    assert run[1] == "ended, tiles.json"
    assert offered(mesos_batch, "explain", "tile") == {"tile-1": "finished", "tile-2": "failed"}
    assert list(offered(mesos_batch, "explain", "tile-1", "")) == ["last", run[0]]
    assert offered(mesos_batch, "explain", "tile-1", "last", "") == {}


def test_bash_cuts_words_and_replaces_only_the_end(mesos_batch: Program) -> None:
    """It gives ``--color=a`` as three words, and an address as five."""
    assert list(offered(mesos_batch, "run", "--color", "=", "a", shell="bash")) == [
        "auto",
        "always",
    ]
    whole = ("--master", "=", "host", ":", "5050", "--qui")
    assert list(offered(mesos_batch, *whole, shell="bash")) == ["--quiet"]
    assert "never" in offered(mesos_batch, "run", "--color", "=", shell="bash")


def test_zsh_and_powershell_are_told_in_their_own_ways(mesos_batch: Program) -> None:
    assert list(offered(mesos_batch, "ret", shell="zsh")) == ["retry:run again what failed"]
    assert list(offered(mesos_batch, '"ret"', shell="powershell")) == ["retry"]
    assert "run" in offered(mesos_batch, '""', shell="powershell")


@pytest.mark.parametrize(
    ("shell", "names"),
    [
        ("bash", ["plain-1"]),
        ("powershell", ["plain-1"]),
        # These put into quotes what needs it.
        ("fish", ["$(touch x)", "a b", "plain-1"]),
        ("zsh", ["$(touch x):", "a b:", "plain-1:"]),
    ],
)
def test_a_name_of_a_stranger_is_not_completed_to_a_command(
    mesos_batch: Program, tmp_path: Path, shell: str, names: list[str]
) -> None:
    hostile = ["$(touch x)", "a b", r"\u001b[31m", r"\n", r"\u0001files", r"two\nlines"]
    profiles = [f'[profiles."{name}"]\nrole = "r"\n' for name in (*hostile, "plain-1")]
    (tmp_path / "mesos-batch.toml").write_text("".join(profiles), encoding="utf-8")

    assert list(offered(mesos_batch, "profile", "show", "", shell=shell)) == names


def test_what_is_said_of_a_candidate_cannot_steer_the_terminal(
    mesos_batch: Program, tmp_path: Path
) -> None:
    (tmp_path / "mesos-batch.toml").write_text(
        '[profiles.p]\nmaster = "m\\u001b[31m\\n\\u0001files"\n', encoding="utf-8"
    )
    said = offered(mesos_batch, "profile", "show", "")
    assert said == {"p": r"m\x1b[31m \x01files"}


def test_a_shell_never_sees_what_goes_wrong(mesos_batch: Program, tmp_path: Path) -> None:
    broken = {"MESOS_BATCH_STATE_DIR": str(tmp_path / "file" / "below")}
    (tmp_path / "file").write_text("")
    done = mesos_batch("__complete", "fish", "explain", "", env=broken)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert mesos_batch("__complete", "csh", "").returncode == 0


def test_an_unknown_shell_is_refused(mesos_batch: Program) -> None:
    done = mesos_batch("completion", "csh")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "mesos-batch: 'csh' is no shell we know",
        "  Write mesos-batch completion bash|zsh|fish|powershell.",
    ]


BASH = r"""
source /dev/stdin <<< "$("${PROGRAM[@]}" completion bash)"
compopt() { echo "option $*"; }
ask() {
    COMP_WORDS=(program "$@")
    COMP_CWORD=$#
    _mesos_batch program
    printf '%s\n' "${COMPREPLY[@]}"
}
program() { "${PROGRAM[@]}" "$@"; }
"""


def in_bash(folder: Path, *asked: str) -> list[str]:
    """What bash itself makes of our script and our answers."""
    program = " ".join(f"'{word}'" for word in PROGRAM)
    done = subprocess.run(
        ["bash", "--norc", "-c", f"PROGRAM=({program})\n{BASH}\n" + "\n".join(asked)],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_itself_completes(tmp_path: Path) -> None:
    (tmp_path / "my list.json").write_text("{}")
    assert in_bash(tmp_path, "ask ret") == ["retry"]
    assert in_bash(tmp_path, "ask run --mast") == ["option -o nospace", "--master="]
    assert in_bash(tmp_path, "ask run --color = n") == ["never"]
    files = ["option -o filenames", "my list.json"]
    assert in_bash(tmp_path, "ask --task_list = m") == files
    assert in_bash(tmp_path, "ask run my") == files


@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish")
def test_fish_itself_completes(tmp_path: Path) -> None:
    (tmp_path / "my list.json").write_text("{}")
    program = " ".join(f"'{word}'" for word in PROGRAM)
    script = (
        f"function mesos-batch; {program} $argv; end\n"
        f"{program} completion fish | source\n"
        "complete -C 'mesos-batch ret'\n"
        "complete -C 'mesos-batch run --task_list=my'\n"
    )
    done = subprocess.run(
        ["fish", "--no-config", "-c", script],
        cwd=tmp_path,
        env=clean_environment({"HOME": str(tmp_path)}),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines() == ["retry\trun again what failed", "--task_list=my list.json"]
