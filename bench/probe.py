"""How long `landiag probe` takes, as a ratio to nmap on the same machine, in the same run.

Builds two machines in private namespaces, joined by a cable; needs the Debian packages that ./test lists.
Usage: python bench/probe.py
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence

CLIENT, SERVER = "192.168.77.20", "192.168.77.10"

NETWORK = f"""
ip link set lo up
ip link add eth0 type veth peer name wire
ip addr add {CLIENT}/24 dev eth0
ip link set eth0 up
echo '0 0' > /proc/sys/net/ipv4/ping_group_range
"""

SERVE = """
import http.server as h
h.ThreadingHTTPServer.request_queue_size = 128
h.ThreadingHTTPServer(("", 5000), h.SimpleHTTPRequestHandler).serve_forever()
"""
"""One server stands for fifty, so its accept queue is longer than usual."""

FAR_END = f"""
ip link set lo up; ip addr add {SERVER}/24 dev wire; ip link set wire up
for n in $(seq 101 149); do ip addr add 192.168.77.$n/24 dev wire; done
echo 0 > /proc/sys/net/ipv4/icmp_ratelimit
{sys.executable} -c '{SERVE}' > /dev/null 2>&1 &
exec sleep 600
"""

LOSS = """
nft add table arp loss; nft 'add chain arp loss in {{ type filter hook input priority 0; }}'
nft add rule arp loss in numgen random mod 100 '<' 2 drop
nft add table inet loss; nft 'add chain inet loss in {{ type filter hook input priority 0; }}'
nft add rule inet loss in numgen random mod 100 '<' 2 drop
"""

FILTER = """
nft add table inet drops; nft 'add chain inet drops in {{ type filter hook input priority 0; }}'
nft add rule inet drops in tcp dport != 5000 drop
"""

USER = ("unshare", "-U", "--map-user=1000", "--map-group=1000")
LANDIAG = (sys.executable, "-m", "landiag", "probe")


def seconds(argv: Sequence[str]) -> float:
    """Measure one run of a command."""
    started = time.perf_counter()
    subprocess.run(
        argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=False
    )
    return time.perf_counter() - started


def compare(
    title: str,
    ours: Sequence[str],
    theirs: Sequence[str],
    limit: float,
    turns: int = 5,
    as_whom: Sequence[str] = (),
) -> None:
    """Print one ratio beside what it may be. Both take turns, and the best of each counts: the rest is load."""
    lines = (*as_whom, "nmap", "-n", *theirs), (*as_whom, *LANDIAG, *ours)
    times = [(seconds(lines[0]), seconds(lines[1])) for _ in range(turns + 1)][1:]
    nmap, landiag = (min(column) for column in zip(*times, strict=True))
    print(f"{title:34} {landiag:6.2f} s / nmap {nmap:6.2f} s = {landiag / nmap:5.2f}  (at most {limit})")


def count_missed(runs: int) -> int:
    """Search the network with 2 % of all packets lost on the far side; how many of 50 servers were missed in all."""
    missed = 0
    for _ in range(runs):
        done = subprocess.run(
            (*LANDIAG, "192.168.77.0/24", "-p", "5000", "--json"), capture_output=True, check=False
        )
        missed += 50 - sum(path["outcome"] == "ok" for path in json.loads(done.stdout)["paths"])
    return missed


def bound(title: str, argv: Sequence[str], limit: float) -> None:
    """Print the time of a command that has a bound of its own."""
    print(f"{title:34} {min(seconds((*LANDIAG, *argv)) for _ in range(3)):6.2f} s  (at most {limit} s)")


def measure(far_end: int) -> None:
    """Print every figure; runs inside the client's namespace."""
    everything = ("-Pn", "-sT", "-T4", "-p-", SERVER)
    compare("one port, open", (SERVER, "-p", "5000"), ("-Pn", "-p", "5000", SERVER), 2.0, 12)
    compare("one port, closed", (SERVER, "-p", "5001"), ("-Pn", "-p", "5001", SERVER), 2.0, 12)
    compare("1,000 ports", (SERVER, "-p", "1-1000"), ("-Pn", "-sT", "-p", "1-1000", SERVER), 8.0)
    compare("65,535 ports", (SERVER, "-p", "1-65535"), everything, 5.0, 3)
    print(
        f"memory of 65,535 ports: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024} MB  (under 150 MB)"
    )
    compare("a /24 with 50 hosts", ("192.168.77.0/24", "-p", "5000"), ("-sn", "192.168.77.0/24"), 1.0, 3)
    compare(
        "a /24, as an ordinary user",
        ("192.168.77.0/24", "-p", "5000"),
        ("-sn", "192.168.77.0/24"),
        1.0,
        3,
        USER,
    )
    bound("a dead target", ("192.168.77.99", "-p", "5000"), 3.5)
    inside = ("nsenter", "-t", str(far_end), "-n")
    subprocess.run((*inside, "sh", "-c", FILTER.format()), check=True)
    bound("65,534 ports of 65,535 dropped", (SERVER, "-p", "1-65535"), 15.0)
    subprocess.run((*inside, "sh", "-c", "nft flush ruleset;" + LOSS.format()), check=True)
    print(f"of 50 servers under 2 % loss, 5 runs: {count_missed(5)} missed")


def main() -> int:
    """Enter private namespaces, build the network, and measure."""
    if "inside" not in sys.argv:
        os.execvp("unshare", ("unshare", "-U", "-r", "-n", "-m", sys.executable, __file__, "inside"))
    subprocess.run(("sh", "-ec", NETWORK), check=True)
    far_end = subprocess.Popen(("unshare", "-n", "sh", "-c", "sleep 1; " + FAR_END))
    try:
        time.sleep(0.5)
        subprocess.run(("ip", "link", "set", "wire", "netns", str(far_end.pid)), check=True)
        time.sleep(2)
        measure(far_end.pid)
    finally:
        far_end.kill()
        far_end.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
