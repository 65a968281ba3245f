"""systemd's units, as ``systemctl show`` describes them: what their settings let a server's sockets do.

Sources: systemd.resource-control(5), systemd.exec(5), systemd.socket(5); systemctl-show.c for the form of the values.
"""

from __future__ import annotations

import re
from ipaddress import ip_network

from msgspec import Struct

from landiag.collect.systemd import OF_PACKETS, OF_SERVICES, OF_SOCKETS
from landiag.model.facts import IPAddress, IPNetwork, ParseError
from landiag.model.process import Service
from landiag.model.regex import regex

_OWN_SLICES = ("-.slice", "system.slice", "user.slice", "machine.slice")
"""What holds the machine's own services and sessions (systemd.special(7)): started anew, it would end them all."""

_AGAIN = "auto-restart"
"""A service that has failed and waits to be started again; systemd 255 knows two such states."""


class NameList(Struct, frozen=True):
    """A list of names that are let through, or (``denies``) that are the only ones that are not."""

    names: tuple[str, ...]
    denies: bool = False

    def admits(self, name: str) -> bool:
        """Whether this name is let through."""
        return (name in self.names) is not self.denies

    @property
    def text(self) -> str:
        """As a unit file writes it."""
        return ("~" if self.denies else "") + " ".join(self.names)


class Unit(Struct, frozen=True):
    """A unit; what was not asked, or is not set, is empty. ``programs`` are BPF programs of the user's own.

    ``listens`` are the lines by which a socket unit is told where to listen, ``triggers`` the services that it starts.
    ``starting`` is how far a service is that is not started yet (``start-pre``); empty for all others. ``is_task``: it
    is no server (Type=oneshot). ``is_users``: a user's own systemd told of it.
    """

    name: str
    allow: tuple[IPNetwork, ...] = ()
    deny: tuple[IPNetwork, ...] = ()
    programs: tuple[str, ...] = ()
    interfaces: NameList | None = None
    families: NameList | None = None
    bind_allow: tuple[str, ...] = ()
    bind_deny: tuple[str, ...] = ()
    is_private: bool = False
    namespace_path: str = ""
    joins: tuple[str, ...] = ()
    slice: str = ""
    user: str = ""
    listens: tuple[str, ...] = ()
    is_ipv6_only: bool = False
    triggers: tuple[str, ...] = ()
    starting: str = ""
    is_task: bool = False
    is_users: bool = False
    state: str = ""
    result: str = ""
    restarts: int = 0
    pid: int = 0

    @property
    def section(self) -> str:
        """The section of its file in which its settings stand; systemd ignores them in another."""
        return self.name.rpartition(".")[2].capitalize()

    @property
    def shown(self) -> str:
        """The line that shows its settings."""
        return Service(self.name, self.is_users).typed("show")

    @property
    def network_setting(self) -> str:
        """The setting that gives it another network than the machine's; empty where it has the machine's."""
        if self.namespace_path:
            return f"NetworkNamespacePath={self.namespace_path}"
        return "PrivateNetwork=yes" if self.is_private else ""

    @property
    def anew(self) -> tuple[str, ...]:
        """What starts it anew: a socket only while what has taken it over is stopped, systemd's own slices never."""
        stops = tuple(f"stop {name}" for name in self.triggers)
        return () if self.name in _OWN_SLICES else (*stops, f"restart {self.name}")

    @property
    def keeps_failing(self) -> bool:
        """Whether it has ended with an error, or was started again after one more than once: it may run just now."""
        return not self.is_task and (self.state in ("failed", _AGAIN) or self.restarts > 1)

    def may_bind(self, port: int) -> bool:
        """Whether SocketBindAllow and SocketBindDeny let it bind a TCP socket to this port."""
        if any(_concerns(one, port) for one in self.bind_allow):
            return True
        return not any(_concerns(one, port) for one in self.bind_deny)


_BIND = r"(?:ipv[46]:)?(?:tcp|udp)?:?(?:any|\d+(?:-\d+)?)?"
_BIND_RULE = regex(r"(?:ipv[46]:)?(?P<protocol>tcp|udp)?:?(?P<ports>any|(?P<first>\d+)(?:-(?P<last>\d+))?)?")


def _concerns(rule: str, port: int) -> bool:
    """Whether ``ipv4:tcp:5000-5010`` concerns TCP sockets on a port."""
    found = _BIND_RULE.fullmatch(rule)
    if found is None or found["protocol"] == "udp":
        return False
    first = found["first"]
    return first is None or int(first) <= port <= int(found["last"] or first)


class Chain(Struct, frozen=True):
    """The unit whose sockets they are, which comes last, and the slices above it, whose settings bear on it, too."""

    units: tuple[Unit, ...]

    @property
    def programs(self) -> tuple[str, ...]:
        """The BPF programs that see every packet first, of all of them."""
        return tuple(program for unit in self.units for program in unit.programs)

    @property
    def allow(self) -> tuple[IPNetwork, ...]:
        """Whom they let in together: the lists of slices add up."""
        return tuple(network for unit in self.units for network in unit.allow)

    @property
    def deny(self) -> tuple[IPNetwork, ...]:
        """Whom they keep away together, where no list lets them in."""
        return tuple(network for unit in self.units for network in unit.deny)

    def denier(self, client: IPAddress) -> tuple[Unit, IPNetwork] | None:
        """The unit that keeps an address away, and the network on its list; None where packets from it get in."""
        if any(client in one for one in self.allow):
            return None
        found = ((unit, one) for unit in reversed(self.units) for one in unit.deny if client in one)
        return next(found, None)

    def admits(self, client: IPAddress) -> bool:
        """Whether packets from this address reach the unit's sockets."""
        return self.denier(client) is None

    def keeper(self, interface: str) -> Unit | None:
        """The unit that takes nothing from an interface; each of them asks for itself."""
        found = (one for one in reversed(self.units) if one.interfaces is not None)
        return next((one for one in found if one.interfaces and not one.interfaces.admits(interface)), None)


