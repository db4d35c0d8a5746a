"""What the program tells of itself, offline."""

import json
import os
from pathlib import Path

import pytest
from mesos_batch_cli.command_table import COMMANDS, named
from mesos_batch_cli.help import command_help
from mesos_batch_cli.topics import TOPICS
from program import Program

ROOT = Path(__file__).parents[2]


def test_help_lists_every_command_and_topic(mesos_batch: Program) -> None:
    told = mesos_batch("help").stdout
    for command in COMMANDS:
        assert f"  mesos-batch {command.name} " in told
        assert command.summary in told
    for topic, summary in TOPICS.items():
        assert f"  {topic} " in told
        assert summary in told


@pytest.mark.parametrize("name", [command.name for command in COMMANDS])
def test_each_command_has_a_page_told_in_three_ways(name: str, mesos_batch: Program) -> None:
    page = mesos_batch(*name.split(), "--help")
    assert (page.returncode, page.stderr) == (0, "")
    usage = page.stdout.partition("Usage: ")[2]
    assert usage.startswith("mesos-batch --master" if name == "run" else f"mesos-batch {name}")
    assert mesos_batch("help", *name.split()).stdout.startswith(page.stdout)
    assert mesos_batch(*name.split(), "--nonsense", "-h").stdout == page.stdout


@pytest.mark.parametrize("topic", TOPICS)
def test_each_topic_is_told_offline(topic: str, mesos_batch: Program) -> None:
    told = mesos_batch("help", topic).stdout
    assert (ROOT / "docs" / f"{topic}.md").read_text(encoding="utf-8").strip() in told


def test_a_word_that_is_a_command_and_a_topic_tells_both(mesos_batch: Program) -> None:
    told = mesos_batch("help", "volumes").stdout
    assert told.startswith("mesos-batch volumes list ")
    assert "# Persistent volumes and reservations" in told


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["exit_code"], "exit-codes"),
        (["exit", "code"], "exit-codes"),
        (["volumes", "lits"], "volumes list"),
        (["retyr"], "retry"),
    ],
)
def test_mistyped_words_are_put_right(words: list[str], meant: str, mesos_batch: Program) -> None:
    done = mesos_batch("help", *words)
    assert done.returncode == 2
    assert done.stderr.splitlines()[1] == f"  Did you mean 'mesos-batch help {meant}'?"


def test_words_that_are_like_nothing(mesos_batch: Program) -> None:
    done = mesos_batch("help", "zzzz")
    assert done.returncode == 2
    assert done.stderr.splitlines()[1] == "  'mesos-batch help' lists all."
    assert mesos_batch("zzzz").stderr.splitlines()[1] == "  'mesos-batch --help' lists all."


def test_a_file_where_a_command_stands(mesos_batch: Program, tmp_path: Path) -> None:
    (tmp_path / "my list.json").write_text("{}")
    done = mesos_batch("my list.json")
    assert done.returncode == 2
    assert done.stderr.splitlines()[1] == "  Write mesos-batch run 'my list.json'."


def test_programs_read_all_of_it_as_json(mesos_batch: Program) -> None:
    told = json.loads(mesos_batch("help", "--json").stdout)
    assert told["schema"] == "mesos-batch.help/1"
    assert [command["name"] for command in told["commands"]] == [item.name for item in COMMANDS]
    assert told["topics"] == TOPICS
    (color,) = [flag for flag in told["commands"][0]["flags"] if flag["name"] == "color"]
    assert color["choices"] == ["auto", "always", "never"]
    assert color["environment"] == "MESOS_BATCH_COLOR"


def test_the_manual_page_of_the_package_is_the_one_the_program_makes(
    mesos_batch: Program,
) -> None:
    """Renew it with: mesos-batch help --man > packaging/man/mesos-batch.1"""
    made = mesos_batch("help", "--man").stdout
    kept = (ROOT / "packaging" / "man" / "mesos-batch.1").read_text(encoding="utf-8")
    assert made == kept
    # A line that begins with one of these is read as a request.
    assert not [line for line in made.splitlines() if line.startswith("'")]


@pytest.mark.parametrize("columns", [44, 69, 70, 110])
def test_help_is_as_wide_as_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((columns, 24)))
    lines = command_help(named("runs").module()).splitlines()

    assert max(map(len, lines)) <= columns
    assert "Print JSON instead. (default: false)" in " ".join(" ".join(lines).split())
    assert ("  --[no-]json" in lines) == (columns < 70)
