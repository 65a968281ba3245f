"""pf of macOS, FreeBSD and OpenBSD: what pfctl prints and pf.conf says, lowered to the one model."""

from __future__ import annotations

from landiag.firewall.pf.lower import BACKEND, PfSystem
from landiag.firewall.pf.parse import is_pf, parse_listing, parse_pf, parse_pf_file
from landiag.firewall.pf.syntax import PfRule, PfText
from landiag.firewall.pf.write import write_all, write_rule

__all__ = [
    "BACKEND",
    "PfRule",
    "PfSystem",
    "PfText",
    "is_pf",
    "parse_listing",
    "parse_pf",
    "parse_pf_file",
    "write_all",
    "write_rule",
]
