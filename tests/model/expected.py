"""What each code means, kept apart from the rows of landiag/model/causes and held against them by tests.

A second book on purpose: from the contract, the pages of ``landiag explain`` and what clients of the lab measured.
``code | check | stages | symptoms | what probe names on a client that it stops``; ``-`` is none, the first stage is
that of a finding which names none, ``*`` marks what stops every way in, ``?`` what is only ever unknown, ``!`` what
only warns.
"""

from __future__ import annotations

from typing import NamedTuple

TABLE = """
nothing-listening *          | listening   | socket                                      | refused                          | connection-refused
port-taken                   | port        | socket                                      | answered refused varies          | other-server-answers
port-reserved *              | port        | socket                                      | refused                          | connection-refused
port-privileged *            | port        | socket                                      | refused                          | connection-refused
bound-to-loopback            | listening   | socket                                      | refused reset                    | connection-refused connection-reset
bound-to-other-address       | listening   | socket                                      | refused                          | connection-refused
bound-to-ipv6-only           | listening   | socket                                      | refused                          | connection-refused
bound-to-ipv4-only           | listening   | socket                                      | refused                          | connection-refused
bound-to-device              | listening   | socket                                      | refused                          | connection-refused
listening-in-namespace       | listening   | socket                                      | refused                          | connection-refused
published-on-loopback        | listening   | socket                                      | refused                          | connection-refused
no-lan-address *             | addresses   | address                                     | unreachable timeout              | connection-filtered peer-down
link-down *                  | addresses   | link                                        | unreachable timeout              | connection-filtered peer-down
duplicate-address            | addresses   | address                                     | varies refused timeout reset answered | connection-refused connection-filtered connection-reset other-server-answers
wrong-address                | addresses   | address                                     | unreachable timeout refused      | peer-down connection-filtered
subnet-overlap               | addresses   | reply-route                                 | timeout unreachable              | connection-filtered peer-down
firewall-drops               | firewall    | input forward ingress prerouting reply link | timeout unreachable silent stalled | connection-filtered server-silent peer-down path-mtu
firewall-rejects             | firewall    | input forward ingress prerouting reply link | refused unreachable reset        | connection-refused connection-rejected connection-reset
firewall-drops-replies       | firewall    | reply                                       | timeout silent stalled           | connection-filtered server-silent path-mtu
firewall-blocks-program      | firewall    | input                                       | timeout silent                   | connection-filtered server-silent
firewall-profile             | firewall    | input                                       | timeout                          | connection-filtered
rate-limited                 | firewall    | input forward ingress prerouting reply link | varies                           | connection-filtered server-silent
firewall-unreadable ?        | firewall    | input forward ingress prerouting reply link | timeout refused unreachable silent | connection-filtered connection-refused connection-rejected server-silent
windows-firewall-not-asked ! | firewall    | input                                       | timeout                          | connection-filtered
other-firewall ?             | firewall    | input ingress prerouting forward reply      | timeout refused unreachable silent | connection-filtered server-silent peer-down
sandbox-denies               | firewall    | socket                                      | timeout refused unreachable silent | connection-filtered connection-refused connection-rejected server-silent
port-redirected              | listening   | nat                                         | refused timeout unreachable reset | connection-refused connection-filtered connection-rejected connection-reset peer-down
port-not-forwarded           | listening   | socket                                      | refused timeout                  | connection-refused connection-filtered
reverse-path-filter          | way-back    | route                                       | timeout unreachable              | connection-filtered peer-down
no-route-to-client           | way-back    | reply-route                                 | timeout unreachable              | connection-filtered connection-rejected peer-down
vpn-takes-replies            | way-back    | reply-route                                 | timeout unreachable              | connection-filtered peer-down
queue-drops                  | way-back    | reply link                                  | timeout unreachable varies       | connection-filtered peer-down
conntrack-full *             | way-back    | prerouting                                  | timeout varies silent            | connection-filtered server-silent
accept-queue-full            | listening   | accept-queue                                | timeout silent refused reset     | connection-filtered connection-refused server-silent
server-silent                | application | application                                 | silent reset stalled             | connection-reset
own-connection-stopped ?     | application | application                                 | -                                | -
speaks-tls                   | application | application                                 | reset answered silent            | connection-reset server-silent
not-http                     | application | application                                 | reset answered silent            | connection-reset server-silent other-server-answers
host-header-rejected         | application | application                                 | answered reset                   | -
client-rejected              | application | application                                 | answered reset                   | connection-reset
origin-rejected              | application | application                                 | answered                         | -
page-uses-localhost          | application | application                                 | answered                         | -
redirects-elsewhere          | application | application                                 | answered                         | -
http-error                   | application | application                                 | answered                         | -
port-unsafe-in-browsers      | port        | application                                 | answered                         | -
peer-down                    | peer        | neighbour                                   | unreachable timeout              | -
peer-in-other-network        | peer        | neighbour                                   | unreachable timeout              | -
peer-isolated                | peer        | neighbour                                   | unreachable timeout              | -
peer-blocks-icmp !           | peer        | icmp                                        | -                                | -
name-does-not-resolve        | addresses   | name                                        | unresolved                       | -
name-resolves-elsewhere      | addresses   | name                                        | timeout unreachable refused answered | -
no-route-to-server           | addresses   | route                                       | unreachable timeout              | -
connection-refused           | listening   | tcp                                         | refused                          | -
connection-filtered          | firewall    | tcp                                         | timeout                          | -
connection-reset             | application | http                                        | reset                            | -
connection-rejected          | firewall    | tcp                                         | unreachable refused              | -
path-mtu                     | way-back    | mtu                                         | stalled silent                   | -
other-server-answers         | application | http                                        | answered                         | -
nothing-arrived ?            | peer        | neighbour                                   | timeout unreachable              | -
proxy-in-the-way             | firewall    | http                                        | answered refused timeout reset   | -
local-network-privacy        | firewall    | tcp                                         | unreachable                      | -
android-local-network !      | firewall    | tcp                                         | timeout                          | -
browser-local-network !      | application | http                                        | unreachable                      | -
debugger-exposed !           | application | -                                           | -                                | -
development-server !         | application | -                                           | -                                | -
firewall-bypassed !          | firewall    | -                                           | -                                | -
"""  # noqa: E501 - a table


