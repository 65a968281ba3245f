"""BPF programs that see packets beside every rule and that ``tc filter`` does not show, as bpftool-net(8) has them."""

from __future__ import annotations

import json

from msgspec import Struct

from landiag.model.facts import Command, ParseError

ATTACHED = Command("bpftool net", ("bpftool", "-j", "net", "show"), needs_root=True)

_BESIDE_TC = ("tcx/", "netkit/")
"""How the kinds begin that are no filters of traffic control."""


class Program(Struct, frozen=True):
    """A program at an interface (``tcx/ingress``), or in the hooks of netfilter (``device`` is None)."""

    kind: str
    device: str | None


def parse_attached(text: str) -> tuple[Program, ...]:
    """Read what is attached. Raises ParseError."""
    try:
        (held,) = json.loads(text)
        at_devices = [(str(one["kind"]), str(one["devname"])) for one in held["tc"]]
        in_hooks = [Program("netfilter", None) for _ in held.get("netfilter", ())]
    except (ValueError, TypeError, KeyError) as error:
        raise ParseError(f"bpftool net: {type(error).__name__} {error}") from error
    return (*(Program(kind, device) for kind, device in at_devices if kind.startswith(_BESIDE_TC)), *in_hooks)
