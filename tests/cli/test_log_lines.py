"""What tasks wrote, on the screen: whose lines they are, and no power over the terminal."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mesos_batch_cli.output.file_table import bytes_text
from mesos_batch_cli.output.log_lines import LONGEST_LABEL, Labels, LogLines
from mesos_batch_cli.output.streams import Paint
from mesos_batch_cli.output.text import terminal_line

PLAIN, COLORED = Paint(enabled=False), Paint(enabled=True)


OF_EXECUTOR = b"I1128 19:22:56.837659 21708 exec.cpp:164] Version: 1.12.0"


def lines_for(
    labels: Labels, *names: str, terminal: bool = False, grep: str = "", whole: bool = False
) -> LogLines:
    pattern = re.compile(grep) if grep else None
    return LogLines(PLAIN, labels, names, on_terminal=terminal, pattern=pattern, whole=whole)


def test_labels_stand_in_a_column() -> None:
    lines = lines_for(Labels.TASK, "a", "long")

    assert lines.text("a", "stdout", [b"x", b"", b"y"]) == "a    | x\na    | \na    | y\n"
    assert lines.text("long", "stderr", [b"z"]) == "long ! z\n"
    assert lines.text("a", "stdout", []) == ""


def test_a_label_is_one_short_line() -> None:
    text = lines_for(Labels.TASK, "x" * 90, "\x1b]0;").text("x" * 90, "stdout", [b"y"])

    assert text == "x" * (LONGEST_LABEL - 1) + "… | y\n"
    assert lines_for(Labels.TASK, "\x1b").text("\x1b", "stdout", [b""]) == "\\x1b | \n"


def test_only_what_there_are_several_of_is_told() -> None:
    assert lines_for(Labels.STREAM).text("t", "stderr", [b"x"]) == "stderr ! x\n"
    assert lines_for(Labels.NONE).text("t", "stderr", [b"x"]) == "x\n"
    assert lines_for(Labels.NONE).is_plain
    assert not lines_for(Labels.NONE, grep="x").is_plain
    assert not lines_for(Labels.NONE, terminal=True).is_plain


@given(st.lists(st.binary().filter(lambda line: b"\n" not in line), min_size=1))
def test_elsewhere_than_on_a_terminal_bytes_stay(lines: list[bytes]) -> None:
    text = lines_for(Labels.TASK, "t").text("t", "stdout", lines)

    assert text.encode(errors="surrogateescape") == b"".join(b"t | %b\n" % line for line in lines)


def test_lines_are_looked_for_as_text() -> None:
    lines = lines_for(Labels.NONE, grep="ü$")

    assert lines.text("t", "stdout", ["xü".encode(), b"x\xff", b"u"]) == "xü\n"
    assert lines.text("t", "stderr", [b"u"]) == ""
    assert lines.matched == 1


@pytest.mark.parametrize(
    ("line", "plain", "colored"),
    [
        ("\x1b[1;31mred\x1b[0m end", "red end", "\x1b[1;31mred\x1b[0m end\x1b[0m"),
        ("open \x1b[32mgreen", "open green", "open \x1b[32mgreen\x1b[0m"),
        ("\x1b[2Jwiped", "\\x1b[2Jwiped", "\\x1b[2Jwiped"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07", "\\x1b]0;title\\x07"),
        ("10%\r50%\r100%\r", "100%", "100%"),
        ("a\tb", "a\tb", "a\tb"),
        ("  indented ", "  indented ", "  indented "),
    ],
)
def test_a_terminal_gets_colours_and_nothing_else(line: str, plain: str, colored: str) -> None:
    assert terminal_line(line, colored=False) == plain
    assert terminal_line(line, colored=True) == colored


@given(st.text())
def test_no_line_has_power_over_a_terminal(line: str) -> None:
    shown = terminal_line(line, colored=True)

    assert all(char.isprintable() or char in " \t" for char in re.sub(r"\x1b\[[\d;]*m", "", shown))


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9949, "9.9 kB"),
        (9960, "10 kB"),
        (96888897, "97 MB"),
        (10**16, "10 PB"),
    ],
)
def test_sizes_are_short(size: int, text: str) -> None:
    assert bytes_text(size) == text


def test_lines_of_executors_are_shown_only_with_the_whole_standard_error() -> None:
    lines, whole = lines_for(Labels.NONE), lines_for(Labels.NONE, whole=True)

    assert lines.text("t", "stderr", [OF_EXECUTOR, b"x"]) == "x\n"
    assert lines.left_out == 1
    assert lines.text("t", "stdout", [OF_EXECUTOR]) == f"{OF_EXECUTOR.decode()}\n"
    assert whole.text("t", "stderr", [OF_EXECUTOR]) == f"{OF_EXECUTOR.decode()}\n"
