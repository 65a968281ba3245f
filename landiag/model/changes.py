"""What fixes change on a Linux machine, typed: each knows the command that does it and the one that undoes it.

The journal holds these and never a command line, so that whoever could write into it could run nothing of
their own. ``clients`` are networks in CIDR notation; ports are TCP's.
"""

from __future__ import annotations

from ipaddress import ip_network

from msgspec import Struct

from landiag.model.changes_firewalld import FirewalldDirectRule, FirewalldRule
from landiag.model.facts import IPNetwork
from landiag.model.settings import typed_setting


def listed_network(network: IPNetwork) -> str:
    """A network as nft lists it: a single address without its length."""
    return str(network[0]) if network.prefixlen == network.max_prefixlen else str(network)


class UfwRule(Struct, frozen=True, tag_field="change", tag="ufw-rule"):
    """A rule of ufw, before all others, that lets clients reach a port; those of one interface, where it is given.

    ``is_routed``: a port of what is behind this machine.
    """

    clients: str
    port: int
    interface: str | None = None
    is_routed: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The rule as ufw is told it, and as ``ufw show added`` shows it."""
        return self._with()

    @property
    def argv(self) -> tuple[str, ...]:
        """The command that adds it."""
        return ("ufw", *self._with("prepend"))

    @property
    def undo_argv(self) -> tuple[str, ...]:
        """The command that removes it."""
        return ("ufw", *self._with("delete"))

    def _with(self, *verb: str) -> tuple[str, ...]:
        """The rule with what is to be done with it, which stands behind ``route``."""
        routed = ("route",) if self.is_routed else ()
        tied = () if self.interface is None else ("in", "on", self.interface)
        to_port = ("to", "any", "port", str(self.port), "proto", "tcp")
        return (*routed, *verb, "allow", *tied, "from", self.clients, *to_port)


class NftRule(Struct, frozen=True, tag_field="change", tag="nft-rule"):
    """A rule in a chain of nftables: before the rule with the handle ``before``, or last where that is None.

    ``is_answer``: it lets the server's answers out, rather than clients in. ``is_original``: the port is the one that
    clients type, before a translation. ``handle`` is the rule's own, once it is there. ``server``: the one address of
    this machine that it is for; empty where it needs none.
    """

    family: str
    table: str
    chain: str
    clients: str
    port: int
    is_answer: bool = False
    before: int | None = None
    handle: int | None = None
    is_original: bool = False
    server: str = ""

    @property
    def comment(self) -> str:
        """The comment by which people find it."""
        return f"landiag {self.port}{' answers' if self.is_answer else ''}"

    @property
    def place(self) -> tuple[str, str, str]:
        """The chain as nft is told it."""
        return (self.family, self.table, self.chain)

    @property
    def asked_of(self) -> str:
        """Whose packets it is for, as nft lists them."""
        return f"{self._family} {self._side} {listed_network(ip_network(self.clients))}"

    @property
    def _family(self) -> str:
        return "ip6" if ip_network(self.clients).version == 6 else "ip"

    @property
    def _side(self) -> str:
        return "daddr" if self.is_answer else "saddr"

    @property
    def argv(self) -> tuple[str, ...]:
        """The command that adds it."""
        family, port = self._family, "sport" if self.is_answer else "dport"
        what = (
            f"meta l4proto tcp ct original proto-dst {self.port}"
            if self.is_original
            else f"tcp {port} {self.port}"
        )
        own = f"{family} {'saddr' if self.is_answer else 'daddr'} {self.server} " if self.server else ""
        match = f'{family} {self._side} {self.clients} {own}{what} accept comment "{self.comment}"'
        if self.before is None:
            return ("nft", "add", "rule", *self.place, match)
        return ("nft", "insert", "rule", *self.place, "position", str(self.before), match)

    @property
    def undo_argv(self) -> tuple[str, ...]:
        """The command that removes it, once its handle is known."""
        return ("nft", "delete", "rule", *self.place, "handle", str(self.handle or 0))


class IptablesRule(Struct, frozen=True, tag_field="change", tag="iptables-rule"):
    """A rule in a chain of iptables, at a ``position`` that counts from 1, or last where that is None.

    ``program`` is the variant that holds the chain (``ip6tables-legacy``). ``is_original``: the port is the one
    that clients type, before a translation. ``server``: the one address of this machine that it is for, if any.
    """

    program: str
    table: str
    chain: str
    clients: str
    port: int
    position: int | None = None
    is_answer: bool = False
    is_original: bool = False
    server: str = ""

    @property
    def match(self) -> tuple[str, ...]:
        """What the rule asks for and does, as ``iptables -S`` shows it."""
        sides = ("-d", "-s") if self.is_answer else ("-s", "-d")
        addresses = dict(zip(sides, (self.clients, self._own()), strict=True))
        asked = (word for side in ("-s", "-d") if addresses[side] for word in (side, addresses[side]))
        end = ("tcp", "--sport" if self.is_answer else "--dport")
        module, option = ("conntrack", "--ctorigdstport") if self.is_original else end
        return (*asked, "-p", "tcp", "-m", module, option, str(self.port), "-j", "ACCEPT")

    def _own(self) -> str:
        return str(ip_network(self.server)) if self.server else ""

    def ask(self, *words: str) -> tuple[str, ...]:
        """A command about this rule's table."""
        return (self.program, *(() if self.table == "filter" else ("-t", self.table)), *words)

    @property
    def argv(self) -> tuple[str, ...]:
        """The command that adds it."""
        if self.position is None:
            return self.ask("-A", self.chain, *self.match)
        return self.ask("-I", self.chain, str(self.position), *self.match)

    @property
    def undo_argv(self) -> tuple[str, ...]:
        """The command that removes it."""
        return self.ask("-D", self.chain, *self.match)


