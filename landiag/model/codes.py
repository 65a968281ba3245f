"""The codes of findings, in the order in which a person should mend them; stable for ever."""

from __future__ import annotations

CODES = (
    "nothing-listening",
    "port-taken",
    "port-reserved",
    "port-privileged",
    "bound-to-loopback",
    "bound-to-other-address",
    "bound-to-ipv6-only",
    "bound-to-ipv4-only",
    "bound-to-device",
    "listening-in-namespace",
    "published-on-loopback",
    "no-lan-address",
    "link-down",
    "duplicate-address",
    "wrong-address",
    "subnet-overlap",
    "firewall-drops",
    "firewall-rejects",
    "firewall-drops-replies",
    "firewall-blocks-program",
    "firewall-profile",
    "rate-limited",
    "firewall-unreadable",
    "other-firewall",
    "sandbox-denies",
    "port-redirected",
    "port-not-forwarded",
    "reverse-path-filter",
    "no-route-to-client",
    "vpn-takes-replies",
    "conntrack-full",
    "accept-queue-full",
    "server-silent",
    "speaks-tls",
    "not-http",
    "host-header-rejected",
    "origin-rejected",
    "page-uses-localhost",
    "redirects-elsewhere",
    "http-error",
    "port-unsafe-in-browsers",
    "peer-down",
    "peer-in-other-network",
    "peer-isolated",
    "peer-blocks-icmp",
    "name-does-not-resolve",
    "name-resolves-elsewhere",
    "no-route-to-server",
    "connection-refused",
    "connection-filtered",
    "connection-reset",
    "connection-rejected",
    "path-mtu",
    "other-server-answers",
    "nothing-arrived",
    "proxy-in-the-way",
    "local-network-privacy",
    "android-local-network",
    "browser-local-network",
    "windows-firewall-not-asked",
    "debugger-exposed",
    "development-server",
    "firewall-bypassed",
)
"""Every code of the contract. The verdict's cause is the first one that blocks."""


def rank(code: str) -> int:
    """The place of a code in the order of mending; a code that is not listed comes last."""
    return _RANKS.get(code, len(CODES))


_RANKS = {code: place for place, code in enumerate(CODES)}
