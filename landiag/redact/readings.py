"""Readings redacted: plain text, the JSON of landiag's own calls field by field, and answers of servers."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from landiag.firewall.windows.text import decode_console
from landiag.model.facts import Reading, ReadStatus
from landiag.model.regex import regex
from landiag.redact.answers import WithheldError, redact_answer
from landiag.redact.masking import mask_environment
from landiag.redact.redactor import Redactor
from landiag.redact.spans import find_spans
from landiag.redact.vocabulary import mask_prose

WITHHELD = "withheld: it could not be masked with certainty"

_HOST_KEYS = frozenset(("hostname", "host"))
_NAMES_KEYS = frozenset(("name", "names"))
_OF_HOSTS = ("resolve", "name-servers", "host-names", "http", "tls")
"""Calls in whose answers ``name`` is the name of a host."""
_USER_KEYS = frozenset(("user", "username", "owner"))
_NETWORK_KEYS = frozenset(("ssid", "essid", "network"))
_PARAMETER = regex(r"(?<=[ ])(host|name|path)=(\S*)")
_KEPT_FIRST = 8
"""Bytes of a binary greeting that stay: they say which protocol it is."""


def layout_of(source: str) -> str:
    """How a source writes addresses, where it has a way of its own; empty for the usual ways."""
    if source.startswith("file:/proc/net/") and "/xt_recent/" not in source:
        return "kernel"
    return "bsd" if "netstat" in source else ""


def collect_reading(redactor: Redactor, reading: Reading) -> None:
    """Remember the names and addresses of a reading."""
    collect_source(redactor, reading.source)
    redactor.collect(" ".join([*(reading.argv or ()), reading.detail, reading.remedy or ""]))
    text = _decode(reading)
    if text is None:
        return
    redactor.collect(text, layout=layout_of(reading.source))
    value = _own_json(reading.source, text)
    if value is not None:
        _collect_names(redactor, "", value, _host_keys(reading.source))


def _host_keys(source: str) -> frozenset[str]:
    return _HOST_KEYS | _NAMES_KEYS if source.partition(" ")[0] in _OF_HOSTS else _HOST_KEYS


def collect_source(redactor: Redactor, source: str) -> None:
    """Remember the names in the name of a source: the parameters of a call."""
    redactor.collect(source)
    for key, value in _PARAMETER.findall(source):
        if key != "path":
            redactor.names.host(_host_of(value))


def redact_reading(redactor: Redactor, reading: Reading) -> Reading:
    """Redact a reading; one that cannot be masked with certainty is withheld."""
    named = replace(
        reading,
        source=redact_source(redactor, reading.source),
        argv=None if reading.argv is None else redactor.argv(reading.argv),
        detail=redactor.line(reading.detail),
        remedy=None if reading.remedy is None else redactor.line(reading.remedy),
    )
    try:
        new = _redact_text(redactor, reading)
    except WithheldError:
        return replace(named, status=ReadStatus.WITHHELD, data=b"", detail=WITHHELD, remedy=None)
    return replace(named, data=new.encode("utf-8", "surrogatepass"))


def redact_source(redactor: Redactor, source: str) -> str:
    """Redact the name of a source, so that it is still the name under which the same question is asked."""
    text = redactor.text(source)
    return _PARAMETER.sub(lambda match: f"{match[1]}={_parameter(redactor, match[1], match[2])}", text)


def _parameter(redactor: Redactor, key: str, value: str) -> str:
    return redact_path(redactor, value) if key == "path" else redact_host(redactor, value)


def redact_path(redactor: Redactor, path: str) -> str:
    """Redact the path and query of a request."""
    return redactor.line(path)


def redact_host(redactor: Redactor, host: str) -> str:
    """Redact a Host header: a name or an address, perhaps with a port."""
    name = _host_of(host)
    new = redactor.text(name)
    return host.replace(name, new if new != name else redactor.names.host(name), 1) if name else host


def _host_of(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host


def _decode(reading: Reading) -> str | None:
    """The text of a reading; None when it is not text."""
    if reading.data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return reading.data.decode("utf-16", "replace")
    try:
        return reading.data.decode("utf-8")
    except UnicodeDecodeError:
        return decode_console(reading.data) if reading.source.startswith(_CONSOLE) else None


_CONSOLE = ("netstat", "ipconfig", "netsh-", "route-print-", "arp", "excluded-ports-", "wsl-portproxy")
"""What console programs of Windows wrote, in whatever code page."""


def _own_json(source: str, text: str) -> Any:
    """The value of a call's answer; None for what is not one."""
    if source.startswith(("file:", "nft", "ip-")) or text[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _redact_text(redactor: Redactor, reading: Reading) -> str:
    text = _decode(reading)
    if text is None:
        raise WithheldError
    new = _redact_known(redactor, reading.source, text)
    if redactor.leaks(new):
        raise WithheldError
    return new


def _redact_known(redactor: Redactor, source: str, text: str) -> str:
    value = _own_json(source, text)
    if value is not None:
        new = _Walker(redactor, _host_keys(source)).walk("", value)
        return json.dumps(new, ensure_ascii=False, separators=(",", ":"))
    if text[:1] in ("{", "[") and "\\u" in text:
        try:
            text = json.dumps(json.loads(text), ensure_ascii=False)
        except (ValueError, RecursionError) as error:
            raise WithheldError from error
    return redactor.text(text, layout=layout_of(source))


def _collect_names(redactor: Redactor, key: str, value: Any, hosts: frozenset[str]) -> None:
    """Remember the names that stand in fields for names, and what is encoded in the answers of servers."""
    if isinstance(value, dict):
        for inner_key, inner in value.items():
            _collect_names(redactor, inner_key, inner, hosts)
    elif isinstance(value, list):
        for inner in value:
            _collect_names(redactor, key, inner, hosts)
    elif isinstance(value, str) and value:
        if key in hosts:
            redactor.names.host(_host_of(value).removeprefix("*."))
        elif key in _USER_KEYS:
            redactor.names.user(value)
        elif key in _NETWORK_KEYS and "/" not in value and not find_spans(value):
            redactor.names.network(value)
        elif key == "base64":
            redactor.collect(_unpack(value).decode("latin-1"))
        elif "\\" in value or "/" in value:
            redactor.names.collect(value)


class _Walker(Struct, frozen=True):
    """Redacts the answer of a call, each field as what it is. ``hosts`` are the fields for names of hosts."""

    redactor: Redactor
    hosts: frozenset[str]

    def walk(self, key: str, value: Any) -> Any:
        """Redact a value. Raises WithheldError where it cannot be masked with certainty."""
        if isinstance(value, dict):
            if key == "answer":
                return redact_answer(self.redactor, value)
            if key == "environment":
                return {name: self.redactor.text(text) for name, text in mask_environment(value).items()}
            return {
                self.redactor.text(name): self.walk(
                    "greeting" if (key, name) == ("first", "text") else name, inner
                )
                for name, inner in value.items()
            }
        if isinstance(value, list):
            if key == "argv":
                return list(self.redactor.argv(tuple(map(str, value))))
            return [self.walk(key, inner) for inner in value]
        return self._field(key, value) if isinstance(value, str) else value

    def _field(self, key: str, text: str) -> str:
        if key in self.hosts:
            wild = "*." if text.startswith("*.") else ""
            return wild + redact_host(self.redactor, text.removeprefix(wild))
        if key in _USER_KEYS:
            return self.redactor.names.user(text)
        if key in _NETWORK_KEYS and self.redactor.text(text) == text and "/" not in text:
            return self.redactor.names.network(text)
        if key in ("subject", "issuer"):
            # Parts such as CN=shop,O=Shop GmbH; or the common name alone.
            part = r"(?<==)[^,+]*" if "=" in text else r".+"
            return re.sub(part, lambda match: _distinguished(self.redactor, match[0]), text)
        if key == "path":
            return redact_path(self.redactor, text)
        if key == "greeting":
            return _greeting(self.redactor, text)
        if key == "base64":
            return base64.b64encode(_packed(self.redactor, _unpack(text))).decode()
        return self.redactor.line(text)


_ACCOUNT = regex(r"[0-9]{6,}")  # longer than a port, a year, a status: an account, a telephone number


def _greeting(redactor: Redactor, text: str) -> str:
    """Redact the words with which a server begins: it is known by them, so that they are not blotted out."""
    return _ACCOUNT.sub(lambda match: "0" * len(match[0]), redactor.line(text))


def _packed(redactor: Redactor, data: bytes) -> bytes:
    """Redact what a server sent: a greeting in words as words; of binary ones only the kind stays."""
    text = data.decode("latin-1")
    if text.isascii() and text.replace("\r", "").replace("\n", "").isprintable():
        return _greeting(redactor, text).encode("utf-8")
    return data[:_KEPT_FIRST].ljust(len(data), b"\0")


def _distinguished(redactor: Redactor, value: str) -> str:
    """One part of the name in a certificate: a host's name, or an organisation that nobody else need know."""
    new = redactor.names.apply(value)
    return new if new != value else mask_prose(value)


def _unpack(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return b""
