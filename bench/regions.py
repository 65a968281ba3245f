"""Figures of all packets at once, as ratios within one run.

``python bench/regions.py [RULES...]`` loads that many nft rules into a network namespace of its own, times
``nft -j list ruleset`` there, and finds the regions in process; then judges 10,000 packets in bulk.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from ipaddress import ip_address
from pathlib import Path

from firewall import LISTING, load, some_packets

from landiag.firewall.bulk import Bulk
from landiag.firewall.linux import parse_ruleset
from landiag.firewall.reach import write_reach
from landiag.firewall.regions import find_regions
from landiag.firewall.scope import Scope
from landiag.model.facts import Reading, ReadStatus
from landiag.model.packet import Packet
from landiag.model.ruleset import Ruleset

HERE = Packet(destination=ip_address("192.168.77.10"), in_interface="eth0")
PACKETS = 10_000


def read() -> tuple[bytes, float]:
    """The listing, and the CPU time that nft took for it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    data = subprocess.run(LISTING, capture_output=True, check=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return data, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def parsed(data: bytes) -> Ruleset:
    """The ruleset, of which no rule is lowered yet."""
    return parse_ruleset({"nft-ruleset": Reading("nft-ruleset", ReadStatus.OK, data)})


def regions(count: int) -> None:
    """Find the regions of many rules; the shortest of three runs counts, nft's too."""
    load(count)
    reading, finding, writing, number = [], [], [], 0
    for _ in range(3):
        data, seconds = read()
        reading.append(seconds)
        began = time.process_time()
        ruleset = parsed(data)
        found = find_regions(ruleset, Scope.of_saved(ruleset, HERE))
        finding.append(time.process_time() - began)
        began = time.process_time()
        number = len(write_reach(ruleset, found)["regions"])
        writing.append(time.process_time() - began)
    nft = min(reading)
    print(
        f"{count} rules: nft -j {nft:.2f} s, regions {min(finding):.2f} s (nft x {min(finding) / nft:.2f}),"
        f" {number} of them written in {min(writing):.2f} s (nft x {min(writing) / nft:.2f})"
    )


def bulk(count: int) -> None:
    """Judge a stream of packets; what is read and written apart from it is not counted."""
    load(count)
    judge, asked = Bulk(parsed(read()[0])), some_packets(PACKETS)
    began = time.process_time()
    size = sum(len(json.dumps(judge.judge(packet).document)) for packet in asked)
    taken = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{PACKETS} packets against {count} rules: {taken / PACKETS * 1000:.3f} ms each,"
        f" {size / PACKETS:.0f} bytes of JSON each, peak {peak:.0f} MB"
    )


def main() -> None:
    """Run each figure in a namespace of its own."""
    if sys.argv[1:2] == ["--inside"]:
        kind, count = sys.argv[2], int(sys.argv[3])
        bulk(count) if kind == "bulk" else regions(count)
        return
    counts = [int(word) for word in sys.argv[1:]] or [1000, 5000]
    root = str(Path(__file__).resolve().parents[1])
    for kind, count in [("bulk", 70), ("bulk", 1000), *(("regions", count) for count in counts)]:
        argv = [
            "unshare",
            "-U",
            "-r",
            "-n",
            sys.executable,
            __file__,
            "--inside",
            kind,
            str(count),
        ]
        subprocess.run(argv, check=True, env={**os.environ, "PYTHONPATH": root}, cwd=root)


if __name__ == "__main__":
    main()
