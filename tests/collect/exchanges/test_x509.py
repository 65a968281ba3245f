"""Certificates."""

from __future__ import annotations

import subprocess
from pathlib import Path

from landiag.collect.exchanges.x509 import parse_certificate


def test_a_certificate_made_by_openssl(tmp_path: Path) -> None:
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=shop "
        "-addext subjectAltName=DNS:shop.lan,IP:192.168.1.20 -keyout key.pem -outform DER -out cert.der"
    )
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    certificate = parse_certificate((tmp_path / "cert.der").read_bytes())
    assert (certificate.subject, certificate.names) == ("shop", ("shop.lan", "192.168.1.20"))
    assert certificate.self_signed
    assert certificate.not_before < certificate.not_after
