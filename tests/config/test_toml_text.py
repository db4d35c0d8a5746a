"""Small changes of a configuration file: what was not meant stays to the letter."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesos_batch.config.toml_text import (
    is_changed_only,
    with_default,
    with_profile,
    without_profile,
)
from mesos_batch.spec.toml_positions import line_of

FILE = '''\
# What all my runs are like.
role = "science"  # ask Anna for more

# The old cluster.
[profiles.old]
master = "old.example.org:5050"
constraint = """
[profiles.none]
"""

# The new one.
[profiles."new"]
master = "new.example.org:5050"
'''


def test_where_things_stand() -> None:
    line = line_of(FILE)

    assert line(("role",)) == 2
    assert line(("profiles", "old", "master")) == 6
    assert line(("profiles", "new")) == 12


def test_neither_dots_nor_odd_line_ends_change_where_things_stand() -> None:
    line = line_of('# no\u2028line\x85ends\n[profiles]\nold = {}\nnew.master = "new:5050"\n')

    assert line(("profiles", "old")) == 3
    assert line(("profiles", "new", "master")) == line(("profiles", "new", "role")) == 4


def test_a_profile_goes_with_its_lines_and_nothing_else() -> None:
    before, after = FILE.split("[profiles.old]")[0], FILE.split('"""\n')[-1]

    assert without_profile(FILE, "old") == before.rstrip("\n") + "\n" + after
    assert without_profile(FILE, "new") == FILE.split('[profiles."new"]')[0].rstrip("\n") + "\n"
    assert without_profile(FILE, "none") == FILE


def test_a_profile_is_added_at_the_end() -> None:
    values = {"master": 'a "quoted"\tname\x7f', "checkpoint": True, "max_running": 3}

    text = with_profile(FILE, "prod", values)

    assert text.startswith(FILE)
    assert tomllib.loads(text)["profiles"]["prod"] == values
    assert with_profile("", "prod", {"role": "r"}) == '[profiles.prod]\nrole = "r"\n'


def test_the_default_is_named_before_all_tables() -> None:
    named = with_default(FILE, "old")
    again = with_default(named, "new")

    assert tomllib.loads(named) == {**tomllib.loads(FILE), "profile": "old"}
    assert again == named.replace('profile = "old"', 'profile = "new"')
    assert with_default("", "new") == 'profile = "new"\n'
    assert tomllib.loads(with_default("[profiles.a]\n", "a"))["profile"] == "a"


NAMES = st.text("abcXYZ019_-", min_size=1, max_size=6)
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
VALUES = st.dictionaries(NAMES, st.one_of(TEXTS, st.booleans(), st.integers(0, 99)), max_size=4)
COMMENTS = st.text("# ab[].=", max_size=12).map(lambda text: f"# {text}\n")


@given(
    st.lists(st.tuples(st.sampled_from("pqrs"), VALUES, COMMENTS), unique_by=lambda it: it[0]),
    st.sampled_from("pqrs"),
    st.none() | st.sampled_from("pqrs"),
)
def test_whatever_is_in_a_file_changes_change_what_they_say(
    profiles: list[tuple[str, dict[str, str | bool | int], str]], name: str, default: str | None
) -> None:
    text, kept = "", {}
    for each, values, comment in profiles:
        text = with_profile(text, each, values) + comment
        kept[each] = values
    document = {"profiles": kept} if kept else {}
    assert is_changed_only(text, document)

    chosen = with_default(text, default)
    assert is_changed_only(chosen, {**document, **({"profile": default} if default else {})})
    assert with_default(chosen, None).split() == text.split()

    removed = without_profile(text, name)
    kept.pop(name, None)
    assert is_changed_only(removed, {"profiles": kept} if kept else {})


@pytest.mark.parametrize("text", ["a = ", "a = 2", "a = 1\nb = 1"])
def test_a_text_that_says_something_else_is_found_out(text: str) -> None:
    assert not is_changed_only(text, {"a": 1})
