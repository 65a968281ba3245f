"""The few things a person needs from a certificate, read from its DER bytes.

Python's ssl gives a certificate's fields only when it verifies it, and a development server's certificate
never verifies. Sources: RFC 5280, X.690.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from ipaddress import ip_address

from msgspec import Struct

from landiag.model.facts import ParseError

_COMMON_NAME = bytes.fromhex("550403")
_SUBJECT_ALT_NAME = bytes.fromhex("551d11")
_UTC_TIME = 0x17
_DNS, _IP = 0x82, 0x87


class Certificate(Struct, frozen=True):
    """What a server showed. ``names`` are the host names and addresses it is for; times are RFC 3339, UTC."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: str
    not_after: str
    self_signed: bool


def parse_certificate(der: bytes) -> Certificate:
    """The certificate in these DER bytes. Raises ParseError."""
    try:
        return _certificate(der)
    except (IndexError, ValueError, StopIteration) as error:
        raise ParseError(f"not a certificate: {error}") from None


def _certificate(der: bytes) -> Certificate:
    body = _value(_value(der))
    fields = [item for item in _items(body) if item[0] != 0xA0]
    _serial, _algorithm, issuer, validity, subject, *rest = fields
    before, after = (_time(*item) for item in _items(validity[1]))
    common = _common_name(subject[1])
    names = tuple(name for tag, value in rest if tag == 0xA3 for name in _alternative_names(value))
    return Certificate(
        subject=common,
        issuer=_common_name(issuer[1]),
        names=names or ((common,) if common else ()),
        not_before=before,
        not_after=after,
        self_signed=subject[1] == issuer[1],
    )


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The (tag, value) pairs that stand one after the other. Raises IndexError or ValueError on damage."""
    while data:
        tag, value, data = _split(data)
        yield tag, value


def _split(data: bytes) -> tuple[int, bytes, bytes]:
    length, start = data[1], 2
    if length & 0x80:
        start = 2 + (length & 0x7F)
        length = int.from_bytes(data[2:start], "big")
    if len(data) < start + length:
        raise ValueError("it is cut off")
    return data[0], data[start : start + length], data[start + length :]


def _value(data: bytes) -> bytes:
    return _split(data)[1]


def _common_name(name: bytes) -> str:
    for _, group in _items(name):
        for _, attribute in _items(group):
            (_, kind), (_, value), *_ = _items(attribute)
            if kind == _COMMON_NAME:
                return value.decode("utf-8", "backslashreplace")
    return ""


def _time(tag: int, value: bytes) -> str:
    text = value.decode("ascii")
    if tag == _UTC_TIME:
        text = ("19" if text >= "50" else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=timezone.utc).isoformat()


def _alternative_names(extensions: bytes) -> Iterator[str]:
    for _, extension in _items(_value(extensions)):
        (_, kind), *_, (_, value) = _items(extension)
        if kind == _SUBJECT_ALT_NAME:
            for tag, name in _items(_value(value)):
                if tag == _DNS:
                    yield name.decode("utf-8", "backslashreplace")
                elif tag == _IP and len(name) in (4, 16):
                    yield str(ip_address(name))
