"""What reports cost: rendering each format, the size of a page, and redaction of a recording of 5 MB.

Usage: python bench/report.py
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from msgspec.structs import replace

sys.path.insert(0, str(Path(__file__).parent.parent))

from landiag.cli.files.outputs import RENDERERS
from landiag.host import Recording, parse_recording, render_recording
from landiag.redact.documents import redact
from tests.cases import NAMES, load, replay

RUNS = 7
RULES = 11_000


def milliseconds(work: Callable[[], object]) -> float:
    """Measure the median time of some work, after one run to warm up."""
    times = []
    for _ in range(RUNS + 1):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:]) * 1000


def large_recording() -> Recording:
    """Make a recording with a ruleset of 11,000 rules, each with an address and a comment of its own."""
    numbers = random.Random(1)
    rules = [
        {
            "rule": {
                "family": "inet", "table": "filter", "chain": "input", "handle": handle, "comment": f"rule {handle}",
                "expr": [
                    {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": {
                        "prefix": {"addr": f"10.{numbers.randrange(256)}.{numbers.randrange(256)}.0", "len": 24}}}},
                    {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 5000}},
                    {"counter": {"packets": 0, "bytes": 0}},
                    {"accept": None},
                ],
            }
        }
        for handle in range(RULES)
    ]  # fmt: skip
    recording = load("linux-bound-to-loopback").recording
    ruleset = replace(recording.readings["nft-ruleset"], data=json.dumps({"nftables": rules}).encode())
    return replace(recording, readings={**recording.readings, "nft-ruleset": ruleset})


def main() -> None:
    """Print the figures."""
    for suffix, render in RENDERERS.items():
        reports = [replay(load(name).recording) for name in NAMES]
        slowest = max(milliseconds(partial(render, report)) for report in reports)
        largest = max(len(render(report).encode()) for report in reports)
        print(
            f"{suffix}: {slowest:.1f} ms at most (wanted: 50), {largest / 1000:.0f} kB at most (.html wanted: 150)"
        )
    text = render_recording(large_recording())
    recording = parse_recording(text)
    print(
        f"redact {len(text) / 1e6:.1f} MB: {milliseconds(lambda: redact(recording)) / 1000:.2f} s (wanted: 1)"
    )


if __name__ == "__main__":
    main()
