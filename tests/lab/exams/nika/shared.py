"""What NIKA's faults share: servers, and rules in every hook, as NIKA writes them."""

from __future__ import annotations

from tests.lab.probe.scenario import Probe
from tests.lab.scenario import Expected, Scenario, Step, nft, sh
from tests.lab.servers import Server, flask, script, sockets

Questions = tuple[Scenario | Probe, ...]
SERVERS = (flask("--host 0.0.0.0"),)
BIG = script("""
import socket
s = socket.create_server(("0.0.0.0", 5000))
while True:
    client, _ = s.accept()
    client.recv(65536)
    client.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 20000\\r\\nConnection: close\\r\\n\\r\\n")
    client.sendall(b"x" * 20000)
    client.close()
""")
GONE = "timeout|unreachable|rejected host-unreachable"
"""What a client gets from an address that nobody answers for."""

NOT_CLEAR = Expected("blocked|undetermined")


def listening(port: int) -> tuple[Server, ...]:
    """A program of root's that listens on a port and answers HTTP."""
    return (sockets(f"s = socket.create_server(('0.0.0.0', {port}))", port=port, user=False),)


def everywhere(rule: str) -> Step:
    """A rule in the input, forward and output chains of the server."""
    chains = "\n".join(
        f"  chain {hook} {{ type filter hook {hook} priority 0; {rule}; }}"
        for hook in ("input", "forward", "output")
    )
    return nft(f"table inet filter {{\n{chains}\n}}\n")


def at_switch(rule: str) -> Step:
    """A rule about what the switch forwards."""
    table = f"table bridge m {{ chain c {{ type filter hook forward priority 0; {rule}; }}; }}"
    return sh(f"nft '{table}'", "switch")
