"""Where the hooks of packet filters stand among the stages of a conversation."""

from __future__ import annotations

from collections.abc import Mapping

from landiag.model.terms import Leg, StageName

STAGE_OF_HOOK: Mapping[str, StageName] = {
    "ingress": StageName.INGRESS,
    "prerouting": StageName.PREROUTING,
    "nat": StageName.NAT,
    "route": StageName.ROUTE,
    "input": StageName.INPUT,
    "forward": StageName.FORWARD,
    "output": StageName.REPLY,
    "postrouting": StageName.REPLY,
    "egress": StageName.REPLY,
}
"""The stage that a hook belongs to when a client's packets meet it, or the answers to them."""

BACK = (Leg.SYN_ACK, Leg.ANSWER)
"""Legs of what the server sends."""

SEARCH = (Leg.QUESTION, Leg.REPLY)
"""Legs of the search for a hardware address (landiag.firewall.engine.neighbours)."""


def stage_of_stop(hook: str, leg: str | None) -> StageName:
    """The stage at which a hook stops a packet of the conversation.

    An answer is stopped at the reply, whichever hook it meets. Who drops what this machine is found by (ARP, ND)
    keeps clients from the link itself: none of their packets ever comes.
    """
    if leg in SEARCH:
        return StageName.LINK
    if leg in BACK:
        return StageName.REPLY
    return STAGE_OF_HOOK[hook]
