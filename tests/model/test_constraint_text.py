"""Constraints are read as users write them, and what is none is refused with a remedy."""

from __future__ import annotations

import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesos_batch.model.constraint_text import constraint_of, parse_constraint, words_of
from mesos_batch.model.scheduling import Constraint, Operator


@pytest.mark.parametrize(
    ("text", "field", "operator", "values"),
    [
        ("rack:equals:r1", "rack", Operator.EQUALS, ("r1",)),
        ("rack:not:r2", "rack", Operator.NOT, ("r2",)),
        ("hostname:like:node-[0-9]+", "hostname", Operator.LIKE, ("node-[0-9]+",)),
        ("gpu_model:unlike:.*k80.*", "gpu_model", Operator.UNLIKE, (".*k80.*",)),
        ("hostname:like:(?:a|b):[0-9]", "hostname", Operator.LIKE, ("(?:a|b):[0-9]",)),
        ("rack:in:r1,r2,r3", "rack", Operator.IN, ("r1", "r2", "r3")),
        ("rack:in:r1", "rack", Operator.IN, ("r1",)),
        ("rack:in:r1, r2 ,r1", "rack", Operator.IN, ("r1", "r2")),
        ("hostname:unique", "hostname", Operator.UNIQUE, ()),
        ("rack:group_by", "rack", Operator.GROUP_BY, ()),
        ("rack:group_by:3", "rack", Operator.GROUP_BY, ("3",)),
        ("rack:max_per:02", "rack", Operator.MAX_PER, ("2",)),
        ("rack:EQUALS:R1", "rack", Operator.EQUALS, ("R1",)),
        (" rack : Equals : r 1 ", "rack", Operator.EQUALS, ("r 1",)),
        ("url:equals:http://a:1", "url", Operator.EQUALS, ("http://a:1",)),
    ],
)
def test_reads(text: str, field: str, operator: Operator, values: tuple[str, ...]) -> None:
    assert parse_constraint(text) == Constraint(field, operator, values)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'' is not a constraint; write FIELD:OPERATOR:VALUE, for example rack:equals:r1"),
        ("rack", "'rack' is not a constraint; write FIELD:OPERATOR:VALUE"),
        (":equals:r1", "':equals:r1' is not a constraint"),
        ("rack:r1", "'r1' in 'rack:r1' is not one of equals, not, like, unlike, in, unique, "),
        ("rack:r1", "group_by, max_per (did you mean rack:equals:r1?)"),
        ("rack:equal:r1", "(did you mean rack:equals:r1?)"),
        ("rack:IS:r1", "(did you mean rack:equals:r1?)"),
        ("rack:CLUSTER:r1", "(did you mean rack:equals:r1?)"),
        ("rack:groupby:2", "(did you mean rack:group_by:2?)"),
        ("rack:xyz:r1", "'xyz' in 'rack:xyz:r1' is not one of equals, not, "),
        ("rack:equals", "'rack:equals' has no value to compare with; write "),
        ("rack:equals:", "'rack:equals:' has no value to compare with"),
        ("rack:group_by:", "'rack:group_by:' has no value to compare with"),
        ("rack:in:r1,,r2", "one of the values in 'rack:in:r1,,r2' is empty"),
        ("hostname:unique:1", "unique takes no value, but 'hostname:unique:1' has one"),
        ("hostname:unique:", "unique takes no value"),
        ("rack:max_per:0", "'0' in 'rack:max_per:0' is not a whole number of at least 1"),
        ("rack:max_per:-1", "'-1' in "),
        ("rack:max_per:²", "'²' in "),
        ("rack:max_per:1000000000", "is not a whole number of at least 1"),
        ("rack:group_by:many", "'many' in 'rack:group_by:many' is not a whole number"),
        ("rack:like:(r1", "'(r1' is no regular expression: missing ), unterminated subpattern"),
        ("rack:like:*", "'*' is no regular expression: nothing to repeat"),
        ("rack:like:a{99999999999}", "'a{99999999999}' is no regular expression: "),
    ],
)  # fmt: skip
def test_refuses(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        parse_constraint(text)


# As a master of Mesos 1.12 answered to each in a SUBSCRIBE, where it has an answer.
@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (r"(a)\1", r"Mesos has no back-references such as '\1'"),
        (r"a\0", r"Mesos has no back-references such as '\0'"),
        ("(?P<n>a)(?P=n)", "Mesos has no back-references such as '(?P=name)'"),
        ("a(?=b)", "Mesos has no look-ahead; several constraints can be given"),
        ("(?!k80).*", "Mesos has no look-ahead; several constraints can be given, and unlike"),
        ("(?<=a)b", "Mesos has no look-behind"),
        ("(?<!a)b", "Mesos has no look-behind"),
        ("(?>a)", "Mesos knows no '(?>'"),
        ("(?#a)b", "Mesos knows no '(?#'"),
        ("(?x)a", "Mesos knows no '(?x'"),
        ("(a)(?(1)b)", "Mesos knows no '(?('"),
        ("a++", "Mesos has no '++'"),
        ("a{2}+", "Mesos has no '{2}+'"),
        (r"a\Z", r"Mesos knows no '\Z' there"),
        (r"\u0041", r"Mesos knows no '\u' there"),
        (r"\é", r"Mesos knows no '\é' there"),
        (r"[\b]", r"Mesos knows no '\b' there"),
        ("[[:alpha:]]", r"write \[ for '[' within [...]"),
        ("[a--b]", r"write \- for '-' within [...]"),
        ("[a&&b]", r"write \& for '&' within [...]"),
    ],
)
def test_patterns_have_only_what_mesos_has(pattern: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)) as refused:
        parse_constraint(f"rack:like:{pattern}")
    assert str(refused.value).startswith(f"the pattern '{pattern}' cannot be used: ")


@pytest.mark.parametrize(
    "pattern",
    [
        "node-[0-9]+", ".*k80.*", r"[\w-]+", "(a|b)*c", "(?i)abc", "(?:ab){2,3}", "(?P<n>a)",
        r"\d+\.\d*?", "[]a]", "[^]a]", r"[\[&|]", r"\+\+", "^a$", "a|", "é", "(?-i:a)",
        r"\x41", r"[a\-\-b]", "[+*]+",
    ],
)  # fmt: skip
def test_plain_patterns_are_taken(pattern: str) -> None:
    assert parse_constraint(f"rack:unlike:{pattern}").values == (pattern,)


@given(st.text(alphabet="ab\\[](){}?*+^$|.,-&~:=!<>#P0129wdsbZ", max_size=12))
def test_any_pattern_is_taken_or_refused_without_a_warning(pattern: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            taken = parse_constraint(f"rack:like:{pattern}")
        except ValueError:
            return
    re.compile(taken.values[0])


names = st.text("abr_1.-", min_size=1)
members = st.lists(names, min_size=1, unique=True).map(tuple)
numbers = st.tuples(st.integers(1, 999).map(str))
constraints = (
    st.builds(Constraint, names, st.sampled_from([Operator.EQUALS, Operator.NOT]), st.tuples(names))
    | st.builds(Constraint, names, st.just(Operator.IN), members)
    | st.builds(Constraint, names, st.just(Operator.MAX_PER), numbers)
    | st.builds(Constraint, names, st.just(Operator.GROUP_BY), numbers | st.just(()))
    | st.builds(Constraint, names, st.just(Operator.UNIQUE))
)


@given(constraints)
def test_what_is_printed_is_read_as_the_same(constraint: Constraint) -> None:
    assert parse_constraint(str(constraint)) == constraint
    assert constraint_of(words_of(constraint)) == constraint
