"""``python -m tests.lab.differential --kind nft --seeds 0-300``: compare, in namespaces of its own."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from random import Random

from tests.lab.differential import generate_iptables, generate_nft
from tests.lab.differential.compare import Case, Judge, Tally
from tests.lab.differential.world import World, run

KINDS = ("nft", "iptables-nft", "iptables-legacy", "mixed")


def cases(kind: str, seed: int) -> Case:
    """The ruleset of a seed."""
    loads: list[tuple[tuple[str, ...], str]] = []
    if kind != "nft":
        version = 4 if seed % 3 else 6
        loads.append((("ipset", "restore"), generate_iptables.ipsets(Random(seed), version)))
        backends = {"iptables-nft": ("nft",), "iptables-legacy": ("legacy",), "mixed": ("legacy", "nft")}[
            kind
        ]
        for number, backend in enumerate(backends):
            tool = f"{'ip6' if version == 6 else 'ip'}tables-{backend}-restore"
            loads.append(((tool,), generate_iptables.generate(seed * 10 + number, version)))
    if kind in ("nft", "mixed"):
        loads.append((("nft", "-f", "-"), generate_nft.generate(seed)))
    return Case(f"{kind} seed {seed}", loads)


def main() -> int:
    """Compare all seeds; 1 where the two disagree."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--seeds", default="0-99")
    parser.add_argument("--packets", type=int, default=36)
    parser.add_argument("--show", type=int, default=5)
    parser.add_argument("--explain", choices=("refusals", "unknowns"), default=None)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:
        argv = ["unshare", "-U", "-r", "-n", "-m", sys.executable, "-m", "tests.lab.differential", "--inside"]
        return subprocess.run([*argv, *sys.argv[1:]], check=False).returncode
    run(["mount", "-t", "tmpfs", "tmpfs", "/run"])
    first, _, last = options.seeds.partition("-")
    judge = Judge(World())
    began = time.monotonic()
    for seed in range(int(first), int(last or first) + 1):
        for kind in options.kind or KINDS:
            judge.judge(cases(kind, seed), options.packets)
    if options.explain:
        print("\n".join(getattr(judge.tally, options.explain)[: options.show]))
    return report(judge.tally, time.monotonic() - began, options.show)


def report(tally: Tally, seconds: float, show: int) -> int:
    """Print what was found."""
    for text in tally.disagreements[:show]:
        print(text)
    print(
        f"{tally.rulesets} rulesets ({tally.refused} refused by the kernel), {tally.packets} packets,"
        f" {tally.accepted} accepted, {tally.unknown} unknown, {tally.unknown_alone} unknown without facts,"
        f" {len(tally.disagreements)} disagreements, {seconds:.1f} s"
    )
    return 1 if tally.disagreements else 0


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C"
    sys.exit(main())
