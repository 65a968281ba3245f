"""Applications that people start by hand, with the options that their makers gave them; each on this machine only."""

from __future__ import annotations

from tests.lab.exams.daemons import JAVA
from tests.lab.scenario import Scenario, blocked
from tests.lab.servers import Server

LOOPBACK = blocked("bound-to-loopback")

STAND_IN = """#!/usr/bin/env python3
import http.server, sys

OPTION, DEFAULT = %r, %r


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"shop")


def host(words):
    for at, word in enumerate(words):
        name, sign, value = word.partition("=")
        if name == OPTION:
            value = value if sign else words[at + 1]
            value = value.rpartition("://")[2]
            return value.rpartition(":")[0] or value
    return DEFAULT


http.server.ThreadingHTTPServer((host(sys.argv[1:]), 5000), Handler).serve_forever()
"""
"""A program that knows one option, which names the address, and whose own address is DEFAULT."""
SPRING = (JAVA % 'properties.getProperty("server.address", "0.0.0.0")').replace(
    "        HttpServer server",
    "        var properties = new java.util.Properties();\n"
    '        properties.load(new java.io.FileReader("application.properties"));\n'
    "        HttpServer server",
    1,
)
PERL = """
use IO::Socket::INET;
my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 5000, Listen => 5, ReuseAddr => 1);
while (my $c = $s->accept) { <$c>; print $c "HTTP/1.0 200 OK\\r\\n\\r\\nshop"; close $c }
"""


def on_loopback(name: str, server: Server, *, fixable: bool = True, needs: str = "") -> Scenario:
    """A server that other devices get no connection to."""
    return Scenario(
        name,
        fault=f"{server.command.rpartition('exec ')[2]} listens on this machine only",
        servers=(server,),
        truth="refused",
        expected=LOOPBACK,
        fixable=fixable,
        needs=needs,
    )


def started(name: str, line: str, option: str, default: str = "127.0.0.1") -> Scenario:
    """A program that a package brought, started with the options that the real one has."""
    program = line.split(maxsplit=1)[0]
    server = Server(
        f"chmod +x bin/{program}; exec bin/{line}", {f"bin/{program}": STAND_IN % (option, default)}
    )
    return on_loopback(name, server)


LANGUAGES = (
    on_loopback(
        "node-inspector",
        Server("node --inspect=5000 server.js", {"server.js": "setInterval(() => 0, 1000)"}),
        fixable=False,
        needs="node",
    ),
    on_loopback(
        "twisted-web-on-loopback",
        Server("twist web --listen tcp:5000:interface=127.0.0.1 --path .", {"index.html": "shop"}),
    ),
    on_loopback(
        "java-with-an-argument-of-spring",
        Server(
            "java Shop.java --server.address=127.0.0.1 --server.port=5000",
            {"Shop.java": JAVA % "arguments[0].substring(17)"},
        ),
        needs="java",
    ),
    on_loopback(
        "java-with-properties-of-spring",
        Server(
            "java Shop.java",
            {
                "application.properties": "server.port=5000\nserver.address=127.0.0.1\n",
                "Shop.java": SPRING,
            },
        ),
        needs="java",
    ),
    on_loopback("perl-on-loopback", Server("perl shop.pl", {"shop.pl": PERL}), fixable=False, needs="perl"),
)

BY_DEFAULT = (
    started("llama-server", "llama-server -m model.gguf --port 5000", "--host"),
    started("prefect-server", "prefect server start --port 5000", "--host"),
    started("dagster-dev", "dagster dev -p 5000", "--host"),
    started("datasette", "datasette serve shop.db -p 5000", "--host"),
    started("panel-serve", "panel serve shop.py --port 5000", "--address"),
    started("shiny-run", "shiny run --port 5000 shop.py", "--host"),
    started("voila", "voila --port=5000 shop.ipynb", "--Voila.ip"),
    started("chainlit", "chainlit run shop.py --port 5000", "--host"),
    started("solara", "solara run shop.py --port 5000", "--host"),
    started("mitmweb", "mitmweb --web-port 5000", "--web-host"),
)
"""Programs that listen on this machine only unless they are told otherwise."""

BY_OPTION = (
    started("syncthing", "syncthing serve --gui-address=127.0.0.1:5000", "--gui-address"),
    started("prometheus", "prometheus --web.listen-address=127.0.0.1:5000", "--web.listen-address"),
    started("minio", "minio server /srv/home --address 127.0.0.1:5000", "--address"),
    started("vault-dev", "vault server -dev -dev-listen-address=127.0.0.1:5000", "-dev-listen-address"),
    started("etcd", "etcd --listen-client-urls http://127.0.0.1:5000", "--listen-client-urls"),
    started("airflow", "airflow webserver --port 5000 --hostname 127.0.0.1", "--hostname"),
    started("locust", "locust -f shop.py --web-port 5000 --web-host 127.0.0.1", "--web-host"),
    started("octoprint", "octoprint serve --port 5000 --host 127.0.0.1", "--host"),
    started("glances", "glances -w -p 5000 -B 127.0.0.1", "-B"),
    started("vllm", "vllm serve model --port 5000 --host 127.0.0.1", "--host"),
    started("open-webui", "open-webui serve --port 5000 --host 127.0.0.1", "--host"),
    started("radicale", "radicale --hosts localhost:5000", "--hosts"),
    started("pypiserver", "pypi-server run -p 5000 -i 127.0.0.1 .", "-i"),
    started("wsgidav", "wsgidav --port=5000 --host=127.0.0.1 --root .", "--host"),
    started(
        "tools-with-other-addresses",
        "shop --redis-host localhost --bind 127.0.0.1 --allow localhost",
        "--bind",
    ),
)
"""Programs that were told to: the option is theirs, and whoever typed it knows it."""
