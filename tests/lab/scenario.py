"""A scenario: a fault, what a real client gets, and what landiag must say. Plain data, one record each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.lab.network import SERVER
from tests.lab.servers import Server

# Causes that nobody but root can see: without root the verdict is "undetermined".
NEEDS_ROOT = (
    "firewall-drops",
    "firewall-rejects",
    "firewall-drops-replies",
    "rate-limited",
    "listening-in-namespace",
    "port-redirected",
    "published-on-loopback",
)


@dataclass(frozen=True, slots=True)
class Expected:
    """The verdict that landiag must give, in the words of the report; ``a|b`` where two answers are right."""

    status: str
    cause: str | None = None

    def without_root(self) -> Expected:
        """The same question asked by an ordinary user, who sees no firewall."""
        if self.cause == "server-silent":
            # A rule that nobody may read could have stopped the exchange as well.
            return Expected("blocked|undetermined")
        return UNDETERMINED if self.cause in (None, *NEEDS_ROOT) else self


CLEAR = Expected("clear")
UNDETERMINED = Expected("undetermined")


def blocked(cause: str) -> Expected:
    """A verdict with this cause."""
    return Expected("blocked", cause)


BUS = """
<busconfig>
  <type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
    <allow send_requested_reply="true" send_type="method_return"/><allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="error"/><allow send_type="method_call"/>
  </policy>
</busconfig>
"""

FIREWALLD = """
mkdir -p /run/dbus /run/firewalld; cat > /run/dbus/lab.conf
dbus-daemon --config-file=/run/dbus/lab.conf --fork --nopidfile > /run/lab/dbus 2>&1
setsid firewalld --nofork --nopid > /run/lab/firewalld 2>&1 < /dev/null &
set -- --dest=org.fedoraproject.FirewallD1 /org/fedoraproject/FirewallD1 org.freedesktop.DBus.Properties.Get
for try in $(seq 300); do # what `firewall-cmd --state` asks, without a start of Python each time
  case "$(dbus-send --system --print-reply "$@" string:org.fedoraproject.FirewallD1 string:state 2>&1)" in
    *RUNNING*) break ;;
  esac
  sleep 0.05
done
"""


@dataclass(frozen=True, slots=True)
class Step:
    """A shell line typed as root on a host of the lab, with ``stdin``."""

    command: str
    stdin: str = ""
    on: str = "server"


def sh(command: str, on: str = "server") -> Step:
    """A shell line on a host."""
    return Step(f"set -e\n{command}", on=on)


def nft_input(rules: str, header: str = "type filter hook input priority 0") -> Step:
    """A table of nftables with one base chain, the input chain unless ``header`` says otherwise."""
    family = "netdev" if "ingress" in header else "inet"
    return nft(f"table {family} filter {{\n  chain input {{\n    {header};\n{rules}\n  }}\n}}\n")


def nft_output(rules: str, header: str = "type filter hook output priority 0") -> Step:
    """The same for what leaves the server."""
    return nft_input(rules, header)


def nft(ruleset: str) -> Step:
    """An nftables ruleset for the server."""
    return Step("nft -f -", ruleset)


def iptables(rules: str, tool: str = "iptables-nft") -> Step:
    """Lines of arguments for ``iptables`` on the server; ``tool`` chooses the backend."""
    lines = (line.strip() for line in rules.strip().splitlines())
    return sh("\n".join(f"{tool} -w {line}" for line in lines if line))


def firewalld(*commands: str) -> Step:
    """A firewalld and a bus of the server's own, and commands for it (``firewall-cmd COMMAND``)."""
    lines = "\n".join(f"firewall-cmd {command} > /dev/null" for command in commands)
    return Step(f"set -e\n{FIREWALLD}\n{lines}", BUS)


def background(program: str, on: str) -> Step:
    """A Python program that is left running on a host; the step ends when it prints its first line."""
    line = 'setsid python -c "$PROGRAM" > /run/lab/started 2>&1 < /dev/null &'
    wait = "for try in $(seq 100); do [ -s /run/lab/started ] && exit 0; sleep 0.05; done; exit 1"
    return Step(f"PROGRAM=$(cat); export PROGRAM; {line} {wait}", program, on)


def ufw(*commands: str) -> Step:
    """Commands for ufw, which is then enabled: it denies incoming, as it does unless told otherwise."""
    return sh(
        "\n".join([*(f"ufw {command} > /dev/null" for command in commands), "ufw --force enable > /dev/null"])
    )


@dataclass(frozen=True, slots=True)
class Wire:
    """One more interface of a host, joined to the switch; it is up and has no address."""

    host: str
    interface: str


@dataclass(frozen=True, slots=True)
class Container:
    """A container on the server, on the bridge ``docker0`` unless another is named."""

    name: str = "web"
    address: str = "172.17.0.2"
    bridge: str = "docker0"
    subnet: str = "172.17.0.0/16"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One case of the lab.

    ``before`` happens before the servers start, ``after`` when they listen. ``truth`` is what the client
    192.168.77.20 gets at ``address`` (words of exchange.py), ``ordinary`` what its neighbour gets where that
    differs. ``expected`` is landiag's verdict as root, ``with_peer`` that with ``--peer 192.168.77.20``,
    ``as_user`` that of an ordinary user; both follow from ``expected`` unless given. ``fixable`` says that
    landiag must offer commands which mend it, after which the client gets ``fixed``. ``also`` are codes that
    the report must hold besides. ``who`` is the host that measures, ``peer`` its address where it has
    another. ``host_name`` is the name in the client's URL,
    ``environment`` that of the shell in which landiag is typed.
    ``patience`` is how many seconds the client waits for an answer.
    ``needs`` names a program without which the scenario cannot be built.
    """

    name: str
    fault: str
    truth: str
    expected: Expected
    servers: tuple[Server, ...] = ()
    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    containers: tuple[Container, ...] = ()
    wires: tuple[Wire, ...] = ()
    with_peer: Expected | None = None
    as_user: Expected | None = None
    ordinary: str | None = None
    who: str = "client"
    peer: str = ""
    address: str = SERVER
    port: int = 5000
    scheme: str = "http"
    host_name: str = ""
    attempts: int = 1
    patience: float = 2.5
    options: str = ""
    environment: Mapping[str, str] | None = None
    also: tuple[str, ...] = ()
    fixable: bool = False
    fixed: str = "served"
    needs: str = ""

    def verdict(self, *, user: bool, peer: bool) -> Expected:
        """What landiag must say to this user, asked with or without ``--peer``."""
        if peer and self.with_peer:
            return self.with_peer.without_root() if user else self.with_peer
        if user:
            return self.as_user or self.expected.without_root()
        return self.expected