def parse_chain(text: str) -> Chain:
    """Parse ``systemctl show`` of a unit and of its slices."""
    return Chain(parse_units(text))


def parse_units(text: str) -> tuple[Unit, ...]:
    """Parse ``systemctl show``: a block a unit, with an empty line between."""
    return tuple(_parse_unit(block) for block in text.split("\n\n") if block.strip())


def _parse_unit(block: str) -> Unit:
    values: dict[str, str] = {}
    listens = []
    for line in block.splitlines():
        name, separator, value = line.partition("=")
        if not separator or name not in _ASKED:
            raise ParseError(f"not a description of a unit by systemd: it was not asked for {line[:60]!r}")
        if name == "Listen":
            address, _, kind = value.rpartition(" (")
            listens.append(f"Listen{kind.rstrip(')')}={address}")
        elif name in _ONCE & values.keys():
            raise ParseError(f"not a description of a unit by systemd: it says {name} twice")
        else:
            values[name] = value.strip()
    _refuse_strange(values)
    try:
        return _unit(values, tuple(listens))
    except ValueError as error:
        raise ParseError(f"not a description of a unit by systemd: {error}") from error


_ONCE = frozenset(("Id", "IPAddressAllow", "IPAddressDeny", "RestrictNetworkInterfaces"))
"""What each unit has one line of: two of them are two units, whose empty line between was lost."""

_ASKED = frozenset((*OF_PACKETS, *OF_SERVICES, *OF_SOCKETS))
_FAMILIES = (
    "UNIX LOCAL INET INET6 NETLINK PACKET AX25 IPX APPLETALK NETROM BRIDGE ATMPVC X25 ROSE DECnet NETBEUI SECURITY KEY"
    " ASH ECONET ATMSVC RDS SNA IRDA PPPOX WANPIPE LLC IB MPLS CAN TIPC BLUETOOTH IUCV RXRPC ISDN PHONET IEEE802154"
    " CAIF ALG NFC VSOCK KCM QIPCRTR SMC XDP MCTP"
)
"""The families of sockets that Linux has (linux/socket.h)."""

_NAME_LIST = r"~?(?:(?:{name})\s?)*"
_FORMS = {
    "Id": regex(r"\S+"),
    "PrivateNetwork": regex(r"yes|no|"),
    "RestrictNetworkInterfaces": regex(_NAME_LIST.format(name=r"[\w.@-]+"), re.ASCII),
    "RestrictAddressFamilies": regex(_NAME_LIST.format(name=f"AF_(?:{_FAMILIES.replace(' ', '|')})")),
    "SocketBindAllow": regex(_NAME_LIST.format(name=_BIND)),
    "SocketBindDeny": regex(_NAME_LIST.format(name=_BIND)),
}


def _refuse_strange(values: dict[str, str]) -> None:
    """A value that systemd does not print may be any. Raises ParseError."""
    for name, form in _FORMS.items():
        value = values.get(name, "")
        if not form.fullmatch(value) and (name in values or name == "Id"):
            raise ParseError(f"not a description of a unit by systemd: {name} is {value[:60]!r}")


def _unit(values: dict[str, str], listens: tuple[str, ...]) -> Unit:
    def words(name: str) -> tuple[str, ...]:
        return tuple(values.get(name, "").split())

    state, step = values.get("ActiveState", ""), values.get("SubState", "")
    waits, is_task = step.startswith(_AGAIN), values.get("Type") == "oneshot"
    return Unit(
        name=values.get("Id", ""),
        allow=tuple(ip_network(word, strict=False) for word in words("IPAddressAllow")),
        deny=tuple(ip_network(word, strict=False) for word in words("IPAddressDeny")),
        programs=words("IPIngressFilterPath"),
        interfaces=_names(values.get("RestrictNetworkInterfaces") or "~"),
        families=_names(values.get("RestrictAddressFamilies", "~")),
        bind_allow=_binds(values.get("SocketBindAllow", "")),
        bind_deny=_binds(values.get("SocketBindDeny", "")),
        is_private=values.get("PrivateNetwork") == "yes",
        namespace_path=values.get("NetworkNamespacePath", ""),
        joins=words("JoinsNamespaceOf"),
        slice=values.get("Slice", ""),
        user=values.get("User", ""),
        listens=listens,
        triggers=words("Triggers"),
        is_ipv6_only=values.get("BindIPv6Only") == "ipv6-only",
        starting=step if state == "activating" and not waits and not is_task else "",
        is_task=is_task,
        state=_AGAIN if waits else state,
        result=values.get("Result", ""),
        restarts=int(values.get("NRestarts", 0) or 0),
        pid=int(values.get("MainPID", 0) or 0),
    )


def _binds(text: str) -> tuple[str, ...]:
    """A list of ports as a unit file takes it: systemd prints ``tcp5000`` for ``tcp:5000``."""
    return tuple(_RUN_TOGETHER.sub(r"\1:", word) for word in text.split())


_RUN_TOGETHER = regex(r"(tcp|udp)(?=\d)")


def _names(text: str) -> NameList | None:
    """A list as systemd prints it: ``~`` where nothing is set, nothing at all where no name is let through."""
    names = tuple(text.removeprefix("~").split())
    denies = text.startswith("~")
    return None if denies and not names else NameList(names, denies)
