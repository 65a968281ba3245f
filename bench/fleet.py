"""How long a fleet takes: recordings read, cells computed, on one core; and how it grows with the hosts that differ.

Recordings are made of rulesets: generated ones, or files of `iptables-save` in a folder that is named.
Usage: python bench/fleet.py [--hosts 1000] [--different 200] [--rulesets FOLDER]
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from ipaddress import IPv4Address
from pathlib import Path

from landiag.cli.fleet_files import read_fleet
from landiag.fleet.exposed import list_cells
from landiag.fleet.fate import CellVerdict
from tests.fleet.machines import firewall, recording, write

PORT = 5432
FIRST = IPv4Address("10.20.0.10")


def rulesets(count: int, folder: Path | None) -> list[str]:
    """Different rulesets: those of the folder first, then generated ones that name networks and hosts of the fleet."""
    files = [] if folder is None else sorted(folder.glob("*iptables-save*"))
    found = [text for file in files if "*filter" in (text := file.read_text(errors="replace"))][:count]
    random.seed(17)
    while len(found) < count:
        lines = []
        for _ in range(random.randrange(3, 60)):
            source = FIRST + random.randrange(1000)
            length = random.choice((32, 32, 28, 24, 20))
            action = random.choice(("ACCEPT", "ACCEPT", "DROP", "REJECT"))
            port = random.choice((22, 80, 443, PORT, 8080))
            lines.append(f"-A INPUT -s {source}/{length} -p tcp -m tcp --dport {port} -j {action}")
        found.append(firewall(*lines, policy=random.choice(("DROP", "ACCEPT"))))
    return found


def measure(hosts: int, rules: list[str]) -> None:
    """Write that many recordings, read them, compute every cell of one port."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(hosts):
            ports = {PORT: "0.0.0.0", 22: "0.0.0.0"} if number % 3 else {22: "0.0.0.0"}
            host = recording(f"{FIRST + number}/16", ports, rules[number % len(rules)])
            write(folder, **{f"host-{number:05}": host})
        started = time.process_time()
        reach = read_fleet(folder)
        read = time.process_time()
        counts = dict.fromkeys(CellVerdict, 0)
        for cell in list_cells(reach, [PORT]):
            counts[cell.fate.verdict] += 1
        ended = time.process_time()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    words = ", ".join(f"{count} {verdict.value}" for verdict, count in counts.items() if count)
    print(
        f"{hosts:6} hosts, {len(rules):4} rulesets: read {read - started:6.2f} s, "
        f"cells {ended - read:6.2f} s, {memory} MB ({words})",
        flush=True,
    )


def main() -> None:
    """Measure a tenth, a half and the whole."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--different", type=int, default=200)
    parser.add_argument("--rulesets", type=Path)
    asked = parser.parse_args()
    rules = rulesets(asked.different, asked.rulesets)
    for part in (10, 2, 1):
        measure(asked.hosts // part, rules)


if __name__ == "__main__":
    main()
