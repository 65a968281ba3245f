"""The options that each target of iptables is known to have; with any other one it is not understood."""

from __future__ import annotations

from collections.abc import Mapping

_MARKS = ("--set-xmark", "--set-mark", "--and-mark", "--or-mark", "--xor-mark")
_PORTS = ("--to-ports", "--to-port", "--random", "--random-fully")

OPTIONS: Mapping[str, tuple[str, ...]] = {
    "REJECT": ("--reject-with",),
    "MARK": _MARKS,
    "CONNMARK": (*_MARKS, "--save-mark", "--restore-mark", "--nfmask", "--ctmask", "--mask"),
    "DNAT": ("--to-destination", "--random", "--persistent"),
    "SNAT": ("--to-source", "--random", "--random-fully", "--persistent"),
    "REDIRECT": _PORTS,
    "MASQUERADE": _PORTS,
    "NETMAP": ("--to",),
    "SAME": ("--to", "--nodst", "--random"),
    "TPROXY": ("--on-port", "--on-ip", "--tproxy-mark"),
    "CT": (
        "--notrack",
        "--zone",
        "--zone-orig",
        "--zone-reply",
        "--helper",
        "--ctevents",
        "--expevents",
        "--timeout",
    ),
    "SET": (
        "--add-set",
        "--del-set",
        "--map-set",
        "--exist",
        "--timeout",
        "--map-mark",
        "--map-prio",
        "--map-queue",
    ),
    "DSCP": ("--set-dscp", "--set-dscp-class"),
    "TOS": ("--set-tos", "--and-tos", "--or-tos", "--xor-tos"),
    "TTL": ("--ttl-set", "--ttl-inc", "--ttl-dec"),
    "HL": ("--hl-set", "--hl-inc", "--hl-dec"),
    "HMARK": (
        *(f"--hmark-{word}" for word in ("tuple", "mod", "offset", "rnd", "src-prefix", "dst-prefix")),
        *(f"--hmark-{word}-mask" for word in ("sport", "dport", "spi", "proto")),
    ),
    "TCPMSS": ("--set-mss", "--clamp-mss-to-pmtu"),
    "NFQUEUE": ("--queue-num", "--queue-balance", "--queue-bypass", "--queue-cpu-fanout"),
    "SYNPROXY": ("--mss", "--wscale", "--sack-perm", "--timestamp", "--ecn"),
    "TCPOPTSTRIP": ("--strip-options",),
}
"""The options of each target, iptables-extensions(8)."""
