"""Where a translation of pf leads, and how its blocks answer."""

from __future__ import annotations

from landiag.firewall.pf import addresses
from landiag.firewall.pf import matches as want
from landiag.firewall.pf.syntax import PfRule
from landiag.model.action import (
    RESET,
    Stop,
    Target,
    Verdict,
)

ELSEWHERE = ("route-to", "fastroute", "divert-to", "divert-packet", "af-to", "rdr-to", "binat-to")


def block(rule: PfRule, policy: str) -> Stop:
    """What a block rule does with a packet, by its own words or the policy."""
    returns = rule.returns or ("return" if policy == "return" else "drop")
    if returns == "drop":
        return Stop(Verdict.DROP)
    if returns.startswith("return-icmp"):
        code = returns.partition("(")[2].rstrip(")")
        return Stop(Verdict.REJECT, f"icmp {code or 'port-unreachable'}")
    return Stop(Verdict.REJECT, RESET)


def parse_target(text: str) -> Target | None:
    """``127.0.0.1 port 8080`` behind ``->`` or ``rdr-to``; None for pools, interfaces and port ranges."""
    words = text.split()
    if not words:
        return None
    address = addresses.target_address(words[0])
    number: int | None = None
    if len(words) == 3 and words[1] == "port":
        number = want.port_number(words[2])
    if address is None or (len(words) > 1 and number is None):
        return None
    ports = None if number is None else (number, number)
    return Target(addresses=(int(address), int(address)), ports=ports)