def codes(text: str) -> frozenset[str]:
    """The codes of a list."""
    return frozenset(text.split())


USELESS = codes(
    "port-unsafe-in-browsers page-uses-localhost origin-rejected redirects-elsewhere other-server-answers "
    "port-taken not-http"
)
"""Codes with which the server answers, and the client gains nothing (the contract's list)."""

CLIENTS_OWN = codes(
    "name-does-not-resolve name-resolves-elsewhere no-route-to-server proxy-in-the-way local-network-privacy "
    "android-local-network browser-local-network "
    "port-unsafe-in-browsers peer-in-other-network"
)
"""Codes that stop a client before its packets come near the server."""

BETWEEN = codes(
    "connection-filtered connection-rejected connection-reset connection-refused peer-down path-mtu"
)
"""Codes that point between the two where the server's machine is fine."""

RULES = codes(
    "firewall-drops firewall-rejects firewall-drops-replies firewall-blocks-program firewall-profile rate-limited"
)
"""Codes of which a rule of a packet filter decides."""

SOCKETS = codes(
    "nothing-listening bound-to-loopback bound-to-other-address bound-to-ipv6-only bound-to-ipv4-only "
    "bound-to-device listening-in-namespace published-on-loopback port-redirected port-not-forwarded "
    "accept-queue-full"
)
"""Codes with which this machine itself answers RST."""

REPLY_ROUTES = codes("vpn-takes-replies no-route-to-client subnet-overlap")
"""Codes with which the answer goes a wrong way, or none."""

POORER = {
    "host-header-rejected": codes("http-error"),
    "client-rejected": codes("http-error"),
}
"""Codes that give way to a better name of the same fault: the server's refusal is an error that it answers, too."""

DROPS = {
    "NETFILTER_DROP": "firewall-drops",
    "NETFILTER_INGRESS": "firewall-drops",
    "IP_RPFILTER": "reverse-path-filter",
    "TCP_LISTEN_OVERFLOW": "accept-queue-full",
    "SOCKET_FILTER": "sandbox-denies",
    "BPF_CGROUP_EGRESS": "sandbox-denies",
    "SECURITY_HOOK": "sandbox-denies",
    "IP_OUTNOROUTES": "no-route-to-client",
    "NEIGH_FAILED": "peer-down",
    "NEIGH_QUEUEFULL": "peer-down",
    "QDISC_DROP": "queue-drops",
    "XDP": "other-firewall",
    "TC_INGRESS": "other-firewall",
    "TCP_RESET": None,
    "NO_SOCKET": None,
}
"""The kernel's drop reasons (include/net/dropreason-core.h of 6.18) and the code that each speaks for."""


class Row(NamedTuple):
    """One line of the table."""

    code: str
    check: str
    stages: tuple[str, ...]
    symptoms: tuple[str, ...]
    met: tuple[str, ...]
    worst: str
    everywhere: bool


def _row(line: str) -> Row:
    code, check, stages, symptoms, met = (part.strip() for part in line.split("|"))
    name, _, mark = code.partition(" ")
    words = [() if part == "-" else tuple(part.split()) for part in (stages, symptoms, met)]
    worst = {"?": "unknown", "!": "warns"}.get(mark, "blocks")
    return Row(name, check, words[0], words[1], words[2], worst, mark == "*")


ROWS = tuple(_row(line) for line in TABLE.strip().splitlines())