class Sysctl(Struct, frozen=True, tag_field="change", tag="sysctl"):
    """A setting of the kernel, and what it was before."""

    name: str
    before: str
    after: str

    @property
    def argv(self) -> tuple[str, ...]:
        """The command that sets it."""
        return ("sysctl", "-w", f"{typed_setting(self.name)}={self.after}")

    @property
    def undo_argv(self) -> tuple[str, ...]:
        """The command that sets it as it was."""
        return ("sysctl", "-w", f"{typed_setting(self.name)}={self.before}")


class _RemovedRoute(Struct, frozen=True):
    """A route that is taken away."""

    @property
    def words(self) -> tuple[str, ...]:
        """The route as ``ip route`` is told it."""
        raise NotImplementedError

    @property
    def argv(self) -> tuple[str, ...]:
        """The command that takes it away."""
        return ("ip", "route", "del", *self.words)

    @property
    def undo_argv(self) -> tuple[str, ...]:
        """The command that sets it again."""
        return ("ip", "route", "add", *self.words)


class RefusingRoute(_RemovedRoute, frozen=True, tag_field="change", tag="refusing-route"):
    """A route that refuses packets (``kind``: blackhole, prohibit, unreachable) and is taken away."""

    kind: str
    destination: str
    table: str = "main"

    @property
    def words(self) -> tuple[str, ...]:
        """The route as ``ip route`` is told it."""
        table = () if self.table == "main" else ("table", self.table)
        return (self.kind, self.destination, *table)


class UnicastRoute(_RemovedRoute, frozen=True, tag_field="change", tag="unicast-route"):
    """A route to a network that is taken away."""

    destination: str
    gateway: str | None = None
    device: str | None = None
    metric: int = 0
    table: str = "main"

    @property
    def words(self) -> tuple[str, ...]:
        """The route as ``ip route`` is told it."""
        return (
            self.destination,
            *(("via", self.gateway) if self.gateway else ()),
            *(("dev", self.device) if self.device else ()),
            *(("metric", str(self.metric)) if self.metric else ()),
            *(() if self.table == "main" else ("table", self.table)),
        )


class LinkSetting(Struct, frozen=True, tag_field="change", tag="link-setting"):
    """A setting of a network interface (``arp``: on or off, ``mtu``, ``state``: up or down)."""

    interface: str
    setting: str
    before: str
    after: str

    @property
    def argv(self) -> tuple[str, ...]:
        """The command that sets it."""
        return self._set(self.after)

    @property
    def undo_argv(self) -> tuple[str, ...]:
        """The command that sets it as it was."""
        return self._set(self.before)

    def _set(self, value: str) -> tuple[str, ...]:
        words = (value,) if self.setting == "state" else (self.setting, value)
        return ("ip", "link", "set", "dev", self.interface, *words)


class MainTableRule(Struct, frozen=True, tag_field="change", tag="main-table-rule"):
    """A rule of the routing policy that sends what goes to a network by the main table, before other rules."""

    destination: str
    priority: int

    @property
    def words(self) -> tuple[str, ...]:
        """The rule as ``ip rule`` is told it."""
        return ("to", self.destination, "lookup", "main", "pref", str(self.priority))

    @property
    def family(self) -> str:
        """The option of ``ip`` for its family."""
        return "-6" if ":" in self.destination else "-4"

    @property
    def argv(self) -> tuple[str, ...]:
        """The command that adds it."""
        return ("ip", self.family, "rule", "add", *self.words)

    @property
    def undo_argv(self) -> tuple[str, ...]:
        """The command that removes it."""
        return ("ip", self.family, "rule", "del", *self.words)


OfTool = UfwRule | FirewalldRule | FirewalldDirectRule
"""Changes that a tool of its own keeps, over the next start too, where it is told so."""

Change = OfTool | NftRule | IptablesRule | Sysctl | RefusingRoute | UnicastRoute | MainTableRule | LinkSetting
"""Everything that ``check --fix`` changes as root, and knows how to take back."""
