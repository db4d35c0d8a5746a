"""generate s3: against a real S3 server, the list that the original's script would have made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from program import Outcome, Program

from mesos_batch.spec.load import load_task_list

SECRET = "not-to-be-shown"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": SECRET}
NO_CREDENTIALS = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_SHARED_CREDENTIALS_FILE": "nowhere",
    "AWS_CONFIG_FILE": "nowhere",
}
TILES = ("33/U/UU/2017/2/6/0", "33/U/UU/2017/2/9/0", "33/U/VP/2017/2/6/1")
FILES = ("B01.jp2", "metadata.xml", "tileInfo é+&.json")
# How the original named Sentinel-2 tiles.
TILE = "S2_{{ parts[1] }}{{ parts[2] }}{{ parts[3] }}_{{ parts[4:8] | join('_') }}"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """An S3 server on loopback with a bucket of tiles in it."""
    import boto3
    from moto.server import ThreadedMotoServer

    served = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    served.start()
    host, port = served.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    client.create_bucket(Bucket="s2-sync")
    keys = [f"tiles/{tile}/{name}" for tile in TILES for name in FILES]
    for key in [*keys, "tiles/34/U/AA/2017/2/6/0/metadata.xml", "odd/metadata.xml.gz"]:
        client.put_object(Bucket="s2-sync", Key=key, Body=b"x")
    yield url
    served.stop()


def generate(
    program: Program, server: str, *flags: str, env: Mapping[str, str] = NO_CREDENTIALS
) -> Outcome:
    given = ("--bucket=s2-sync", f"--endpoint={server}", "--command=./run-fmask.sh", *flags)
    return program("generate", "s3", *given, env=env)


def tasks_of(done: Outcome) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    tasks: list[dict[str, Any]] = json.loads(done.stdout)["tasks"]
    assert len(load_task_list(done.stdout.encode(), "generated").tasks) == len(tasks)
    return tasks


def of_the_original(tile: str) -> dict[str, Any]:
    """What the script of the original made of ``tiles/TILE/metadata.xml``."""
    zone, band, square, *date = tile.split("/")
    name = f"S2_{zone}{band}{square}_{'_'.join(date)}"
    variables = {
        "inputId": f"s3://s2-sync/tiles/{tile}/",
        "outputId": f"s3://s2-derived/tiles/{tile}/",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
    return {
        "name": name,
        "task_id": {"value": f"fmaskr_{name}"},
        "agent_id": {"value": ""},
        "resources": [
            {"name": "cpus", "type": "SCALAR", "scalar": {"value": 1.5}},
            {"name": "mem", "type": "SCALAR", "scalar": {"value": 4000}},
        ],
        "command": {
            "value": "./run-fmask.sh",
            "environment": {
                "variables": [{"name": key, "value": text} for key, text in variables.items()]
            },
        },
        "container": {
            "type": "DOCKER",
            "docker": {
                "image": "asamerh4/python-fmask:fmask0.4-aws-65775b8",
                "parameters": [
                    {"key": "memory", "value": "12G"},
                    {"key": "memory-swap", "value": "12G"},
                ],
            },
        },
    }


@pytest.mark.parametrize("credentials", ["anonymous", "boto3", "auto"])
def test_the_list_of_the_original(mesos_batch: Program, server: str, credentials: str) -> None:
    done = generate(
        mesos_batch,
        server,
        "--prefix=tiles/33/U",
        "--unique_file=metadata.xml",
        "--target_bucket=s2-derived",
        "--region=eu-central-1",
        "--cpus=1.5",
        "--mem=4000",
        "--image=asamerh4/python-fmask:fmask0.4-aws-65775b8",
        "--docker_parameter=memory=12G",
        "--docker_parameter=memory-swap=12G",
        f"--name={TILE}",
        f"--task_id=fmaskr_{TILE}",
        f"--credentials={credentials}",
        env=NO_CREDENTIALS if credentials == "anonymous" else CREDENTIALS,
    )
    assert done.stderr == ""
    assert tasks_of(done) == [of_the_original(tile) for tile in TILES]
    assert SECRET not in done.stdout


def test_of_each_object_without_a_file_name(mesos_batch: Program, server: str) -> None:
    flags = ("--prefix=tiles/33/U/VP", "--environment=SIZE={{ size }}")
    tasks = tasks_of(generate(mesos_batch, server, *flags, "--credentials=anonymous"))
    names = [task["task_id"]["value"] for task in tasks]
    assert names == [
        "tiles_33_U_VP_2017_2_6_1_B01.jp2",
        "tiles_33_U_VP_2017_2_6_1_metadata.xml",
        "tiles_33_U_VP_2017_2_6_1_tileInfo_.json",
    ]
    variables = tasks[2]["command"]["environment"]["variables"]
    assert variables == [
        {"name": "inputId", "value": f"s3://s2-sync/tiles/{TILES[2]}/{FILES[2]}"},
        {"name": "SIZE", "value": "1"},
    ]


def test_a_key_with_the_name_in_its_middle_stays_whole(mesos_batch: Program, server: str) -> None:
    """As in the original, whose query was for keys that contain the name."""
    flags = ("--prefix=odd", "--unique_file=metadata.xml", "--credentials=anonymous")
    (task,) = tasks_of(generate(mesos_batch, server, *flags))
    (variable,) = task["command"]["environment"]["variables"]
    assert variable["value"] == "s3://s2-sync/odd/metadata.xml.gz"


def test_nothing_that_is_meant_is_told(mesos_batch: Program, server: str) -> None:
    flags = ("--prefix=odd", "--unique_file=x.xml", "--credentials=anonymous")
    done = generate(mesos_batch, server, *flags)
    assert tasks_of(done) == []
    said = "the list is empty: 1 objects under s3://s2-sync/odd; none has 'x.xml' in its key"
    assert done.stderr == f"mesos-batch: warning: {said}\n"


def test_a_bucket_that_is_not_there(mesos_batch: Program, server: str) -> None:
    for credentials, env in (("anonymous", NO_CREDENTIALS), ("boto3", CREDENTIALS)):
        where = ("--bucket=nope", f"--endpoint={server}", f"--credentials={credentials}")
        done = mesos_batch("generate", "s3", *where, "--command=x", env=env)
        assert (done.returncode, done.stdout) == (4, "")
        assert "bucket 'nope' cannot be listed: NoSuchBucket: " in done.stderr
        assert SECRET not in done.stderr


def test_credentials_that_are_not_there(mesos_batch: Program, server: str) -> None:
    done = generate(mesos_batch, server, "--credentials=boto3")
    assert (done.returncode, done.stdout) == (2, "")
    assert "boto3 finds no credentials" in done.stderr


def test_who_lists_anonymously_sends_no_credentials(mesos_batch: Program) -> None:
    from runtime.scripted_master import ScriptedMaster, status

    with ScriptedMaster(lambda *_: status(200, "<ListBucketResult/>")) as listener:
        url = f"http://{listener.address}"
        for credentials in ("anonymous", "auto"):
            done = generate(
                mesos_batch,
                url,
                f"--credentials={credentials}",
                env=CREDENTIALS if credentials == "anonymous" else NO_CREDENTIALS,
            )
            assert done.returncode == 0, done.stderr
    assert [urlsplit(it.path).path for it in listener.requests] == ["/s2-sync"] * 2
    assert not [it for it in listener.requests if "authorization" in map(str.lower, it.headers)]
