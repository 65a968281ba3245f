"""Addresses as they stand in URLs, Host headers and beside a port."""

from __future__ import annotations


def bracketed(host: object) -> str:
    """An address or a name as it stands before a port: one of IPv6 in brackets (RFC 3986, section 3.2.2)."""
    text = str(host)
    return f"[{text}]" if ":" in text else text
