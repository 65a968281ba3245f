"""Real connections in a fleet against its matrix: ``python -m tests.lab.fleet [--connections 1000] [--seed 1]``."""

from __future__ import annotations

import argparse
import sys
import time

from tests.lab.fleet.compare import compare
from tests.lab.fleet.world import build_world


def main() -> int:
    """Build it, compare, print what is wrong; 1 where something is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", type=int, default=5)
    parser.add_argument("--hosts", type=int, default=4, help="in each network")
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    began = time.monotonic()
    with build_world(asked.networks, asked.hosts, asked.seed) as world:
        print(f"{len(world.members)} hosts after {time.monotonic() - began:.1f} s", flush=True)
        tally = compare(world, asked.connections, asked.seed)
    print("\n".join(tally.wrong[:40]))
    counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(tally.verdicts.items()))
    print(
        f"{tally.connections} connections ({counts}; {tally.between} stopped by the router), "
        f"{len(tally.wrong)} wrong, {time.monotonic() - began:.1f} s"
    )
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
