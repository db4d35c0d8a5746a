"""One page of ListObjectsV2, and what S3 says instead of one.

No document type is let in, so there are no entities that could expand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote_plus
from xml.parsers import expat


@dataclass(frozen=True, slots=True)
class S3Object:
    """An object: ``size`` is bytes, ``modified`` as S3 writes it, in ISO 8601."""

    key: str
    size: int = 0
    modified: str = ""


@dataclass(frozen=True, slots=True)
class S3Page:
    """Some objects; ``next_token`` asks for those that follow, ``None`` when there are no more."""

    objects: tuple[S3Object, ...]
    next_token: str | None = None


def page_from(body: bytes) -> S3Page:
    """Read a page.

    Raises:
        ValueError: it is none.
    """
    objects: list[S3Object] = []
    fields: dict[str, str] = {}
    item: dict[str, str] = {}

    def take(path: tuple[str, ...], text: str) -> None:
        if path[:1] != ("ListBucketResult",):
            raise ValueError(f"the answer is no list of objects but <{path[0]}>")
        match path[1:]:
            case ("Contents", name):
                item[name] = text
            case ("Contents",):
                objects.append(_object(item))
                item.clear()
            case (name,):
                fields[name] = text
            case _:
                pass

    _read(body, take)
    if fields.get("EncodingType") == "url":
        objects = [S3Object(unquote_plus(it.key), it.size, it.modified) for it in objects]
    if fields.get("IsTruncated") != "true":
        return S3Page(tuple(objects))
    token = fields.get("NextContinuationToken")
    if not token:
        raise ValueError("more objects follow, and the answer does not say how to ask for them")
    return S3Page(tuple(objects), token)


def _object(item: dict[str, str]) -> S3Object:
    if not item.get("Key"):
        raise ValueError("an object in the answer has no key")
    return S3Object(item["Key"], int(item.get("Size") or 0), item.get("LastModified", ""))


def error_from(body: bytes) -> str | None:
    """The code and message of an error document; ``None`` when it is none."""
    said: dict[str, str] = {}

    def take(path: tuple[str, ...], text: str) -> None:
        if len(path) == 2 and path[0] == "Error":
            said[path[1]] = text

    try:
        _read(body, take)
    except ValueError:
        return None
    if "Code" not in said:
        return None
    return f"{said['Code']}: {said['Message']}" if said.get("Message") else said["Code"]


def _read(body: bytes, take: Callable[[tuple[str, ...], str], None]) -> None:
    """Give each element, when it ends, by the names it is in and with its text.

    Raises:
        ValueError: this is no XML, or has a document type.
    """
    path: list[str] = []
    texts: list[list[str]] = []

    def begin(name: str, _attributes: dict[str, str]) -> None:
        path.append(name.rpartition(" ")[2])
        texts.append([])

    def end(_name: str) -> None:
        take(tuple(path), "".join(texts.pop()))
        path.pop()

    def text(data: str) -> None:
        texts[-1].append(data)

    def refuse(*_anything: object) -> None:
        raise ValueError("the answer has a document type, which S3 never writes")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise ValueError(f"the answer is no XML: {error}") from None
