"""What the page of `landiag serve` weighs, how soon it answers, and how it bears crowds and hostile clients.

Builds a server and a client in private namespaces, joined by a cable; needs the Debian packages that ./test lists.
Usage: python bench/serve.py
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CLIENT, SERVER = "192.168.77.20", "192.168.77.10"
NETWORK = f"""
ip link set lo up
ip link add eth0 type veth peer name wire
ip addr add {SERVER}/24 dev eth0; ip link set eth0 up
{sys.executable} -m http.server 5000 > /dev/null 2>&1 &
"""
FAR_END = f"ip link set lo up; ip addr add {CLIENT}/24 dev wire; ip link set wire up"
FAR_END += "; for n in $(seq 101 249); do ip addr add 192.168.77.$n/24 dev wire; done; exec sleep 600"


def ask(port: int, path: str, source: str = CLIENT, seconds: float = 30) -> tuple[str, int, float]:
    """Ask for a page from one of the client's addresses: the status, the bytes, the seconds."""
    begun = time.monotonic()
    try:
        with socket.create_connection((SERVER, port), timeout=seconds, source_address=(source, 0)) as one:
            one.sendall(f"GET {path} HTTP/1.1\r\nHost: {SERVER}:{port}\r\nConnection: close\r\n\r\n".encode())
            answer = b""
            while piece := one.recv(65536):
                answer += piece
    except OSError as error:
        return type(error).__name__, 0, time.monotonic() - begun
    return answer[9:12].decode("ascii", "replace"), len(answer), time.monotonic() - begun


def attack(port: int, path: str, kind: str) -> Iterator[str]:
    """Do harm from one address for some seconds; another one asks for the page meanwhile."""
    held: list[socket.socket] = []
    with ThreadPoolExecutor(40) as together:
        if kind == "slowloris":
            for _ in range(400):
                one = socket.create_connection((SERVER, port), timeout=5, source_address=(CLIENT, 0))
                one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-")
                held.append(one)
        elif kind == "1 GB body":
            one = socket.create_connection((SERVER, port), timeout=5, source_address=(CLIENT, 0))
            one.sendall(
                f"POST {path}results/x HTTP/1.1\r\nHost: {SERVER}\r\nContent-Length: 1000000000\r\n\r\n".encode()
            )
            together.submit(_pour, one)
            held.append(one)
        else:
            for _ in range(10_000):
                together.submit(ask, port, path)
        asked = [ask(port, path, "192.168.77.101") for _ in range(20)]
        for one in held:
            one.close()
        together.shutdown(cancel_futures=True)
    worst = max(seconds for _, _, seconds in asked)
    yield f"{kind}: others get {dict(Counter(status for status, _, _ in asked))}, within {worst * 1000:.0f} ms"


def _pour(one: socket.socket) -> None:
    block, sent = bytes(1 << 16), 0
    try:
        while sent < 1_000_000_000:
            sent += one.send(block)
    except OSError:
        return


def measure(url: str) -> Iterator[str]:
    """Every figure; runs on the client."""
    found = re.fullmatch(r"http://[^:]+:(\d+)(/.*)", url)
    assert found is not None
    port, path = int(found[1]), found[2]
    parts = [ask(port, path + name) for name in ("", "page.css", "phone.js")]
    yield f"the page: {sum(size for _, size, _ in parts) / 1000:.1f} kB in all  (under 60 kB)"
    times = sorted(ask(port, path)[2] for _ in range(20))
    yield f"first answer: {times[10] * 1000:.0f} ms, at most {times[-1] * 1000:.0f} ms  (under 100 ms)"
    sources = [f"192.168.77.{101 + number % 149}" for number in range(200)]
    begun = time.monotonic()
    with ThreadPoolExecutor(200) as together:
        answers = list(together.map(lambda source: ask(port, path, source), sources))
    lasted = time.monotonic() - begun
    yield f"200 phones at once: {dict(Counter(status for status, _, _ in answers))} in {lasted:.1f} s  (no error)"
    for kind in ("slowloris", "1 GB body", "10,000 requests"):
        yield from attack(port, path, kind)


def main() -> int:
    """Enter private namespaces, build the network, serve, and measure from the client."""
    if sys.argv[1:2] == ["client"]:
        for line in measure(sys.argv[2]):
            print(line, flush=True)
        return 0
    if "inside" not in sys.argv:
        os.execvp(
            "unshare",
            (
                "unshare",
                "-U",
                "-r",
                "-n",
                "-m",
                "-p",
                "-f",
                "--kill-child",
                "--mount-proc",
                sys.executable,
                __file__,
                "inside",
            ),
        )
    subprocess.run(("sh", "-ec", NETWORK), check=True)
    far_end = subprocess.Popen(("unshare", "-n", "sh", "-c", "sleep 1; " + FAR_END))
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder, "said")
        try:
            time.sleep(0.5)
            subprocess.run(("ip", "link", "set", "wire", "netns", str(far_end.pid)), check=True)
            time.sleep(2)
            with said.open("wb") as errors:
                command = (
                    sys.executable,
                    "-m",
                    "landiag",
                    "serve",
                    "--port",
                    "5000",
                    "--duration",
                    "300",
                    "--json",
                )
                page = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
            while b"It ends by itself" not in said.read_bytes():
                time.sleep(0.1)
                assert page.poll() is None, said.read_text()
            url = re.search(rf"http://{re.escape(SERVER)}:\S+", said.read_text())
            assert url is not None
            client = ("nsenter", "-t", str(far_end.pid), "-n", sys.executable, __file__, "client", url[0])
            subprocess.run(client, check=True)
            page.terminate()
            page.wait()
        finally:
            far_end.kill()
            far_end.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
