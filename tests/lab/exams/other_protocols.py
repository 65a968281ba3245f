"""Servers that are none of the web, as people ask about them in public threads."""

from __future__ import annotations

from tests.lab.scenario import CLEAR, Container, Expected, Scenario, blocked
from tests.lab.scenarios.containers import docker, docker_proxy
from tests.lab.servers import Server, script

LOOPBACK = blocked("bound-to-loopback")
NOT_CLEAR = Expected("blocked|undetermined")
PYTHON = "#!/usr/bin/env python3\n"

WAITS = """
import socket, threading


def serve(client):
    try:
        while data := client.recv(65536):
            client.sendall(b"+PONG\\r\\n" if b"PING" in data.upper() else %r)
    except OSError:
        pass  # a client that looked and went


s = socket.create_server(("%s", %d))
while True:
    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
"""
GREETS = """
import socket
s = socket.create_server(("%s", 5000))
while True:
    client, _ = s.accept()
    try:
        client.sendall(%r)
        client.recv(65536)
    except OSError:
        pass  # a client that looked and went
    client.close()
"""
MINECRAFT = """
import java.io.*;
import java.net.*;
import java.util.*;

public class Server {
    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        properties.load(new FileReader("server.properties"));
        String ip = properties.getProperty("server-ip");
        ServerSocket socket = new ServerSocket(5000, 9, ip.isEmpty() ? null : InetAddress.getByName(ip));
        while (true) {
            try (Socket client = socket.accept()) {
                client.getInputStream().read();
            }
        }
    }
}
"""
PROPERTIES = "motd=shop\nserver-ip=127.0.0.1\nserver-port=5000\n"
REDIS = "port 5000\nsave ''\nprotected-mode no\nbind %s\n"
PHOENIX = "-- -root /usr/lib/erlang -- -home /srv/home -- -s elixir start_cli -extra /usr/bin/mix phx.server"


def called(command: str, text: str, **options: object) -> Server:
    """A stand-in that is called as another program is."""
    name = command.split(maxsplit=1)[0]
    return Server(f"chmod +x {name}; exec ./{command}", {name: PYTHON + text}, **options)  # type: ignore[arg-type]


def tcp(name: str, fault: str, truth: str, expected: Expected, *servers: Server, **more: object) -> Scenario:
    """A server that clients only connect to."""
    return Scenario(
        name,
        fault=fault,
        servers=servers,
        scheme="tcp",
        truth=truth,
        expected=expected,
        **more,  # type: ignore[arg-type]
    )


OTHER_PROTOCOLS = (
    tcp(
        "redis-without-protected-mode",
        "nothing: Redis listens on all addresses",
        "connected",
        CLEAR,
        Server("redis-server redis.conf", {"redis.conf": REDIS % "* -::*"}),
        needs="redis-server",
    ),
    tcp(
        "redis-in-a-container",
        "nothing: a container's server waits for its clients to speak, and is none of the web",
        "connected",
        CLEAR,
        called("redis-server *:80", WAITS % (b"-ERR\r\n", "0.0.0.0", 80), on="web", port=80, user=False),
        docker_proxy(),
        before=(docker(),),
        containers=(Container(),),
    ),
    tcp(
        "mosquitto-wants-a-password",
        "nothing: Mosquitto listens for everybody and asks for a password",
        "connected",
        CLEAR,
        Server("/usr/sbin/mosquitto -c m.conf", {"m.conf": "listener 5000 0.0.0.0\nallow_anonymous false\n"}),
        needs="mosquitto",
    ),
    tcp(
        "mosquitto-bound-to-loopback-by-its-listener",
        "Mosquitto's listener line names 127.0.0.1",
        "refused",
        LOOPBACK,
        Server(
            "/usr/sbin/mosquitto -c m.conf", {"m.conf": "listener 5000 127.0.0.1\nallow_anonymous true\n"}
        ),
        needs="mosquitto",
    ),
    tcp(
        "vnc-for-this-machine-only",
        "a VNC server is started with -localhost",
        "refused",
        LOOPBACK,
        called("Xtigervnc :1 -localhost=1 -rfbport 5000", GREETS % ("127.0.0.1", b"RFB 003.008\n")),
    ),
    tcp(
        "vnc-for-everybody",
        "nothing: a VNC server greets everybody",
        "connected",
        CLEAR,
        called("Xtigervnc :1 -rfbport 5000", GREETS % ("0.0.0.0", b"RFB 003.008\n")),
    ),
    tcp(
        "minecraft-bound-by-its-properties",
        "server.properties of a Minecraft server has server-ip=127.0.0.1",
        "refused",
        LOOPBACK,
        Server("java -Xmx64M Server.java nogui", {"server.properties": PROPERTIES, "Server.java": MINECRAFT}),
        needs="java",
        fixable=True,
        fixed="connected",
    ),
    tcp(
        "waits-for-its-clients",
        "nothing that is known: a program waits for its clients to speak",
        "connected",
        CLEAR,
        script(WAITS % (b"", "0.0.0.0", 5000)),
        options="--scheme tcp",
    ),
    Scenario(
        "phoenix-hangs",
        fault="a Phoenix application takes connections and says nothing",
        servers=(called(f"beam.smp {PHOENIX}", WAITS % (b"", "0.0.0.0", 5000)),),
        truth="silent",
        expected=NOT_CLEAR,
    ),
    tcp(
        "greets-as-ssh-does",
        "nothing: a server greets as SSH does",
        "connected",
        CLEAR,
        script(GREETS % ("0.0.0.0", b"SSH-2.0-OpenSSH_9.6\r\n")),
    ),
    tcp(
        "greets-with-a-refusal",
        "an FTP server says 421 to every address that is not on its list",
        "connected",
        NOT_CLEAR,
        script(GREETS % ("0.0.0.0", b"421 Service not available.\r\n")),
    ),
    tcp(
        "debugger-listens-for-its-editor",
        "a debugger listens on this machine only, as it should",
        "refused",
        LOOPBACK,
        called("dlv debug --headless --listen=127.0.0.1:5000", GREETS % ("127.0.0.1", b"")),
    ),
)
