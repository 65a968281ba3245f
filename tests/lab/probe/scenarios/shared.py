"""What several families of scenarios share: targets as the user types them, and small servers."""

from __future__ import annotations

from tests.lab.network import SERVER, SERVER6, STRANGER
from tests.lab.scenario import Step, iptables, sh
from tests.lab.servers import Server, http_server, script

URL = f"http://{SERVER}:5000/"
PORT = f"{SERVER} --port 5000"
PORT6 = f"{SERVER6} --port 5000"
AWAY = f"{STRANGER} --port 5000"
OPEN = (http_server("--bind ::"),)

ANSWER = """
import socket
s = socket.create_server(("0.0.0.0", {port}))
while True:
    client, _ = s.accept()
    client.recv(65536)
    client.sendall({data!r}.encode("latin-1"))
    client.close()
"""

LISTING = """
import http.server as h
h.HTTPServer(("", {port}), h.SimpleHTTPRequestHandler).serve_forever()
"""


def answering(data: str, port: int = 5000) -> tuple[Server, ...]:
    """A server that answers every request with these bytes and hangs up."""
    return (script(ANSWER.format(port=port, data=data), port=port),)


def listing(port: int = 5000, on: str = "server") -> tuple[Server, ...]:
    """A web server that runs as root on any host."""
    return (script(LISTING.format(port=port), port=port, on=on, user=False),)


def http(status: str, *headers: str, body: str = "") -> str:
    """An HTTP answer as bytes would be."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", body]
    return "\r\n".join(lines)


def reject(kind: str, tool: str = "iptables-nft") -> tuple[Step, ...]:
    """A REJECT rule on the server."""
    return (iptables(f"-A INPUT -p tcp --dport 5000 -j REJECT --reject-with {kind}", tool),)


def on_gateway(command: str) -> Step:
    """A shell line on the router."""
    return sh(command, on="gateway")


def on_client(command: str) -> Step:
    """A shell line on the client."""
    return sh(command, on="client")


def filtering(rule: str, hook: str, on: str) -> Step:
    """One nftables rule in a chain of its own, on any host."""
    chain = f"{{ type filter hook {hook} priority 0; }}"
    return sh(
        f"nft add table inet p; nft 'add chain inet p c {chain}'; nft 'add rule inet p c {rule}'", on=on
    )
