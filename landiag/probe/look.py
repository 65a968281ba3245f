"""One target address: what was asked of it, what came, and what that says of each step on the way."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from landiag.collect.exchanges.arp import ArpAnswers, parse_arp
from landiag.collect.exchanges.http import Attempt, End, Exchange
from landiag.collect.exchanges.icmp import Ping, parse_ping
from landiag.collect.exchanges.mtu import PathMtu, parse_path_mtu
from landiag.collect.exchanges.survey import HostPorts, Survey, parse_survey
from landiag.collect.exchanges.tcp import Connect, TcpOutcome
from landiag.collect.exchanges.trace import Trace, parse_trace
from landiag.journey.routing import RouteDecision
from landiag.model.addresses import parse_ip
from landiag.model.facts import Call, Interface, IPAddress, Unknown
from landiag.model.urls import bracketed
from landiag.probe import sources
from landiag.probe.case import Case
from landiag.probe.client import FIXED, MISSED, RESOLVED

_FULL_SIZE = 1500


class NeighbourState(str, Enum):
    """Whether the target is there on the local link."""

    ANSWERS = "answers"  # it answered just now
    KNOWN = "known"  # its MAC address is known, from now or from before
    SILENT = "silent"  # it did not answer ARP or ND
    NOT_ON_LINK = "not-on-link"
    UNKNOWN = "unknown"


class Look(Struct, frozen=True):
    """One target address (with its zone) of a case."""

    case: Case
    address: str

    @property
    def ip(self) -> IPAddress:
        """The address without its zone."""
        return parse_ip(self.address)

    @property
    def host_header(self) -> str:
        """The Host header that a browser would send."""
        request = self.case.request
        if request.host:
            return request.host
        name = request.name or bracketed(self.ip)
        usual = 443 if request.scheme == "https" else 80
        return name if request.port == usual else f"{name}:{request.port}"

    # -- what is asked of it

    def http_source(self, **more: str) -> Call:
        """The request that a browser would make; ``more`` varies it."""
        request = self.case.request
        scheme = more.pop("scheme", request.scheme)
        path = more.pop("path", request.path)
        host = more.pop("host", self.host_header)
        if request.name:
            more["sni"] = request.name
        return sources.http(self.address, request.port, scheme, path, host, self.case.place, **more)

    def second_source(self) -> Call:
        """The same once more, with the time that a neighbour or a router needs to be found absent."""
        return self.http_source(connect=sources.SECOND_WAIT[self.on_link])

    def _host_of(self, port: int) -> str:
        return self.host_header.removesuffix(f":{self.case.request.port}") + f":{port}"

    def ping_source(self) -> Call:
        """Echo requests to it."""
        return sources.ping(self.address, self.case.place)

    def control_source(self) -> Call:
        """Ports that show whether it answers anything."""
        return sources.survey((self.address,), sources.CONTROL_PORTS, 16, 0.9, self.case.place)

    def mtu_source(self) -> Call:
        """The sizes that come back from it."""
        return sources.path_mtu(self.address, self._mtu(), self.case.place)

    def trace_source(self) -> Call:
        """How far a SYN gets on the way to it."""
        return sources.trace(self.address, self.case.request.port, self.case.place)

    def syn_source(self) -> Call:
        """A SYN of our own to it."""
        return sources.syn(self.address, self.case.request.port, self.case.place)

    def arp_source(self) -> Call | None:
        """Who claims its address, which only root may ask; None for IPv6."""
        return sources.arp_owners(self.address, self.case.place) if self.ip.version == 4 else None

    def _mtu(self) -> int:
        interface = self.interface
        return min(interface.mtu or _FULL_SIZE, 9000) if interface else _FULL_SIZE

    # -- what is known of the way to it

    @property
    def route(self) -> RouteDecision | Unknown:
        """The way to it, from this machine's tables."""
        return self.case.route(self.ip)

    @property
    def interface(self) -> Interface | None:
        """The interface by which packets to it leave; None where that is not known."""
        if self.case.request.interface:
            return self.case.interface(self.case.request.interface)
        route = self.route
        return self.case.interface(route.device) if isinstance(route, RouteDecision) else None

    @property
    def on_link(self) -> bool:
        """Whether it is asked for directly, without a router."""
        return self.case.on_link(self.ip)

    @property
    def gateway(self) -> IPAddress | None:
        """The router on the way to it; None when there is none."""
        route = self.route
        return route.gateway if isinstance(route, RouteDecision) else None

    # -- what came

    @property
    def exchange(self) -> Exchange | None:
        """The exchange that the verdict speaks of: the first, or the second where the first found nobody."""
        key = f"exchange {self.address} {self.case.request.port}"
        if key not in self.case.parsed:
            first = self.case.exchange(self.http_source())
            if first is None or first.best.connect.outcome is TcpOutcome.CONNECTED:
                self._remember(key, first)
                return first
            second = self.case.exchange(self.second_source())
            self._remember(key, second)
            return second or first
        return self.case.parsed[key]  # type: ignore[return-value]

    def _remember(self, key: str, value: Exchange | None) -> None:
        """Keep what cannot change any more: an exchange that connected, or the second one."""
        if value is not None:
            self.case.parsed[key] = value

    @property
    def attempt(self) -> Attempt | None:
        """The attempt of that exchange that got furthest."""
        return self.exchange.best if self.exchange else None

    @property
    def connect(self) -> Connect | None:
        """How the connection to the port ended."""
        return self.attempt.connect if self.attempt else None

    @property
    def connected(self) -> bool:
        """Whether the port accepted a connection."""
        return self.connect is not None and self.connect.outcome is TcpOutcome.CONNECTED

    @property
    def is_lost(self) -> bool:
        """Whether nothing came back from the target itself."""
        connect = self.connect
        if connect is None:
            return False
        if connect.outcome is TcpOutcome.REJECTED and connect.icmp is not None:
            return self.is_own(connect.icmp.sender)
        return connect.outcome in (TcpOutcome.NO_ANSWER, TcpOutcome.UNREACHABLE)

    @property
    def is_unfinished(self) -> bool:
        """Whether time ran out before the second connection, without which silence says little."""
        return self.is_lost and self.case.exchange(self.second_source()) is None

    def is_own(self, address: str | None) -> bool:
        """Whether an address is one of this machine's: then this machine itself sent the ICMP error."""
        return address is None or any(str(own.ip) == address for _, own in self.case.own_addresses)

    @property
    def ping(self) -> Ping | None:
        """The echo replies."""
        return self.case.known(self.ping_source(), parse_ping)

    @property
    def mtu(self) -> PathMtu | None:
        """The sizes that come back."""
        return self.case.known(self.mtu_source(), parse_path_mtu)

    @property
    def trace(self) -> Trace | None:
        """How far a SYN gets."""
        return self.case.known(self.trace_source(), parse_trace)

    @property
    def control(self) -> HostPorts | None:
        """What the control ports said."""
        survey = self.case.known(self.control_source(), parse_survey)
        return survey.hosts[0] if isinstance(survey, Survey) and survey.hosts else None

    @property
    def owners(self) -> tuple[str, ...]:
        """The MAC addresses that claimed it; empty where nobody could ask."""
        source = self.arp_source()
        answers = self.case.known(source, parse_arp) if source else None
        return answers.owners[0].macs if isinstance(answers, ArpAnswers) and answers.owners else ()

    @property
    def mac(self) -> str | None:
        """Its MAC address, as the neighbour table has it."""
        entry = self.case.neighbour(self.ip)
        return entry.mac if entry and set(entry.states) & set(RESOLVED) else None

    @property
    def answers_something(self) -> bool:
        """Whether anything came from the target itself: echo, RST, SYN-ACK or ICMP."""
        if self.ping is not None and (
            self.ping.rtts or any(e.sender == str(self.ip) for e in self.ping.errors)
        ):
            return True
        connect = self.connect
        if connect is not None and not self.is_lost and connect.outcome is not TcpOutcome.FAILED:
            return connect.icmp is None or connect.icmp.sender == str(self.ip)
        return self.control is not None and self.control.seconds is not None

    @property
    def neighbour_state(self) -> NeighbourState:
        """Whether it is there on the local link, from all that was seen."""
        if isinstance(self.route, Unknown):
            return NeighbourState.UNKNOWN
        if not self.on_link:
            return NeighbourState.NOT_ON_LINK
        if self.owners or self.answers_something:
            return NeighbourState.ANSWERS
        source = self.arp_source()
        asked = self.case.known(source, parse_arp) if source else None
        if asked is not None and asked.error is None:
            return NeighbourState.SILENT
        return self._state_in_table()

    @property
    def resolution(self) -> str:
        """How the target's hardware address is asked for."""
        return "neighbour discovery" if self.ip.version == 6 else "ARP"

    @property
    def is_unheard(self) -> bool:
        """Whether it answers ARP on the wire, while this machine's own kernel, which asked too, heard nothing."""
        entry = self.case.neighbour(self.ip)
        return bool(self.owners) and entry is not None and bool(set(entry.states) & set(MISSED))

    @property
    def is_misled(self) -> bool | None:
        """Whether a fixed entry here names another hardware address than it has; None where nobody could ask."""
        entry = self.case.neighbour(self.ip)
        if self.answers_something or entry is None or not set(entry.states) & set(FIXED):
            return False
        return entry.mac not in self.owners if self.owners else None

    def _state_in_table(self) -> NeighbourState:
        entry = self.case.neighbour(self.ip)
        if entry is None or not entry.states:
            return NeighbourState.SILENT if self.is_lost else NeighbourState.UNKNOWN
        if set(entry.states) & set(FIXED):
            return NeighbourState.UNKNOWN
        return NeighbourState.KNOWN if set(entry.states) & set(RESOLVED) else NeighbourState.SILENT

    @property
    def is_starved(self) -> bool:
        """Whether the server took the connection and then left us waiting."""
        return self.attempt is not None and self.attempt.end in (End.SILENT, End.STALLED)
