"""What `landiag watch` costs and how soon it speaks: conclusions, background traffic, memory.

Builds a server and a client in private namespaces, joined by a cable; needs the Debian packages that ./test lists.
Usage: python bench/watch.py [packets a second]
"""

from __future__ import annotations

import json
import os
import resource
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CLIENT, SERVER = "192.168.77.20", "192.168.77.10"
NETWORK = f"""
ip link set lo up
ip link add eth0 type veth peer name wire
ip addr add {SERVER}/24 dev eth0; ip link set eth0 up
"""
FAR_END = f"ip link set lo up; ip addr add {CLIENT}/24 dev wire; ip link set wire up; exec sleep 600"
DROPS = """
nft add table inet f; nft 'add chain inet f i {{ type filter hook input priority 0; }}'
nft add rule inet f i tcp dport 5000 {}
"""
SECONDS = 10
TICKS = os.sysconf("SC_CLK_TCK")


class Watch:
    """One run of the command on the server's side."""

    def __init__(self, folder: str) -> None:
        self.out, self.err = Path(folder, "out"), Path(folder, "err")
        with self.out.open("wb") as out, self.err.open("wb") as err:
            line = (sys.executable, "-m", "landiag", "watch", "--port", "5000", "--duration", "300", "--json")
            self.process = subprocess.Popen(line, stdout=out, stderr=err)
        while b"Watching" not in self.err.read_bytes():
            time.sleep(0.05)
            assert self.process.poll() is None, self.err.read_text()

    def events(self) -> list[dict[str, Any]]:
        """All attempts that it has concluded so far."""
        lines = self.out.read_text(encoding="utf-8").splitlines()
        return [one for one in map(json.loads, lines) if one.get("event") == "attempt"]

    def wait(self, count: int, seconds: float = 5.0) -> float:
        """Wait for that many attempts; the time at which they were there."""
        end = time.time() + seconds
        while len(self.events()) < count and time.time() < end:
            time.sleep(0.005)
        return time.time()

    def cpu(self) -> float:
        """Seconds of processor time that it has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self) -> int:
        """Kilobytes that it holds now."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1]) * 4

    def end(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait()


def on_client(far: int, *argv: str) -> subprocess.Popen[bytes]:
    """Start a command on the client."""
    return subprocess.Popen(
        ("nsenter", "-t", str(far), "-n", *argv), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def conclusions(far: int) -> Iterator[str]:
    """Measure the time from the first SYN to the printed conclusion."""
    for title, rule in (("refused", ""), ("dropped", "drop"), ("rejected", "reject")):
        subprocess.run(("nft", "flush", "ruleset"), check=True)
        if rule:
            subprocess.run(("sh", "-c", DROPS.format(rule)), check=True)
        with tempfile.TemporaryDirectory() as folder:
            watch = Watch(folder)
            worst = 0.0
            for number in range(1, 6):
                with on_client(far, "timeout", "0.9", "nc", "-z", "-w", "1", SERVER, "5000"):
                    there = watch.wait(number)
                at = time_of(watch.events()[-1]["at"])
                worst = max(worst, there - at)
            watch.end()
        yield f"{title:10} concluded {worst:5.2f} s after the SYN at the latest, of 5  (under 1.0 s)"
    subprocess.run(("nft", "flush", "ruleset"), check=True)


def time_of(text: str) -> float:
    """Seconds since the epoch."""
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()


def flood(rate: int, seconds: float) -> None:
    """Send SYNs to other ports at a rate; runs on the client. Prints how many were sent."""
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sender.bind(("wire", 0x0800))
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 << 20)
    target = bytes.fromhex(sys.argv[4].replace(":", ""))
    mac = sender.getsockname()[4]
    addresses = socket.inet_aton(CLIENT) + socket.inet_aton(SERVER)
    frames = []
    for port in range(6000, 7000):
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 40, 1, 0, 64, 6, 0) + addresses
        total = sum(struct.unpack("!10H", ip))
        total = (total & 0xFFFF) + (total >> 16)
        ip = ip[:10] + struct.pack("!H", ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF) + ip[12:]
        frames.append(
            target + mac + b"\x08\x00" + ip + struct.pack("!HHIIBBHHH", 1, port, 1, 0, 80, 2, 1, 0, 0)
        )
    begun, sent = time.monotonic(), 0
    while (now := time.monotonic() - begun) < seconds:
        while sent < now * rate:
            sender.send(frames[sent % 1000])
            sent += 1
        time.sleep(0.001)
    print(sent, flush=True)


def under_traffic(far: int, rate: int) -> Iterator[str]:
    """Measure misses and processor time while others' packets pour in."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as one:
        one.bind(("eth0", 0))  # /sys still shows the machine's own interfaces
        mac = one.getsockname()[4].hex()
    with tempfile.TemporaryDirectory() as folder:
        watch = Watch(folder)
        before = watch.cpu()
        argv = (
            "nsenter",
            "-t",
            str(far),
            "-n",
            sys.executable,
            __file__,
            "flood",
            str(rate),
            str(SECONDS),
            mac,
        )
        noise = subprocess.Popen(argv, stdout=subprocess.PIPE)
        tries = 0
        while noise.poll() is None:
            on_client(far, "timeout", "2", "nc", "-z", "-w", "1", SERVER, "5000").wait()
            tries += 1
            time.sleep(0.05)
        watch.wait(tries)
        used = watch.cpu() - before
        assert noise.stdout is not None
        sent = int(noise.stdout.read())
        seen = len(watch.events())
        watch.end()
    yield f"{sent / SECONDS:,.0f} packets a second of other ports: {tries - seen} of {tries} attempts missed  (none)"
    yield f"processor: {used / SECONDS:.2f} of one core  (under 0.25)"


def an_hour() -> Iterator[str]:
    """Replay an hour of attempts as fast as possible; memory at a tenth of it and at its end."""
    from landiag.watch.attempts import Watcher
    from landiag.watch.events import Segment

    watcher, sizes, begun = Watcher(5000), [], time.monotonic()
    for second in range(3600):
        for number in range(20):
            at, port = second + number / 20, 1024 + (second * 20 + number) % 60000
            for event in (
                Segment(at, "eth0", False, CLIENT, port, SERVER, 5000, 2, 7),
                Segment(at, "eth0", True, SERVER, 5000, CLIENT, port, 20, 7),
            ):
                assert len(list(watcher.feed(event))) < 2
        if second in (360, 3599):
            sizes.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    lasted = time.monotonic() - begun
    yield f"an hour of 20 attempts a second, replayed in {lasted:.1f} s: {sizes[0]} MB, then {sizes[1]} MB  (flat)"


def main() -> int:
    """Enter private namespaces, build the network, and measure."""
    if sys.argv[1:2] == ["flood"]:
        flood(int(sys.argv[2]), float(sys.argv[3]))
        return 0
    rate = next((word for word in sys.argv[1:] if word.isdigit()), "50000")
    if "inside" not in sys.argv:
        os.execvp("unshare", ("unshare", "-U", "-r", "-n", "-m", sys.executable, __file__, "inside", rate))
    subprocess.run(("sh", "-ec", NETWORK), check=True)
    far_end = subprocess.Popen(("unshare", "-n", "sh", "-c", "sleep 1; " + FAR_END))
    try:
        time.sleep(0.5)
        subprocess.run(("ip", "link", "set", "wire", "netns", str(far_end.pid)), check=True)
        time.sleep(1.5)
        for figures in (conclusions(far_end.pid), under_traffic(far_end.pid, int(rate)), an_hour()):
            for line in figures:
                print(line, flush=True)
    finally:
        far_end.kill()
        far_end.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
