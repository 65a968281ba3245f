"""How long a fleet takes: recordings read, cells computed, on one core; and how it grows with the hosts that differ.

Recordings are made of rulesets: real ones, from a folder of saved `iptables-save` and `nft -j list ruleset` outputs;
where there are too few, generated ones, which name networks and hosts of the fleet.
Usage: python bench/fleet.py [--hosts 1000] [--different 200] [--rulesets FOLDER] [--check CELLS]
"""

from __future__ import annotations

import argparse
import hashlib
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

from landiag.cli.files.fleet_files import read_fleet
from landiag.cli.files.inputs import read_input_text
from landiag.fleet.exposed import list_cells
from landiag.fleet.fate import REACHED, CellVerdict
from landiag.fleet.outgoing import judge_outgoing
from landiag.host import parse_recording
from tests.fleet.machines import firewall, recording, write
from tests.fleet.test_fleet import diagnosed

PORT = 5432
NETWORKS = tuple(IPv4Address(one) for one in ("10.20.0.0", "192.168.0.0", "10.0.0.0", "172.16.0.0"))
"""Of each the /20; hosts are dealt out to them in turns."""


def address(number: int) -> IPv4Address:
    """The address of a host."""
    return NETWORKS[number % len(NETWORKS)] + 10 + number // len(NETWORKS)


def real(folder: Path) -> Iterator[str]:
    """What real hosts printed, each ruleset once."""
    seen = set()
    for file in sorted(folder.rglob("*")):
        if file.suffix not in (".rules", ".json") or file.stat().st_size > 1 << 20:
            continue
        text = file.read_text(encoding="utf-8", errors="replace").rstrip("\n") + "\n"
        is_ruleset = "*filter" in text if file.suffix == ".rules" else '"hook": "input"' in text
        digest = hashlib.sha256(text.encode()).digest()
        if is_ruleset and digest not in seen:
            seen.add(digest)
            yield text


def generated() -> Iterator[str]:
    """Rulesets that tell hosts of the fleet apart."""
    chance = random.Random(17)
    while True:
        lines = []
        for _ in range(chance.randrange(3, 60)):
            source = f"{address(chance.randrange(1000))}/{chance.choice((32, 32, 28, 24, 20))}"
            action = chance.choice(("ACCEPT", "ACCEPT", "DROP", "REJECT"))
            port = chance.choice((22, 80, 443, PORT, 8080))
            lines.append(f"-A INPUT -s {source} -p tcp -m tcp --dport {port} -j {action}")
        yield firewall(*lines, policy=chance.choice(("DROP", "ACCEPT")))


def rulesets(count: int, folder: Path | None) -> list[str]:
    """So many different rulesets."""
    found = [] if folder is None else list(real(folder))
    more = generated()
    return [*found[:count], *(next(more) for _ in range(count - len(found)))]


def make(folder: Path, hosts: int, rules: list[str]) -> None:
    """Write so many recordings."""
    for number in range(hosts):
        ports = {PORT: "0.0.0.0", 22: "0.0.0.0"} if number % 3 else {22: "0.0.0.0"}
        host = recording(f"{address(number)}/20", ports, rules[number % len(rules)])
        write(folder, **{f"host-{number:05}": host})


def measure(folder: Path) -> None:
    """Read the recordings, compute every cell of one port."""
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
        f"{len(reach.hosts):6} hosts: read {read - started:6.2f} s, cells {ended - read:6.2f} s, "
        f"together {ended - started:6.2f} s, {memory} MB ({words})",
        flush=True,
    )


def check(folder: Path, count: int) -> int:
    """Hold a sample of cells against the diagnosis of the server for that client; print those that differ."""
    reach = read_fleet(folder)
    chance = random.Random(count)
    readings = {
        host.name: parse_recording(read_input_text(folder / host.file)).readings for host in reach.hosts
    }
    wrong = checked = 0
    while checked < count:
        client, server = chance.sample(reach.hosts, 2)
        if PORT not in server.ports:  # the diagnosis says so and no more, whatever the rules would do
            continue
        for cell in reach.cells(client, server, PORT):
            assert cell.address is not None
            if judge_outgoing(client, cell.address, PORT).fate is not REACHED:
                continue
            checked += 1
            said = diagnosed(readings[server.name], cell.source, PORT)
            verdict = "blocked" if cell.fate.verdict is CellVerdict.NO_LISTENER else cell.fate.verdict.value
            if verdict != said:
                wrong += 1
                print(f"{client.name} to {server.name}: {verdict} ({cell.fate.detail}), diagnosed: {said}")
    print(f"{checked} cells, {wrong} unlike the diagnosis")
    return wrong


def main() -> None:
    """Measure a tenth, a half and the whole, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--different", type=int, default=200)
    parser.add_argument("--rulesets", type=Path)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    parser.add_argument(
        "--check", type=int, default=0, help="hold so many cells against the diagnosis instead"
    )
    asked = parser.parse_args()
    if asked.measure is not None:
        measure(asked.measure)
        return
    rules = rulesets(asked.different, asked.rulesets)
    print(f"{len(rules)} rulesets, {sum(len(text) for text in rules)} bytes")
    if asked.check:
        with tempfile.TemporaryDirectory() as name:
            make(Path(name), asked.hosts, rules)
            sys.exit(min(1, check(Path(name), asked.check)))
    for part in (10, 2, 1):
        with tempfile.TemporaryDirectory() as name:
            make(Path(name), asked.hosts // part, rules)
            subprocess.run((sys.executable, __file__, "--measure", name), check=True)


if __name__ == "__main__":
    main()
