"""Certificates."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from landiag.collect.exchanges.x509 import parse_certificate
from landiag.model.facts import ParseError


def made(folder: Path, *options: str) -> bytes:
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -outform DER "
        "-out cert.der"
    )
    subprocess.run([*command.split(), *options], cwd=folder, check=True, capture_output=True)
    return (folder / "cert.der").read_bytes()


def test_a_certificate_made_by_openssl(tmp_path: Path) -> None:
    names = "subjectAltName=DNS:shop.lan,IP:192.168.1.20"
    certificate = parse_certificate(made(tmp_path, "-days", "2", "-subj", "/CN=shop", "-addext", names))
    assert (certificate.subject, certificate.names) == ("shop", ("shop.lan", "192.168.1.20"))
    assert certificate.self_signed
    assert certificate.not_before < certificate.not_after


def test_the_name_stands_behind_others_and_addresses_of_ipv6_and_mails_beside_it(tmp_path: Path) -> None:
    names = "subjectAltName=email:me@shop.lan,IP:fd77::10,DNS:shop"
    certificate = parse_certificate(
        made(tmp_path, "-days", "2", "-subj", "/O=Shop/CN=shop", "-addext", names)
    )
    assert (certificate.subject, certificate.names) == ("shop", ("fd77::10", "shop"))


def test_a_certificate_without_names_has_none(tmp_path: Path) -> None:
    certificate = parse_certificate(made(tmp_path, "-days", "2", "-subj", "/O=Shop"))
    assert (certificate.subject, certificate.names) == ("", ())


def test_times_beyond_2049_are_told_otherwise(tmp_path: Path) -> None:
    """RFC 5280, 4.1.2.5: GeneralizedTime from 2050 on."""
    certificate = parse_certificate(made(tmp_path, "-days", "12000", "-subj", "/CN=shop"))
    assert certificate.not_before.startswith("20")
    assert certificate.not_after > "2050"


@pytest.mark.parametrize("damage", [b"", b"0", b"0\x82\x01", b"0\x03abc", b"\xff" * 40])
def test_what_is_no_certificate_is_said(damage: bytes) -> None:
    with pytest.raises(ParseError):
        parse_certificate(damage)
