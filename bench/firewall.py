"""Figures of the firewall evaluator, as ratios within one run.

``python bench/firewall.py [RULES...]`` loads that many nft rules into a network namespace of its own, times
``nft -j list ruleset`` and the whole ``landiag firewall --port 5000`` there, and judges 10,000 packets in
process against 1,000 rules.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from random import Random

from landiag.firewall.engine.legs import Follower
from landiag.firewall.engine.surroundings import Surroundings
from landiag.firewall.linux import parse_ruleset
from landiag.model.facts import Reading, ReadStatus
from landiag.model.packet import Packet

CHUNK = 400
LISTING = ("nft", "-j", "list", "ruleset")
LANDIAG = (sys.executable, "-m", "landiag", "firewall", "--port", "5000", "--quiet")


def rules(count: int) -> Iterator[str]:
    """Rules of the kinds that large rulesets are made of; the last lets port 5000 in."""
    yield "ct state established,related accept"
    yield 'iifname "lo" accept'
    for number in range(count - 3):
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        yield (
            f"ip saddr {address} drop",
            f"ip saddr {address} tcp dport {1000 + number % 50000} counter accept",
            f"tcp dport {6000 + number % 3999} ip saddr {address} accept",
            f'iifname "eth{number % 10}" udp dport {1000 + number % 50000} accept',
        )[number % 4]
    yield "tcp dport 5000 accept"


WIRE = (
    "ip link set lo up",
    "ip link add eth0 type veth peer name far",
    "ip addr add 192.168.77.10/24 dev eth0",
    "ip link set far up",
    "ip link set eth0 up",
)


def load(count: int) -> None:
    """Make a host of the namespace, and load the rules, in pieces that fit into one message."""
    for line in WIRE:
        subprocess.run(line.split(), check=True)
    declare = "table inet bench { chain input { type filter hook input priority 0; policy drop; }; }"
    subprocess.run(["nft", declare], check=True)
    lines = [f"add rule inet bench input {rule}" for rule in rules(count)]
    for at in range(0, len(lines), CHUNK):
        text = "\n".join(lines[at : at + CHUNK])
        subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True)


MEASURE = """
import resource, subprocess, sys, time
began = time.perf_counter()
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
seconds = time.perf_counter() - began
print(status, seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
"""
"""Between this program and what it measures stands a small one: a child's peak begins with its parent's size."""


def timed(argv: tuple[str, ...]) -> tuple[float, int]:
    """One run in seconds, and the most memory of the program and of what it calls, in bytes."""
    done = subprocess.run([sys.executable, "-S", "-c", MEASURE, *argv], capture_output=True, check=True)
    status, seconds, peak = done.stdout.split()
    if status != b"0":  # nothing stops port 5000: any other answer means that the rules were not read
        raise SystemExit(f"{' '.join(argv)}: exit status {status.decode()}")
    return float(seconds), int(peak)


def whole_command(count: int) -> None:
    """Time the whole command against nft's own listing, in turns; the shortest of each counts."""
    load(count)
    with tempfile.TemporaryFile() as listing:
        subprocess.run(LISTING, stdout=listing, check=True)
        size = os.fstat(listing.fileno()).st_size
    turns = [(timed(LISTING), timed(LANDIAG)) for _ in range(5 if count < 50_000 else 3)]
    (nft, nft_peak), (ours, peak) = (min(runs) for runs in zip(*turns, strict=True))
    print(
        f"{count} rules: nft -j {nft:.2f} s, landiag firewall {ours:.2f} s"
        f" (nft x {ours / nft:.2f}, nft x 1.2 + {ours - 1.2 * nft:.2f} s), peak {peak / size:.1f} x the JSON"
        f" (nft itself {nft_peak / size:.1f} x)"
    )


def some_packets(count: int) -> list[Packet]:
    """The same packets of clients to this host in each run, a few of them to well-known ports."""
    random = Random(1)
    return [
        Packet(
            random.choice((22, 80, 5000, random.randrange(65536))),
            source=ip_address(f"192.168.77.{random.randrange(2, 250)}"),
            destination=ip_address("192.168.77.10"),
            in_interface="eth0",
            source_port=random.randrange(1024, 65535),
        )
        for _ in range(count)
    ]


def many_packets(count: int, packets: int) -> None:
    """Judge many packets in process, after reading."""
    load(count)
    data = subprocess.run(LISTING, capture_output=True, check=True).stdout
    ruleset = parse_ruleset({"nft-ruleset": Reading("nft-ruleset", ReadStatus.OK, data)})
    asked = some_packets(packets)
    began = time.process_time()
    for packet in asked:
        Follower(ruleset, Surroundings(packet.destination, packet.in_interface)).follow(packet)
    print(f"{packets} packets against {count} rules: {time.process_time() - began:.2f} s of CPU time")


def main() -> None:
    """Run each figure in a namespace of its own."""
    if sys.argv[1:2] == ["--inside"]:
        kind, count = sys.argv[2], int(sys.argv[3])
        many_packets(count, 10_000) if kind == "packets" else whole_command(count)
        return
    counts = [int(word) for word in sys.argv[1:]] or [10_000, 100_000]
    for kind, count in [("packets", 1000), *(("whole", count) for count in counts)]:
        argv = ["unshare", "-U", "-r", "-n", sys.executable, __file__, "--inside", kind, str(count)]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
        subprocess.run(argv, check=True, env=environment)


if __name__ == "__main__":
    main()
