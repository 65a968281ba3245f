"""IPsec policies, ip-xfrm(8): the kernel asks them of every packet, and they may block it or want it encrypted.

Sources: xfrm_policy_print (ip/ipxfrm.c in iproute2), __xfrm_policy_check and xfrm_lookup (net/xfrm/xfrm_policy.c).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_network

from msgspec import Struct

from landiag.model.facts import Command, File, IPNetwork, ParseError, Reading, parse_reading
from landiag.model.packet import Packet
from landiag.model.regex import regex

POLICIES = Command("xfrm-policies", ("ip", "xfrm", "policy"), needs_root=True, module="xfrm_user")

STATISTICS = File("/proc/net/xfrm_stat")
UDP, UDP6 = File("/proc/net/udp"), File("/proc/net/udp6")
HINTS = (STATISTICS, UDP, UDP6)
"""What anybody may read: whether policies have stopped packets already, and whether somebody negotiates keys."""

_KEY_PORTS = regex(r"^\s*\d+: [0-9A-F]+:(?:01F4|1194) ", re.MULTILINE)
_COUNTED = regex(r"^Xfrm\w+\s+[1-9]\d*\s*$", re.MULTILINE)


def is_in_use(text: str) -> bool:
    """Whether one of these shows that IPsec is in use: a counter that counted, or a socket on port 500 or 4500."""
    return _COUNTED.search(text) is not None or _KEY_PORTS.search(text) is not None


def sign_of_use(readings: Mapping[str, Reading]) -> str | None:
    """The source that shows that IPsec is in use, where only root may list its policies; None where none does."""
    read = (readings[one.name] for one in HINTS if one.name in readings)
    return next((one.source for one in read if parse_reading(one, is_in_use) is True), None)


_SELECTOR = regex(
    r"src (?P<source>\S+/\d+) dst (?P<destination>\S+/\d+)"
    r"(?: proto (?P<protocol>\S+))?(?: sport (?P<sport>\d+))?(?: dport (?P<dport>\d+))?(?P<more>.*)"
)
_RULE = regex(
    r"^\t(?:dir (?P<way>in|out|fwd)|socket (?:in|out|fwd))(?P<block> action block)? .*?priority (?P<rank>\d+)",
    re.MULTILINE,
)


_LINE = regex(
    r"\t(?:dir|socket) (?:in|out|fwd)(?: action block)?(?: index \d+)? priority \d+"
    r"(?: (?:[a-z-]+|\(?0x[0-9a-f]+\)?))* ?|"
    r"\t(?:(?:tmpl|mark|if_id|security context|lifetime|(?:crypto |packet )?offload)(?= )|\t[\t ]*\S).*|\s*"
)
"""A line behind the selector, or more of the one above it."""


class Policy(Struct, frozen=True):
    """One policy. ``way`` is ``in``, ``out`` or ``fwd``; ``takes`` what it does not let pass as it is.

    ``perhaps``: it is narrowed by something that is not known here (a mark, a device, ports).
    """

    way: str
    source: IPNetwork
    destination: IPNetwork
    protocol: str
    rank: int
    blocks: bool
    takes: bool
    perhaps: bool
    text: str

    def concerns(self, packet: Packet) -> bool:
        """Whether a packet is one of those that it is for, as far as addresses tell."""
        addresses = ((packet.source, self.source), (packet.destination, self.destination))
        if self.protocol not in ("", packet.protocol):
            return False
        return all(address is not None and address in network for address, network in addresses)


def parse_policies(text: str) -> tuple[Policy, ...]:
    """Parse ``ip xfrm policy``; those of single sockets are left out. Raises ParseError when it is not that."""
    blocks = re.split(r"^(?=src )", text.replace("\r", ""), flags=re.MULTILINE)
    if blocks[0].strip():
        raise ParseError(f"not a list of IPsec policies: {blocks[0][:60]!r}")
    return tuple(policy for policy in map(_parse, blocks[1:]) if policy is not None)


def _parse(block: str) -> Policy | None:
    first, _, rest = block.partition("\n")
    selector, rule = _SELECTOR.fullmatch(first.strip()), _RULE.search(rest + " ")
    is_known = all(_LINE.fullmatch(line) for line in rest.splitlines())
    if selector is None or rule is None or not is_known:
        raise ParseError(f"not an IPsec policy: {first[:60]!r}")
    if rule["way"] is None:
        return None
    try:
        source, destination = (ip_network(selector[side], strict=False) for side in ("source", "destination"))
    except ValueError as error:
        raise ParseError(f"not an IPsec policy: {error}") from error
    wanted = re.findall(r"^\ttmpl (?:.*\n\t\t)*.*", rest, re.MULTILINE)
    narrowed = bool(selector["sport"] or selector["dport"] or selector["more"].strip())
    return Policy(
        way=rule["way"],
        source=source,
        destination=destination,
        protocol=selector["protocol"] or "",
        rank=int(rule["rank"]),
        blocks=rule["block"] is not None,
        takes=rule["block"] is not None or any("level use" not in one for one in wanted),
        perhaps=narrowed or re.search(r"^\t(?:mark|if_id|security context)", rest, re.MULTILINE) is not None,
        text=" ".join(block.split()),
    )


def deciding(policies: tuple[Policy, ...], way: str, packet: Packet) -> Policy | None:
    """The first policy that takes a packet which goes this way, or may; None where it passes as it is.

    The lowest number decides; one that lets pass what it is for ends the search.
    """
    for policy in sorted(policies, key=lambda one: one.rank):
        if policy.way == way and policy.concerns(packet):
            if policy.takes:
                return policy
            if not policy.perhaps:
                return None
    return None
