"""Every setting of ``mesos-batch generate``, declared once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from mesos_batch.config import cluster_settings as cluster
from mesos_batch.config import settings as run
from mesos_batch.config.setting import (
    AMOUNT,
    BOOLEAN,
    STRING,
    VERBATIM,
    Group,
    Kind,
    Setting,
    choice,
)
from mesos_batch.model.scalar import to_milli

_SEPARATOR = "\n"


def _parse_amount(text: str) -> float:
    if text.strip() in ("0", "0.0"):
        return 0.0
    amount = AMOUNT.parse(text)
    if to_milli(amount) == 0:
        raise ValueError(f"'{text}' is less than Mesos can count, which is 0.001")
    return amount


def _parse_pairs(text: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for piece in text.split(_SEPARATOR):
        name, equals, value = piece.partition("=")
        if not name or not equals:
            raise ValueError(f"'{piece}' is not of the form NAME=VALUE")
        if name in pairs:
            raise ValueError(f"'{name}' is given twice")
        pairs[name] = value
    return pairs


def _parse_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"'{text}' is no http:// or https:// URL")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it has credentials in it; S3 takes none of that form")
    return text


def _parse_delimiter(text: str) -> str:
    character = {"\\t": "\t", "tab": "\t"}.get(text, text)
    if len(character) != 1 or character in '"\r\n':
        raise ValueError(f"'{text}' is not one character, nor 'tab'")
    return character


_TEMPLATE = replace(STRING, placeholder="TEMPLATE")
_MEGABYTES = replace(AMOUNT, parse=_parse_amount, placeholder="MB")
_CPUS = replace(AMOUNT, parse=_parse_amount)
_PAIRS: Kind[Mapping[str, str]] = Kind(
    "pairs", "NAME=TEMPLATE", _parse_pairs, lambda pairs: " ".join(pairs) or "none"
)

COMMAND: Setting[str | None] = Setting(
    name="command",
    kind=_TEMPLATE,
    default=None,
    from_env=False,
    group=Group.GENERATE,
    help="The command of each task, a template: {{ line | quote }} stands for what is in the row, "
    "as one word of the shell.",
)
NAME: Setting[str] = Setting(
    name="name",
    kind=_TEMPLATE,
    default="line",
    from_env=False,
    group=Group.GENERATE,
    help="The name of each task, a template.",
)
TASK_ID: Setting[str | None] = Setting(
    name="task_id",
    kind=_TEMPLATE,
    default=None,
    shown_default="the name, a dash and the index",
    from_env=False,
    group=Group.GENERATE,
    help="The id of each task, a template; no two may be the same.",
)
CPUS: Setting[float] = Setting(
    name="cpus",
    kind=_CPUS,
    default=0.1,
    from_env=False,
    group=Group.GENERATE,
    help="The cpus of each task.",
)
MEM: Setting[float] = Setting(
    name="mem",
    kind=_MEGABYTES,
    default=32.0,
    from_env=False,
    group=Group.GENERATE,
    help="The memory of each task in MB.",
)
DISK: Setting[float] = Setting(
    name="disk",
    kind=_MEGABYTES,
    default=0.0,
    shown_default="none",
    from_env=False,
    group=Group.GENERATE,
    help="The disk of each task in MB.",
)
ENVIRONMENT: Setting[Mapping[str, str]] = Setting(
    name="environment",
    kind=_PAIRS,
    default={},
    from_env=False,
    joined_by=_SEPARATOR,
    group=Group.GENERATE,
    help="A variable that the command of each task sees, the value a template; may be given "
    "several times.",
)
IMAGE: Setting[str | None] = Setting(
    name="image",
    kind=_TEMPLATE,
    default=None,
    from_env=False,
    group=Group.GENERATE,
    help="Run each task in a Docker container of this image, a template.",
)
DOCKER_PARAMETER: Setting[Mapping[str, str]] = Setting(
    name="docker_parameter",
    kind=_PAIRS,
    default={},
    from_env=False,
    joined_by=_SEPARATOR,
    group=Group.GENERATE,
    help="A parameter of 'docker run' for each task, such as memory-swap=12G; may be given several "
    "times.",
)
DELIMITER: Setting[str] = Setting(
    name="delimiter",
    kind=Kind("character", "CHARACTER", _parse_delimiter, repr),
    default=",",
    shown_default="a comma",
    from_env=False,
    group=Group.GENERATE,
    help="What is between the fields of a row: one character, or 'tab'.",
)

BUCKET: Setting[str | None] = Setting(
    name="bucket",
    kind=replace(VERBATIM, placeholder="BUCKET"),
    default=None,
    from_env=False,
    group=Group.S3,
    help="The bucket to list.",
)
PREFIX: Setting[str] = Setting(
    name="prefix",
    kind=replace(VERBATIM, placeholder="PREFIX"),
    default="",
    shown_default="none",
    from_env=False,
    group=Group.S3,
    help="List only objects whose keys begin with this.",
)
UNIQUE_FILE: Setting[str] = Setting(
    name="unique_file",
    kind=replace(VERBATIM, placeholder="NAME"),
    default="",
    shown_default="any",
    from_env=False,
    group=Group.S3,
    help="Make a task only of objects that have this in their keys: a file that is in each folder "
    "once, such as metadata.xml.",
)
TARGET_BUCKET: Setting[str | None] = Setting(
    name="target_bucket",
    kind=replace(VERBATIM, placeholder="BUCKET"),
    default=None,
    from_env=False,
    group=Group.S3,
    help="Where the tasks write: outputId of each is the folder of its object in this bucket.",
)
REGION: Setting[str | None] = Setting(
    name="region",
    kind=replace(VERBATIM, placeholder="REGION"),
    default=None,
    shown_default="what S3 says",
    from_env=False,
    group=Group.S3,
    help="The AWS region of the bucket; the tasks get it as AWS_DEFAULT_REGION.",
)
ENDPOINT: Setting[str | None] = Setting(
    name="endpoint",
    kind=replace(VERBATIM, parse=_parse_url, placeholder="URL"),
    default=None,
    shown_default="that of AWS",
    from_env=False,
    group=Group.S3,
    help="Another S3 server.",
)
CREDENTIALS: Setting[str] = Setting(
    name="credentials",
    kind=choice("auto", "anonymous", "boto3"),
    default="auto",
    from_env=False,
    group=Group.S3,
    help="How to list: anonymously over plain HTTP, with the AWS credentials that boto3 finds, or "
    "(auto) the latter where there are any.",
)

PREFETCH_IMAGE: Setting[str | None] = Setting(
    name="image",
    kind=replace(VERBATIM, placeholder="IMAGE"),
    default=None,
    from_env=False,
    group=Group.GENERATE,
    help="The image to pull.",
)
PREFETCH_COMMAND = replace(
    COMMAND,
    shown_default="docker pull {{ image | quote }}, or true with a containerizer",
    help="What each task runs instead, a template: the names in it are image, agent_id, hostname, "
    "attributes, cpus and mem.",
)
CONTAINERIZER: Setting[str] = Setting(
    name="containerizer",
    kind=choice("none", "docker", "mesos"),
    default="none",
    from_env=False,
    group=Group.GENERATE,
    help="Who pulls: the command itself (none), or the Docker or Mesos containerizer of the "
    "agent, which then runs the command in a container of the image.",
)
FORCE_PULL: Setting[bool] = Setting(
    name="force_pull",
    kind=BOOLEAN,
    default=False,
    from_env=False,
    group=Group.GENERATE,
    help="With a containerizer: ask the registry even where the agent has the image.",
)

_TASK: tuple[Setting[Any], ...] = (CPUS, MEM, DISK, ENVIRONMENT, IMAGE, DOCKER_PARAMETER)

LINES: tuple[Setting[Any], ...] = (COMMAND, NAME, TASK_ID, *_TASK, run.HELP)
CSV_NAME = replace(NAME, default="row")
CSV: tuple[Setting[Any], ...] = (COMMAND, CSV_NAME, TASK_ID, DELIMITER, *_TASK, run.HELP)
S3_NAME = replace(NAME, default="{{ slug }}")
S3_TASK_ID: Setting[str] = replace(
    NAME,
    name="task_id",
    default="{{ slug }}",
    help="The id of each task, a template; no two may be the same.",
)
S3: tuple[Setting[Any], ...] = (
    BUCKET,
    PREFIX,
    UNIQUE_FILE,
    TARGET_BUCKET,
    REGION,
    ENDPOINT,
    CREDENTIALS,
    COMMAND,
    S3_NAME,
    S3_TASK_ID,
    *_TASK,
    run.HELP,
)
PREFETCH: tuple[Setting[Any], ...] = (
    *cluster.ASKED,
    PREFETCH_IMAGE,
    PREFETCH_COMMAND,
    CONTAINERIZER,
    FORCE_PULL,
    CPUS,
    MEM,
    *cluster.AGENT_SELECTORS,
    run.HELP,
)
