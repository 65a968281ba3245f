"""The closed sets of words in which a report speaks: its lines, its stages, its packets, its symptoms."""

from __future__ import annotations

from enum import Enum


class Word(str, Enum):
    """A word of the report that reads as itself in every text, whichever the version of Python."""

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, format_spec: str) -> str:
        return format(str(self.value), format_spec)


class CheckName(Word):
    """The lines of a report, in its order."""

    LISTENING = "listening"
    PORT = "port"
    ADDRESSES = "addresses"
    FIREWALL = "firewall"
    WAY_BACK = "way-back"
    APPLICATION = "application"
    PEER = "peer"


CHECK_NAMES = tuple(name.value for name in CheckName)
"""The lines of a report as words, for the command line."""


class StageName(Word):
    """The points that a conversation passes: those of the server's machine, then those that a client sees."""

    LINK = "link"
    ADDRESS = "address"
    INGRESS = "ingress"
    PREROUTING = "prerouting"
    NAT = "nat"
    ROUTE = "route"  # of both: how the packets go on
    INPUT = "input"
    FORWARD = "forward"
    SOCKET = "socket"
    ACCEPT_QUEUE = "accept-queue"
    REPLY_ROUTE = "reply-route"
    REPLY = "reply"
    APPLICATION = "application"
    NAME = "name"
    NEIGHBOUR = "neighbour"
    ICMP = "icmp"
    TCP = "tcp"
    TLS = "tls"
    HTTP = "http"
    MTU = "mtu"


class Leg(Word):
    """The packets of one conversation: the search for the hardware address, the handshake, the first data."""

    QUESTION = "question"  # ARP request or neighbour solicitation
    REPLY = "reply"
    SYN = "syn"
    SYN_ACK = "syn-ack"
    DATA = "data"
    ANSWER = "answer"


class Symptom(Word):
    """What a client program gets: ``client_sees.outcome`` of the report."""

    ANSWERED = "answered"
    REFUSED = "refused"  # at once: RST or ICMP port-unreachable
    UNREACHABLE = "unreachable"  # ICMP, or nobody has the address: "no route to host"
    TIMEOUT = "timeout"  # no answer to the SYN
    RESET = "reset"  # it opens, then is reset or closed without an answer
    SILENT = "silent"  # it opens, and nothing comes
    STALLED = "stalled"  # an answer begins and stops
    VARIES = "varies"  # some connections succeed
    UNRESOLVED = "unresolved"  # the name gives no address
    UNKNOWN = "unknown"
