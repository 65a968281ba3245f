"""How long `landiag check` takes, as a ratio to the commands that an expert would type, in the same run.

By the clock, and in processor time, which other work of the machine disturbs less. landiag is compiled before, as
installing it does. Runs in a private user and network namespace with a real server; needs the Debian packages that
./test lists.
Usage: python bench/check.py
"""

from __future__ import annotations

import compileall
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

RUNS = 9
BATCH = 100

EXPERT = """
ss -lntpe; ip addr; ip route; ip rule; ip neigh
nft -j list ruleset; iptables-save; ip6tables-save; iptables-legacy-save; ip6tables-legacy-save
ufw status; ping -c 1 -W 1 192.168.77.20; nmap -Pn -n -p 5000 192.168.77.10; curl -s http://192.168.77.10:5000/
"""

NETWORK = """
ip link set lo up
ip link add eth0 type veth peer name wire
ip addr add 192.168.77.10/24 dev eth0
ip link set eth0 up
unshare -n sleep 300 </dev/null >/dev/null 2>&1 & client=$!
trap 'kill $client' EXIT
sleep 0.3
ip link set wire netns $client
nsenter -t $client -n ip addr add 192.168.77.20/24 dev wire
nsenter -t $client -n ip addr add 192.168.77.1/24 dev wire
nsenter -t $client -n ip link set wire up
ip route add default via 192.168.77.1
"""


class Taken(NamedTuple):
    """Seconds by the clock, and of all processors."""

    clock: float
    processor: float


def seconds(*commands: Sequence[str]) -> list[Taken]:
    """Measure the median times of each command, in turns: a machine's pace changes from one moment to the next."""
    times: list[list[Taken]] = [[] for _ in commands]
    for _ in range(RUNS + 1):
        for argv, mine in zip(commands, times, strict=True):
            mine.append(take(argv))
    return [
        Taken(*map(statistics.median, zip(*mine[1:], strict=True))) for mine in times
    ]  # the first warms up


def take(argv: Sequence[str]) -> Taken:
    """Run a command once."""
    started, before = time.perf_counter(), processor()
    subprocess.run(argv, stdout=-3, stderr=-3, stdin=-3, check=False)
    return Taken(time.perf_counter() - started, processor() - before)


def processor() -> float:
    """The processor time of all commands until now."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def load_rules(count: int) -> None:
    """Load that many rules, each for another address, into a chain that the client's packet meets."""
    load("table inet bench {\nchain input {\ntype filter hook input priority 0; policy accept;\n}\n}\n")
    rules = [
        f"add rule inet bench input ip saddr 10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255} tcp dport 5000 drop"
        for n in range(count)
    ]
    for start in range(0, count, BATCH):  # a user namespace may not enlarge the netlink socket's buffer
        load("\n".join(rules[start : start + BATCH]))


def load(rules: str) -> None:
    """Load rules with nft."""
    subprocess.run(("nft", "-f", "-"), input=rules, text=True, check=True)


def measure() -> None:
    """Print the ratios; runs inside the namespace."""
    landiag = (sys.executable, "-m", "landiag")
    server = subprocess.Popen((sys.executable, "-m", "http.server", "5000"), stdout=-3, stderr=-3)
    try:
        time.sleep(1)
        bare, version = seconds((sys.executable, "-c", "pass"), (*landiag, "--version"))
        print(f"landiag --version / python -c pass: {version.clock / bare.clock:.2f} (at most 6)")
        for count, most in ((0, 1.5), (10_000, 1.2)):
            if count:
                load_rules(count)
            expert, check = seconds(("sh", "-c", EXPERT), (*landiag, "check", "--port", "5000", "--json"))
            ratio, worked = check.clock / expert.clock, check.processor / expert.processor
            print(
                f"check with {count} rules / the expert's commands: {ratio:.2f} (at most {most}; "
                f"{check.clock:.2f} s), in processor time {worked:.2f} ({check.processor:.2f} s)"
            )
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    """Enter the namespace, unless this is the run inside it."""
    if os.environ.get("LANDIAG_BENCH_INSIDE"):
        measure()
        return
    compileall.compile_dir(Path(__file__).parents[1] / "landiag", quiet=1)
    me = f"{NETWORK}\nLANDIAG_BENCH_INSIDE=1 {sys.executable} {os.path.abspath(__file__)}"
    environment = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    subprocess.run(("unshare", "-U", "-r", "-n", "-m", "sh", "-euc", me), check=True, env=environment)


if __name__ == "__main__":
    main()
