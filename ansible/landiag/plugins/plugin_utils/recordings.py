"""What came from a host, held to the form of a recording; and the recording of a host that none came from."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from datetime import datetime, timezone

SCHEMA = "landiag.recording/1"
MAX_BYTES = 64 << 20
"""How large a recording may be: what `landiag fleet` reads."""

_MOST_WORDS = 300


class NoRecordingError(ValueError):
    """What a host sent is no recording; the message says why."""


def unpack(packed: object) -> dict:
    """The recording that a host sent. Raises NoRecordingError; no more is unpacked than may be."""
    try:
        raw = base64.b64decode(str(packed), validate=True)
        unzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
        data = unzip.decompress(raw, MAX_BYTES)
        if unzip.unconsumed_tail:
            raise NoRecordingError(f"its recording is larger than {MAX_BYTES >> 20} MB")
        document = json.loads(data)
    except (ValueError, zlib.error, RecursionError) as error:
        if isinstance(error, NoRecordingError):
            raise
        raise NoRecordingError("what it sent is no recording") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise NoRecordingError("what it sent is no recording")
    return document


def empty() -> dict:
    """The recording of a host of which nothing could be read."""
    created = datetime.now(timezone.utc).replace(microsecond=0).isoformat()
    target = {
        "protocol": "tcp",
        "port": None,
        "peer": None,
        "address": None,
        "interface": None,
        "scheme": "auto",
    }
    tool = {"name": "landiag-ansible", "version": "0.1.0"}
    return {
        "schema": SCHEMA,
        "tool": tool,
        "created": created,
        "target": target,
        "options": {},
        "readings": [],
    }


def pack(document: dict, groups: list[str], problem: str = "") -> tuple[bytes, int]:
    """The file of a recording, and its size before it is compressed.

    Its options are the controller's word: a host says nothing about the groups that it is in, nor why it is unknown.
    """
    options = {"command": "record", "groups": ",".join(groups)}
    if problem:
        options["problem"] = " ".join(problem.split())[:_MOST_WORDS]
    data = (json.dumps({**document, "options": options}, indent=1) + "\n").encode("ascii")
    return gzip.compress(data, 6), len(data)
