"""The flag grammar of Mesos' programs, row by row, and the little we add."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mesos_batch_cli.seedflags import asks_for_help, read_flags, read_flags_and_words

from mesos_batch.config import command_settings as commands
from mesos_batch.errors import UsageError

BOOLEANS = [setting.name for setting in commands.RUN if setting.is_boolean]
OTHERS = [setting.name for setting in commands.RUN if not setting.is_boolean]


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        # stout's own forms
        ([], {}),
        (["--master=h:1"], {"master": "h:1"}),
        (["--framework_name=a=b"], {"framework_name": "a=b"}),
        (["--framework_name="], {"framework_name": ""}),
        (["--checkpoint"], {"checkpoint": "true"}),
        (["--checkpoint="], {"checkpoint": "true"}),
        (["--checkpoint=true"], {"checkpoint": "true"}),
        (["--checkpoint=0"], {"checkpoint": "0"}),
        (["--no-checkpoint"], {"checkpoint": "false"}),
        (["--no-checkpoint="], {"checkpoint": "false"}),
        (["--Master=LOCAL"], {"master": "LOCAL"}),
        (["--NO-Checkpoint"], {"checkpoint": "false"}),
        (["  --role=a b "], {"role": "a b"}),
        (["--checkpoint", "--"], {"checkpoint": "true"}),
        # what the original's help promised and did not keep
        (["--no-partition-aware"], {"partition_aware": "false"}),
        (["--no-partition_aware"], {"partition_aware": "false"}),
        # ours
        (["--no_partition_aware"], {"partition_aware": "false"}),
        (["--task-list=-"], {"task_list": "-"}),
        (['--task-list={"tasks": [{"a": "b=c"}]}'], {"task_list": '{"tasks": [{"a": "b=c"}]}'}),
        (["--h=false"], {"help": "false"}),
        (["--constraint=a:in:b,c"], {"constraint": "a:in:b,c"}),
        (
            ["--constraint=a:unique", "--role=r", "--CONSTRAINT=b:unique;c:unique"],
            {"constraint": "a:unique;b:unique;c:unique", "role": "r"},
        ),
    ],
)
def test_forms_of_flags(arguments: list[str], texts: dict[str, str]) -> None:
    assert read_flags(arguments, commands.RUN) == texts


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["--mastr=h:1"], "there is no flag --mastr", "Did you mean --master=VALUE?"),
        (["--no-mastr"], "there is no flag --no-mastr", "Did you mean --master=VALUE?"),
        (["--zzz"], "there is no flag --zzz", "--help lists all flags."),
        (["--=x"], "there is no flag --", "--help lists all flags."),
        (["-master=h:1"], "there is no flag -master", "Did you mean --master=VALUE?"),
        (["-x"], "there is no flag -x", "--help lists all flags."),
        (["--master"], "--master needs a value", "Write --master=VALUE."),
        (["--master", "--checkpoint"], "--master needs a value", "Write --master=VALUE."),
        (
            ["--master", "h:1"],
            "--master needs its value after an equals sign",
            "Write --master=h:1.",
        ),
        (
            ["--task-list", "my list.json"],
            "--task-list needs its value after an equals sign",
            "Write --task-list='my list.json'.",
        ),
        (
            ["--secret", "hunter2"],
            "--secret needs its value after an equals sign",
            "Write --secret=VALUE.",
        ),
        (["--checkpoint", "true"], "'true' is not expected", "Write --checkpoint=true."),
        (["list.json"], "'list.json' is not expected", "Write --task_list=list.json."),
        (["--master=h:1", "x"], "'x' is not expected", "Write --task_list=x."),
        (["-"], "'-' is not expected", "Write --task_list=-."),
        (["--", "x"], "'x' is not expected; nothing may follow --", None),
        (["--no-checkpoint=1"], "--no-checkpoint takes no value", "Write --checkpoint=1."),
        (["--no-role"], "--no-role means nothing: --role is not switched on and off", None),
        (["--role=a", "--role=a"], "--role is given twice, first as --role", None),
        (["--role=a", "--ROLE=b"], "--ROLE is given twice, first as --role", None),
        (
            ["--checkpoint", "--no-checkpoint"],
            "--no-checkpoint is given twice, first as --checkpoint",
            None,
        ),
    ],
)
def test_what_is_no_flag_is_an_error_that_helps(
    arguments: list[str], message: str, hint: str | None
) -> None:
    with pytest.raises(UsageError) as refused:
        read_flags(arguments, commands.RUN)
    assert (refused.value.message, refused.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("arguments", "texts", "words"),
    [
        ([], {}, ()),
        (["k3fq"], {}, ("k3fq",)),
        (["k3fq", "--quiet"], {"quiet": "true"}, ("k3fq",)),
        (["--quiet", " k3fq ", "--color=never"], {"quiet": "true", "color": "never"}, ("k3fq",)),
        (["--on-interrupt=kill", "k3fq", "--"], {"on_interrupt": "kill"}, ("k3fq",)),
        (["a=b"], {}, ("a=b",)),
        (["-", "--quiet"], {"quiet": "true"}, ("-",)),
        (["b", "--quiet", "a", "b"], {"quiet": "true"}, ("b", "a", "b")),
    ],
)
def test_some_commands_take_words(
    arguments: list[str], texts: dict[str, str], words: tuple[str, ...]
) -> None:
    assert read_flags_and_words(arguments, commands.RESUME, 3) == (texts, words)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a", "--quiet", "b"], "'b' is not expected after 'a'"),
        (["a", "a"], "'a' is not expected after 'a'"),
        (["--state_dir", "a"], "--state_dir needs its value after an equals sign"),
        (["--", "a"], "'a' is not expected; nothing may follow --"),
        (["a", "-"], "'-' is not expected after 'a'"),
        (["-x"], "there is no flag -x"),
        (["a", "--task_list=b"], "there is no flag --task_list"),
    ],
)
def test_no_command_takes_more_words_than_it_says(arguments: list[str], message: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_flags_and_words(arguments, commands.RESUME, 1)
    assert refused.value.message == message


@pytest.mark.parametrize(
    "flag", ["-h", "--h", "--help", "--HELP", "--help=true", "--h=1", "--help="]
)
def test_help_is_asked_for_however_wrong_the_rest_is(flag: str) -> None:
    assert asks_for_help(["--nonsense", flag, "--master"])


@pytest.mark.parametrize("arguments", [[], ["--help=false"], ["--no-help"], ["--", "-h"], ["-hx"]])
def test_help_is_not_asked_for(arguments: list[str]) -> None:
    assert not asks_for_help(arguments)


def spellings(name: str) -> st.SearchStrategy[str]:
    """The name in any case, with dashes for some underscores."""
    letters = [
        st.sampled_from("-_") if char == "_" else st.sampled_from((char, char.upper()))
        for char in name
    ]
    return st.tuples(*letters).map("".join)


@st.composite
def flags_and_meanings(draw: st.DrawFn) -> tuple[list[str], dict[str, str]]:
    """A command line in random spelling, and what it means."""
    chosen = draw(st.lists(st.sampled_from(BOOLEANS + OTHERS), unique=True))
    arguments: list[str] = []
    meanings: dict[str, str] = {}
    for name in chosen:
        spelled = draw(spellings(name))
        if name in OTHERS:
            value = draw(st.text()).rstrip()
            argument = f"--{spelled}={value}"
        else:
            argument, value = draw(
                st.sampled_from(
                    [
                        (f"--{spelled}", "true"),
                        (f"--no-{spelled}", "false"),
                        (f"--{spelled}=false", "false"),
                        (f"--{spelled}=1", "1"),
                    ]
                )
            )
        arguments.append(argument)
        meanings[name] = value
    return arguments, meanings


@given(flags_and_meanings())
def test_every_spelling_means_the_same(case: tuple[list[str], dict[str, str]]) -> None:
    arguments, meanings = case
    assert read_flags(arguments, commands.RUN) == meanings


@given(st.lists(st.text(alphabet="-_=aehlmnoprst 01{\n", max_size=12), max_size=6))
def test_any_arguments_are_read_or_refused(arguments: list[str]) -> None:
    known = {setting.name for setting in commands.RUN}
    texts: dict[str, str] = {}
    with suppress(UsageError):
        texts = read_flags(arguments, commands.RUN)
    assert set(texts) <= known
