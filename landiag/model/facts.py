"""What was read from a host, and what it means: sources, readings, and the neutral facts parsed from them.

Three answers, never two. A fact is either its value (an empty tuple means "I looked, there is none") or
an ``Unknown`` that says why nobody could look. ``Unknown`` raises when it is used as a truth value, so that
"could not look" can never pass for "there is none".
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from enum import Enum
from functools import cached_property
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from typing import NoReturn, TypeVar

from msgspec import Struct

from landiag.model.blanks import odd_blanks_shown

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network
IPInterface = IPv4Interface | IPv6Interface

T = TypeVar("T")


class ReadStatus(str, Enum):
    """How an attempt to read a source ended."""

    OK = "ok"
    FAILED = "failed"  # it ran and reported an error
    DENIED = "denied"  # it needs more rights than we have
    MISSING = "missing"  # the command or file does not exist here
    TIMED_OUT = "timed-out"
    TOO_LARGE = "too-large"  # more bytes than the door lets in; what came is kept
    NOT_LOADED = "not-loaded"  # the kernel part it lists is not loaded, so there is nothing to list
    NOT_RECORDED = "not-recorded"  # a replayed recording has no such source
    DAMAGED = "damaged"  # a recording holds other bytes of it than were read
    WITHHELD = "withheld"  # redaction could not mask it with certainty


class Command(Struct, frozen=True):
    """A program whose standard output is read. ``argv[0]`` is a bare name, looked up by the door.

    ``module`` is the kernel module that the program would load by asking: where it is not there already, the
    door does not run the program and answers ``not-loaded``.
    """

    name: str
    argv: tuple[str, ...]
    needs_root: bool = False
    ok_statuses: tuple[int, ...] = (0,)
    module: str | None = None


class File(Struct, frozen=True):
    """A file that is read whole."""

    path: str
    needs_root: bool = False

    @property
    def name(self) -> str:
        """The name under which it is recorded: ``file:`` and the path."""
        return f"file:{self.path}"


class Call(Struct, frozen=True):
    """A Python function behind the door (``host.CALLS``): its JSON answer is the reading.

    Exchanges with a network (an HTTP request, a ping, a bind test) are calls too: ``params`` are what they
    are asked, and the transcript is what replays. ``seconds`` bounds the call below the host's own deadline;
    ``patience`` are parameters that bound parts of it, which are no part of the question.
    """

    kind: str
    params: tuple[tuple[str, str], ...] = ()
    seconds: float = 60.0
    patience: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """The name under which it is recorded: the kind and its parameters."""
        return " ".join([self.kind, *(f"{key}={value}" for key, value in self.params)])


Source = Command | File | Call


class Reading(Struct, frozen=True):
    """The bytes that one source gave, or why it gave none.

    ``detail`` is one line for people (what the tool said on standard error); empty when all is well.
    ``seconds`` is how long the reading took.
    """

    source: str
    status: ReadStatus
    data: bytes = b""
    argv: tuple[str, ...] | None = None
    seconds: float = 0.0
    detail: str = ""
    remedy: str | None = None

    @property
    def text(self) -> str:
        """The bytes as UTF-8; what is not UTF-8 shows as backslash escapes, odd blanks too. Never raises."""
        return odd_blanks_shown(self.data.decode("utf-8", "backslashreplace"))

    @property
    def says_nothing(self) -> bool:
        """Whether it ended well and gave nothing but blanks."""
        return self.status is ReadStatus.OK and not self.data.strip()

    @property
    def again(self) -> str | None:
        """The complete command with which a person reads it: what was told, or what was run."""
        return self.remedy or (None if self.argv is None else shlex.join(self.argv))


class Unknown(Struct, frozen=True):
    """The answer "I could not look": why, at what, and the complete command that would show it (or None)."""

    reason: str
    source: str
    remedy: str | None = None

    def __bool__(self) -> NoReturn:
        """Refuse: an unknown is neither true nor false."""
        raise TypeError(f"an unknown has no truth value: {self.source}: {self.reason}")


class ParseError(ValueError):
    """A text is not what its parser reads; the message says where and what."""


def parse_reading(reading: Reading, parse: Callable[[str], T]) -> T | Unknown:
    """Parse what was read, or say why that cannot be done: the only two births of an Unknown.

    A kernel part that is not loaded holds nothing: its parser gets the empty text.
    """
    if reading.status not in (ReadStatus.OK, ReadStatus.NOT_LOADED):
        return Unknown(reading.detail or reading.status.value, reading.source, reading.remedy)
    try:
        return parse(reading.text)
    except ParseError as error:
        return Unknown(f"its output was not understood: {error}", reading.source, reading.again)
    except _STUMBLES as error:
        return Unknown(
            f"its output was not understood: {type(error).__name__}", reading.source, reading.again
        )


_STUMBLES = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a parser raises where a value is not of the kind that its format has."""


