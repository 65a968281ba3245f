"""Every recorded case redacted: it says the same, and nothing of what it named is left, in any format or encoding."""

from __future__ import annotations

import base64
import html
import json
import re
import warnings
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple
from urllib.parse import unquote

import pytest

from landiag.cli.files.outputs import RENDERERS
from landiag.collect.guests import usual_networks, virtual_cards
from landiag.host import Recording, parse_recording, render_recording
from landiag.model.facts import ReadStatus
from landiag.model.report import Report
from landiag.redact.documents import redact, redact_everything
from landiag.redact.space import CLASSES, KEPT
from landiag.redact.vocabulary import KEPT_USERS
from tests.cases import NAMES, is_taken, load, replay, report_of


def _shape(report: Report) -> object:
    """What must stay: the verdict, the findings, and how they are mended."""
    fixes = [
        (
            finding.code,
            finding.outcome,
            [(len(fix.commands), fix.needs, len(fix.steps)) for fix in finding.fixes],
        )
        for finding in report.findings
    ]
    return (
        report.verdict.status,
        report.verdict.cause,
        fixes,
        [(check.check, check.outcome) for check in report.checks],
    )


_ADDRESS = re.compile(r"[0-9a-fA-F:.]*[0-9a-fA-F][.:][0-9a-fA-F:.]+")
_MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")


_OF_STANDARDS = {ip_address("::ffff:0:0"), ip_address("2002:e000::")}
"""Ranges that firewalld's own rules name (RFC 4291, RFC 3964): they say nothing of anybody."""


def _texts(recording: Recording) -> str:
    return "\n".join([*recording.readings, *(one.text for one in recording.readings.values())])


def _addresses(text: str) -> set[IPv4Address | IPv6Address]:
    """Every address in a text that says something of somebody, found in another way than by the redactor."""
    found = set()
    for word in _ADDRESS.findall(text):
        try:
            found.add(ip_address(word.strip(".")))
        except ValueError:
            continue
    edges = {network.network_address for network in CLASSES} | {
        network.broadcast_address for network in CLASSES
    }
    return {
        one
        for one in found - edges - _OF_STANDARDS
        if not any(one.version == kept.version and one in kept for kept in KEPT) and int(one) >= 1 << 24
    }


class Named(NamedTuple):
    """What a recording names: addresses, and words that name people, machines and hardware."""

    addresses: set[IPv4Address | IPv6Address]
    words: set[str]


def _named(recording: Recording) -> Named:
    text = _texts(recording)
    groups = {mac for mac in _MAC.findall(text) if int(mac[:2], 16) & 1}  # of protocols, nobody's own
    gateways = {mac for mac in _MAC.findall(text) if mac.startswith("52:54:00:12:35:")}  # of every VirtualBox
    usual = {one for one in _addresses(text) if any(one in network for network, _ in usual_networks())}
    slirp = {f"52:55:{one.packed.hex(':')}" for one in usual}  # its gateways have their address in theirs
    kept = {"00:00:00:00:00:00", *groups, *gateways, *slirp, *virtual_cards()}
    macs = set(_MAC.findall(text)) - kept
    return Named(_addresses(text) - usual, _names(recording) | macs)


def _names(recording: Recording) -> set[str]:
    machine = json.loads(recording.readings["machine"].text)
    names = {str(machine["hostname"])}
    for source, reading in recording.readings.items():
        if source.startswith("processes "):
            names |= {str(item["user"]) for item in json.loads(reading.text)} - KEPT_USERS
    return names | {"Kaminski", "kaminski", "weber", "Weber", "555-0134", "alice"}


def _readable(text: str) -> str:
    """A text as it reads without each encoding."""
    plain = html.unescape(unquote(text))
    packed = [
        base64.b64decode(word).decode("latin-1") for word in re.findall(r"(?:[A-Za-z0-9+/]{4}){4,}", text)
    ]
    return "\n".join([text, plain, _unescaped(text), *packed])


def _unescaped(text: str) -> str:
    """Its backslashes read as Python's; those of Windows' paths are none, which each Python says in other words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return text.encode().decode("unicode_escape", "replace")


SAMPLE = 4
"""One case in so many is redacted in each run; it takes as long as ten judgements."""


@pytest.mark.parametrize("name", [name for name in NAMES if is_taken(name, SAMPLE)])
def test_redacted_case_says_the_same_and_names_nothing(name: str) -> None:
    recording, report = load(name).recording, report_of(name)
    (redacted, beside), done = redact_everything((recording, report))
    assert isinstance(redacted, Recording)
    assert isinstance(beside, Report)
    assert done.withheld == ()
    assert parse_recording(render_recording(redacted)) == redacted
    named = _named(recording)
    _is_unnamed(render_recording(redacted), named)
    again, alone = replay(redacted), redact(report)[0]
    assert alone.redacted
    for one in (again, beside, alone):
        assert _shape(one) == _shape(report)
        for render in RENDERERS.values():
            _is_unnamed(render(one), named)


def _is_unnamed(text: str, named: Named) -> None:
    """Nothing that a recording names may be left in a text that was made of it."""
    shown = _readable(text)
    assert not named.addresses & _addresses(shown)
    assert not {word for word in named.words if word in shown}


def test_reading_that_is_no_text_is_withheld_and_counted() -> None:
    from msgspec.structs import replace

    recording = load("linux-bound-to-loopback").recording
    broken = replace(recording.readings["nft-ruleset"], data=b"\xff\x00\x80 alice")
    recording = replace(recording, readings={**recording.readings, "nft-ruleset": broken})
    redacted, done = redact(recording)
    assert done.withheld == ("nft-ruleset",)
    assert redacted.readings["nft-ruleset"].status is ReadStatus.WITHHELD
    assert redacted.readings["nft-ruleset"].data == b""
    assert replay(redacted).verdict.cause == "bound-to-loopback"
