"""Causes in this machine's addresses, and in how its answers go back."""

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

NO_LAN_ADDRESS = Cause(
    code="no-lan-address",
    check=CheckName.ADDRESSES,
    stages=(StageName.ADDRESS,),
    symptoms=(Symptom.UNREACHABLE, Symptom.TIMEOUT),
    met=(CONNECTION_FILTERED, PEER_DOWN),
    is_everywhere=True,
    phone=Plain(
        "The computer has no address in a local network",
        "Connect it to the same Wi-Fi or cable as this device.",
    ),
)
LINK_DOWN = Cause(
    code="link-down",
    check=CheckName.ADDRESSES,
    stages=(StageName.LINK,),
    symptoms=(Symptom.UNREACHABLE, Symptom.TIMEOUT),
    met=(CONNECTION_FILTERED, PEER_DOWN),
    is_everywhere=True,
    phone=Plain(
        "The computer's cable or Wi-Fi is not connected",
        "Connect it to the same Wi-Fi or cable as this device.",
    ),
)
DUPLICATE_ADDRESS = Cause(
    code="duplicate-address",
    check=CheckName.ADDRESSES,
    stages=(StageName.ADDRESS,),
    symptoms=(Symptom.VARIES, Symptom.REFUSED, Symptom.TIMEOUT, Symptom.RESET, Symptom.ANSWERED),
    met=(CONNECTION_REFUSED, CONNECTION_FILTERED, CONNECTION_RESET, OTHER_SERVER_ANSWERS),
    phone=Plain(
        "Two devices have the computer's address",
        "Give the computer another address: let the router assign one.",
    ),
)
WRONG_ADDRESS = Cause(
    code="wrong-address",
    check=CheckName.ADDRESSES,
    stages=(StageName.ADDRESS,),
    symptoms=(Symptom.UNREACHABLE, Symptom.TIMEOUT, Symptom.REFUSED),
    met=(PEER_DOWN, CONNECTION_FILTERED),
    phone=Plain(
        "That is not an address of the computer that this device can use",
        "Use the address on the computer's screen.",
    ),
)
SUBNET_OVERLAP = Cause(
    code="subnet-overlap",
    check=CheckName.ADDRESSES,
    stages=(StageName.REPLY_ROUTE,),
    symptoms=(Symptom.TIMEOUT, Symptom.UNREACHABLE),
    met=(CONNECTION_FILTERED, PEER_DOWN),
    phone=Plain(
        "A container network on the computer has the same addresses as this network",
        "Give the container network other addresses: the computer's screen shows how.",
    ),
)
REVERSE_PATH_FILTER = Cause(
    code="reverse-path-filter",
    check=CheckName.WAY_BACK,
    stages=(StageName.ROUTE,),
    symptoms=(Symptom.TIMEOUT, Symptom.UNREACHABLE),
    met=(CONNECTION_FILTERED, PEER_DOWN),
    drop_reasons=("IP_RPFILTER",),
    phone=Plain(
        "The computer drops this device's packets (rp_filter)",
        "The computer's screen shows how to change that.",
    ),
)
NO_ROUTE_TO_CLIENT = Cause(
    code="no-route-to-client",
    check=CheckName.WAY_BACK,
    stages=(StageName.REPLY_ROUTE,),
    symptoms=(Symptom.TIMEOUT, Symptom.UNREACHABLE),
    met=(CONNECTION_FILTERED, CONNECTION_REJECTED, PEER_DOWN),
    drop_reasons=("IP_OUTNOROUTES",),
    phone=Plain("The computer has no route to this device", "Put both into the same network."),
)
VPN_TAKES_REPLIES = Cause(
    code="vpn-takes-replies",
    check=CheckName.WAY_BACK,
    stages=(StageName.REPLY_ROUTE,),
    symptoms=(Symptom.TIMEOUT, Symptom.UNREACHABLE),
    met=(CONNECTION_FILTERED, PEER_DOWN),
    phone=Plain("A VPN on the computer takes the answers away", "Let it leave the local network alone."),
)
QUEUE_DROPS = Cause(
    code="queue-drops",
    check=CheckName.WAY_BACK,
    stages=(StageName.REPLY, StageName.LINK),
    symptoms=(Symptom.TIMEOUT, Symptom.UNREACHABLE, Symptom.VARIES),
    met=(CONNECTION_FILTERED, PEER_DOWN),
    drop_reasons=("QDISC_",),
    phone=Plain(
        "What the computer sends is lost in a queue of its own (traffic control)",
        "The computer's screen shows how to remove it.",
    ),
)
CONNTRACK_FULL = Cause(
    code="conntrack-full",
    check=CheckName.WAY_BACK,
    stages=(StageName.PREROUTING,),
    symptoms=(Symptom.TIMEOUT, Symptom.VARIES, Symptom.SILENT),
    met=(CONNECTION_FILTERED, SERVER_SILENT),
    is_everywhere=True,
    phone=Plain(
        "The computer's table of connections is full",
        "Wait a minute and try again; the computer's screen shows how to make it larger.",
    ),
)

ADDRESSES = (NO_LAN_ADDRESS, LINK_DOWN, DUPLICATE_ADDRESS, WRONG_ADDRESS, SUBNET_OVERLAP)
"""No address that clients can use."""

BACK = (REVERSE_PATH_FILTER, NO_ROUTE_TO_CLIENT, VPN_TAKES_REPLIES, QUEUE_DROPS, CONNTRACK_FULL)
"""The answers do not find back, or the connection finds no room."""
