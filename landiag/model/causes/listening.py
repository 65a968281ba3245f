"""Causes at the socket and at the port: nothing takes the connection."""

from __future__ import annotations

from landiag.model.causes.application import SERVER_SILENT
from landiag.model.causes.cause import Cause, Plain
from landiag.model.causes.clients import (
    CONNECTION_FILTERED,
    CONNECTION_REFUSED,
    CONNECTION_REJECTED,
    CONNECTION_RESET,
    OTHER_SERVER_ANSWERS,
    PEER_DOWN,
)
from landiag.model.terms import CheckName, StageName, Symptom

NOTHING_LISTENING = Cause(
    code="nothing-listening",
    check=CheckName.LISTENING,
    stages=(StageName.SOCKET,),
    symptoms=(Symptom.REFUSED,),
    met=(CONNECTION_REFUSED,),
    is_everywhere=True,
    phone=Plain(
        "No server is running on port {port}",
        "Start the server on the computer, then try again.",
    ),
)
PORT_TAKEN = Cause(
    code="port-taken",
    check=CheckName.PORT,
    stages=(StageName.SOCKET,),
    symptoms=(Symptom.ANSWERED, Symptom.REFUSED, Symptom.VARIES),
    met=(OTHER_SERVER_ANSWERS,),
    is_useless=True,
    phone=Plain(
        "Another program holds port {port}",
        "End it, or let your server use another port: the computer's screen names it.",
    ),
)
PORT_RESERVED = Cause(
    code="port-reserved",
    check=CheckName.PORT,
    stages=(StageName.SOCKET,),
    symptoms=(Symptom.REFUSED,),
    met=(CONNECTION_REFUSED,),
    is_everywhere=True,
    phone=Plain(
        "The computer keeps port {port} for itself, so no server can use it",
        "Let the server use another port, such as 8000.",
    ),
)
PORT_PRIVILEGED = Cause(
    code="port-privileged",
    check=CheckName.PORT,
    stages=(StageName.SOCKET,),
    symptoms=(Symptom.REFUSED,),
    met=(CONNECTION_REFUSED,),
    is_everywhere=True,
    phone=Plain(
        "The server may not use port {port}: it is a low one",
        "Let the server use a higher port, such as 8000.",
    ),
)
BOUND_TO_LOOPBACK = Cause(
    code="bound-to-loopback",
    check=CheckName.LISTENING,
    stages=(StageName.SOCKET,),
    symptoms=(Symptom.REFUSED, Symptom.RESET),
    met=(CONNECTION_REFUSED, CONNECTION_RESET),
    phone=Plain(
        "The server listens for the computer itself only",
        "Start it so that it listens on all addresses (0.0.0.0): the computer's screen shows how.",
    ),
)
BOUND_TO_OTHER_ADDRESS = Cause(
    code="bound-to-other-address",
    check=CheckName.LISTENING,
    stages=(StageName.SOCKET,),
    symptoms=(Symptom.REFUSED,),
    met=(CONNECTION_REFUSED,),
    phone=Plain(
        "The server listens on another address of the computer",
        "Start it so that it listens on all addresses (0.0.0.0).",
    ),
)
BOUND_TO_IPV6_ONLY = Cause(
    code="bound-to-ipv6-only",
    check=CheckName.LISTENING,
    stages=(StageName.SOCKET,),
    symptoms=(Symptom.REFUSED,),
    met=(CONNECTION_REFUSED,),
    phone=Plain("The server speaks IPv6 only", "Start it so that it listens on 0.0.0.0 too."),
)
BOUND_TO_IPV4_ONLY = Cause(
    code="bound-to-ipv4-only",
    check=CheckName.LISTENING,
    stages=(StageName.SOCKET,),
    symptoms=(Symptom.REFUSED,),
    met=(CONNECTION_REFUSED,),
    phone=Plain("The server speaks IPv4 only", "Use the address with dots."),
)
BOUND_TO_DEVICE = Cause(
    code="bound-to-device",
    check=CheckName.LISTENING,
    stages=(StageName.SOCKET,),
    symptoms=(Symptom.REFUSED,),
    met=(CONNECTION_REFUSED,),
    phone=Plain(
        "The server listens on another network of the computer",
        "Start it without tying it to one interface.",
    ),
)
LISTENING_IN_NAMESPACE = Cause(
    code="listening-in-namespace",
    check=CheckName.LISTENING,
    stages=(StageName.SOCKET,),
    symptoms=(Symptom.REFUSED,),
    met=(CONNECTION_REFUSED,),
    phone=Plain("The server runs in a container that publishes no port", "Publish port {port}."),
)
PUBLISHED_ON_LOOPBACK = Cause(
    code="published-on-loopback",
    check=CheckName.LISTENING,
    stages=(StageName.SOCKET,),
    symptoms=(Symptom.REFUSED,),
    met=(CONNECTION_REFUSED,),
    phone=Plain(
        "The container's port is published for the computer itself only",
        "Publish it without 127.0.0.1.",
    ),
)
PORT_REDIRECTED = Cause(
    code="port-redirected",
    check=CheckName.LISTENING,
    stages=(StageName.NAT,),
    symptoms=(Symptom.REFUSED, Symptom.TIMEOUT, Symptom.UNREACHABLE, Symptom.RESET),
    met=(CONNECTION_REFUSED, CONNECTION_FILTERED, CONNECTION_REJECTED, CONNECTION_RESET, PEER_DOWN),
    phone=Plain(
        "The computer sends port {port} to a place where nothing answers",
        "The computer's screen shows the rule.",
    ),
)
PORT_NOT_FORWARDED = Cause(
    code="port-not-forwarded",
    check=CheckName.LISTENING,
    stages=(StageName.SOCKET,),
    symptoms=(Symptom.REFUSED, Symptom.TIMEOUT),
    met=(CONNECTION_REFUSED, CONNECTION_FILTERED),
    phone=Plain(
        "The server runs in a machine inside the computer, and nothing passes port {port} on to it",
        "The computer's screen shows how to pass it on.",
    ),
)
ACCEPT_QUEUE_FULL = Cause(
    code="accept-queue-full",
    check=CheckName.LISTENING,
    stages=(StageName.ACCEPT_QUEUE,),
    symptoms=(Symptom.TIMEOUT, Symptom.SILENT, Symptom.REFUSED, Symptom.RESET),
    met=(CONNECTION_FILTERED, CONNECTION_REFUSED, SERVER_SILENT),
    drop_reasons=("TCP_LISTEN_OVERFLOW",),
    phone=Plain("The server does not take new connections", "It hangs or is stopped: start it again."),
)

BOUND = (
    *(NOTHING_LISTENING, PORT_TAKEN, PORT_RESERVED, PORT_PRIVILEGED, BOUND_TO_LOOPBACK),
    *(BOUND_TO_OTHER_ADDRESS, BOUND_TO_IPV6_ONLY, BOUND_TO_IPV4_ONLY, BOUND_TO_DEVICE),
    *(LISTENING_IN_NAMESPACE, PUBLISHED_ON_LOOPBACK),
)
"""The socket does not take the connection."""

LED = (PORT_REDIRECTED, PORT_NOT_FORWARDED)
"""The port leads elsewhere."""