class Family(int, Enum):
    """An IP version."""

    IPV4 = 4
    IPV6 = 6


class Socket(Struct, frozen=True):
    """A TCP socket in listen state.

    ``address`` is ``0.0.0.0`` or ``::`` for the wildcard address. ``v6only`` is None for IPv4 sockets, and
    where the system does not tell. ``device`` is the interface of SO_BINDTODEVICE. ``queue`` counts the
    connections that wait to be accepted, ``backlog`` how many may (None where not told). ``pids`` is empty
    when the owner is not visible to this user. ``namespace`` names another network namespace; None is ours.
    ``transparent`` tells whether it has IP_TRANSPARENT, so that rules may hand it others' packets; None: not told.
    """

    address: IPAddress
    port: int
    device: str | None = None
    v6only: bool | None = None
    queue: int | None = None
    backlog: int | None = None
    pids: tuple[int, ...] = ()
    uid: int | None = None
    inode: int | None = None
    cgroup: str | None = None
    namespace: str | None = None
    transparent: bool | None = None

    @property
    def family(self) -> Family:
        """The address family of the socket itself; a dual-stack socket is IPV6."""
        return Family(self.address.version)

    def serves(self, family: Family) -> bool | None:
        """Whether clients of this family reach the socket; None when V6ONLY is not known."""
        if family is self.family:
            return True
        if self.family is Family.IPV4 or not self.address.is_unspecified:
            return False
        return None if self.v6only is None else not self.v6only


class Interface(Struct, frozen=True):
    """A network interface. ``kind`` is what it is to a person.

    One of ``ethernet wifi loopback bridge veth tunnel vpn mobile container vm vlan bond vrf dummy other``.
    ``carrier`` is False when the cable or the Wi-Fi link is down, None where the system does not tell.
    ``master`` is the bridge, bond or VRF it belongs to.
    ``profile`` is the firewall profile of Windows: ``public private domain``; ``guid`` is how its rules name the
    interface, in braces; ``description`` is what its maker calls it there. ``arp`` is False where it asks and answers
    nobody who has an address (NOARP). ``vrf`` is the VRF that it belongs to, or is; ``vrf_table`` the routing table of
    a VRF. ``tied_only``: what comes in there reaches only sockets that are tied to it or to its VRF (None: not known).
    ``lower`` is the interface that carries it (of a VLAN), ``queue`` the kind of its queue.
    """

    name: str
    index: int
    kind: str
    up: bool
    carrier: bool | None
    addresses: tuple[Address, ...] = ()
    mac: str | None = None
    mtu: int | None = None
    master: str | None = None
    group: str | None = None
    xdp: bool = False
    profile: str | None = None
    guid: str | None = None
    arp: bool = True
    description: str = ""
    vrf: str | None = None
    vrf_table: str | None = None
    tied_only: bool | None = False
    lower: str | None = None
    queue: str | None = None


class Address(Struct, frozen=True, dict=True):
    """An address with its prefix length. ``scope`` is ``global``, ``link`` or ``host``."""

    interface: IPInterface
    scope: str = "global"
    tentative: bool = False
    deprecated: bool = False
    temporary: bool = False
    duplicate: bool = False
    peer: IPInterface | None = None

    @cached_property
    def ip(self) -> IPAddress:
        """The address alone; each look at many listeners asks for it some fifty times."""
        return self.interface.ip

    @property
    def network(self) -> IPNetwork:
        """The on-link prefix; that of the peer on a point-to-point link."""
        return (self.peer or self.interface).network
