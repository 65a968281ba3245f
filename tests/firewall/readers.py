"""Every reader of a firewall's text as a function of bytes: it reads them and judges, or raises ParseError."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address

from landiag.firewall.command import judge_packets, write_json
from landiag.firewall.ipt.ipset import parse_ipset_save
from landiag.firewall.ipt.parse import parse_iptables_save
from landiag.firewall.linux import parse_ruleset
from landiag.firewall.nft.listing import parse_listing
from landiag.firewall.pf import PfSystem, parse_pf, write_all
from landiag.firewall.saved import parse_saved
from landiag.firewall.saved_file import SavedFile
from landiag.firewall.ufw import label_files
from landiag.firewall.windows import parse_policy
from landiag.host import parse_recording, render_recording
from landiag.model.facts import ParseError, Reading, ReadStatus
from landiag.model.packet import Packet
from landiag.model.ruleset import Ruleset
from landiag.prove.trace import events_of, parse_trace
from landiag.question import UsageError
from landiag.render.firewall import render_said, tell_judged
from landiag.render.style import Style
from tests.cases import load, replay
from tests.firewall.seeds import SEEDS

RECORDED = (
    "linux-firewall-drops-nftables", "linux-firewall-rejects-iptables", "freebsd-firewall-drops", "linux-clear-ipv6",
)  # fmt: skip
Reader = Callable[[bytes], None]

PACKETS = tuple(
    Packet(
        None if protocol == "icmp" else 5000, protocol=protocol, source=ip_address(source),
        destination=ip_address(to), in_interface="eth0", program="C:\\x.exe", profile="private",
        icmp_type=8 if protocol == "icmp" else None, flags=frozenset({"syn"} if protocol == "tcp" else ()),
    )
    for source, to in (("192.168.77.20", "192.168.77.10"), ("fd77::20", "fd77::10"))
    for protocol in ("tcp", "udp", "icmp")
)  # fmt: skip


def judge(ruleset: Ruleset) -> None:
    """Judge a few packets, and write what came of it."""
    told = judge_packets(ruleset, PACKETS)
    write_json(ruleset, told)
    render_said(tell_judged(ruleset, told[0], whole=True), Style())


def read_saved(data: bytes) -> None:
    """Whatever ``landiag firewall --ruleset`` takes."""
    judge(parse_saved([SavedFile("x", data)], lambda _: None))


def read_host(data: bytes) -> None:
    """The output of the host's own tools: what is not understood is a gap, never an error."""
    for name in ("nft-ruleset", "iptables-save", "ip6tables-legacy-save", "ipset-save"):
        readings = {name: Reading(name, ReadStatus.OK, data)}
        if name == "nft-ruleset":
            readings["nft-text"] = Reading("nft-text", ReadStatus.OK, data)
        judge(parse_ruleset(readings))


def read_iptables(data: bytes) -> None:
    """``iptables-save`` of both versions."""
    text = data.decode("utf-8", "backslashreplace")
    for version in (4, 6):
        parse_iptables_save(text, version)
    read_saved(data)


def read_ipset(data: bytes) -> None:
    """``ipset save``, beside rules that use the sets."""
    text = data.decode("utf-8", "backslashreplace")
    parse_ipset_save(text)
    rules = "*filter\n:INPUT ACCEPT [0:0]\n" + "".join(
        f"-A INPUT -m set --match-set {name} {way} -j DROP\n"
        for name in ("x", "n", "l", "m")
        for way in ("src", "src,dst", "src,src,dst")
    )
    saved = Reading("iptables-save", ReadStatus.OK, f"{rules}COMMIT\n".encode())
    judge(parse_ruleset({"iptables-save": saved, "ipset-save": Reading("ipset-save", ReadStatus.OK, data)}))


def read_ufw(data: bytes) -> None:
    """ufw's user.rules, for its numbers and for its rules."""
    label_files([data.decode("utf-8", "backslashreplace")])
    read_saved(data)


def read_pf(data: bytes) -> None:
    """pf.conf and what pfctl prints."""
    found = parse_pf(data.decode("utf-8", "backslashreplace"))
    write_all(found.items)
    judge(PfSystem([found]).lower())


def read_windows(data: bytes) -> None:
    """Netsh, registry text, PowerShell's JSON and CSV."""
    judge(parse_policy(data).lower())


def read_recording(data: bytes) -> None:
    """What ``--save`` writes, and the diagnosis that is made from it."""
    replay(parse_recording(data.decode("utf-8", "replace")))


def read_trace(data: bytes) -> None:
    """``nft monitor trace``, and the listing of nft as text."""
    text = data.decode("utf-8", "backslashreplace")
    events = parse_trace(text.splitlines())
    events_of(events, "syn")
    parse_listing(text)


READERS: Mapping[str, Reader] = {
    **dict.fromkeys(SEEDS, read_saved),
    "iptables": read_iptables, "ipset": read_ipset, "ufw": read_ufw, "pf": read_pf, "netsh": read_windows,
    "registry": read_windows, "powershell": read_windows, "recording": read_recording, "trace": read_trace,
    "host": read_host,
}  # fmt: skip
"""A kind of saved rules needs no line: its seeds are read as ``landiag firewall --ruleset`` reads them."""


def seeds(name: str) -> tuple[bytes, ...]:
    """The texts of a reader to begin with; recordings are those of a few cases."""
    if name != "recording":
        return SEEDS[name]
    return tuple(render_recording(load(case).recording).encode() for case in RECORDED)


def read(name: str, data: bytes) -> bool:
    """Let a reader read: False when it refuses the bytes, as it may. Any other error is a bug."""
    try:
        READERS[name](data)
    except (ParseError, UsageError):
        return False
    return True
