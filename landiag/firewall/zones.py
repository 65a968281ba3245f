"""firewalld's chains: the zone that a packet goes through, and why one of its rules stops it."""

from __future__ import annotations

from landiag.firewall.ipt.origin import RoutePresent
from landiag.firewall.nft.expr import Present
from landiag.model.match import Computed
from landiag.model.operands import Field
from landiag.model.regex import regex
from landiag.model.ruleset import Step, TraceLine

_ZONE = regex(r"(?:filter_)?IN_(.+?)(?:_(?:pre|log|deny|allow|post))?$")


def zone_reason(line: TraceLine, zone: str, port: int | None) -> str:
    """Say why a zone stops clients: by its end, which is met when no rule of it lets the port in, or by a rule."""
    name = line.chain.name if line.chain is not None else ""
    if not zone or line.hook not in ("input", ""):
        return ""
    if name.endswith("_deny"):
        return f"a rule of zone {zone} denies it"
    is_end = name.removeprefix("filter_") in (f"IN_{zone}", "INPUT") or name.startswith("INPUT")
    return f"zone {zone} has no port {port}/tcp" if is_end and port is not None else ""


def find_zone(lines: tuple[TraceLine, ...]) -> str | None:
    """Find the zone of firewalld that the packet went through: its last chain IN_ZONE of the trace."""
    for line in reversed(lines):
        words = line.result.split()
        names = [
            line.chain.name if line.chain is not None else "",
            *(words[1:] if words[:1] in (["jump"], ["goto"]) else []),
        ]
        for name in names:
            found = _ZONE.match(name)
            if found and found[1] not in ("policy_allow-host-ipv6",):
                return found[1]
    return None


def asks_for_way_back(line: TraceLine) -> bool:
    """Whether a rule decides by the interface by which the answer would leave (fib in nft, rpfilter in iptables)."""
    return any(_asked_of_route(step).startswith("fib saddr") for step in line.steps)


def _asked_of_route(step: Step) -> str:
    """The field of a match that asks whether there is a route; empty for every other."""
    if isinstance(step, RoutePresent):
        return step.field
    if not isinstance(step, Computed) or not isinstance(step.operand, Present):
        return ""
    return step.operand.operand.name if isinstance(step.operand.operand, Field) else ""
