"""Causes that a client finds (``probe``), or somebody who watches: what came back, from whom."""

from __future__ import annotations

from landiag.model.causes.cause import Cause
from landiag.model.report import Outcome
from landiag.model.terms import CheckName, StageName, Symptom

PEER_DOWN = Cause(
    code="peer-down",
    check=CheckName.PEER,
    stages=(StageName.NEIGHBOUR,),
    symptoms=(Symptom.UNREACHABLE, Symptom.TIMEOUT),
    drop_reasons=("NEIGH_",),
    between="the two do not hear each other: another network, Wi-Fi that keeps its clients apart, a VLAN",
)
PEER_IN_OTHER_NETWORK = Cause(
    code="peer-in-other-network",
    check=CheckName.PEER,
    stages=(StageName.NEIGHBOUR,),
    symptoms=(Symptom.UNREACHABLE, Symptom.TIMEOUT),
    is_clients_own=True,
)
PEER_ISOLATED = Cause(
    code="peer-isolated",
    check=CheckName.PEER,
    stages=(StageName.NEIGHBOUR,),
    symptoms=(Symptom.UNREACHABLE, Symptom.TIMEOUT),
)
PEER_BLOCKS_ICMP = Cause(
    code="peer-blocks-icmp",
    check=CheckName.PEER,
    stages=(StageName.ICMP,),
    symptoms=(),
    worst=Outcome.WARNS,
)
NAME_DOES_NOT_RESOLVE = Cause(
    code="name-does-not-resolve",
    check=CheckName.ADDRESSES,
    stages=(StageName.NAME,),
    symptoms=(Symptom.UNRESOLVED,),
    is_clients_own=True,
)
NAME_RESOLVES_ELSEWHERE = Cause(
    code="name-resolves-elsewhere",
    check=CheckName.ADDRESSES,
    stages=(StageName.NAME,),
    symptoms=(Symptom.TIMEOUT, Symptom.UNREACHABLE, Symptom.REFUSED, Symptom.ANSWERED),
    is_clients_own=True,
)
NO_ROUTE_TO_SERVER = Cause(
    code="no-route-to-server",
    check=CheckName.ADDRESSES,
    stages=(StageName.ROUTE,),
    symptoms=(Symptom.UNREACHABLE, Symptom.TIMEOUT),
    is_clients_own=True,
)
CONNECTION_REFUSED = Cause(
    code="connection-refused",
    check=CheckName.LISTENING,
    stages=(StageName.TCP,),
    symptoms=(Symptom.REFUSED,),
    between="another machine answers in its place, or the server was stopped or started in between",
)
CONNECTION_FILTERED = Cause(
    code="connection-filtered",
    check=CheckName.FIREWALL,
    stages=(StageName.TCP,),
    symptoms=(Symptom.TIMEOUT,),
    between="something between the two drops its packets (a router, an access point, a firewall)",
)
CONNECTION_RESET = Cause(
    code="connection-reset",
    check=CheckName.APPLICATION,
    stages=(StageName.HTTP,),
    symptoms=(Symptom.RESET,),
    between="something between the two cuts the connection (a router, a proxy, a firewall)",
)
CONNECTION_REJECTED = Cause(
    code="connection-rejected",
    check=CheckName.FIREWALL,
    stages=(StageName.TCP,),
    symptoms=(Symptom.UNREACHABLE, Symptom.REFUSED),
    between="something between the two turns its packets away (a router, an access point, a firewall)",
)
PATH_MTU = Cause(
    code="path-mtu",
    check=CheckName.WAY_BACK,
    stages=(StageName.MTU,),
    symptoms=(Symptom.STALLED, Symptom.SILENT),
    between="large packets get lost between the two: a tunnel or a router with a smaller MTU",
)
OTHER_SERVER_ANSWERS = Cause(
    code="other-server-answers",
    check=CheckName.APPLICATION,
    stages=(StageName.HTTP,),
    symptoms=(Symptom.ANSWERED,),
    is_useless=True,
)
NOTHING_ARRIVED = Cause(
    code="nothing-arrived",
    check=CheckName.PEER,
    stages=(StageName.NEIGHBOUR,),
    symptoms=(Symptom.TIMEOUT, Symptom.UNREACHABLE),
    worst=Outcome.UNKNOWN,
)
PROXY_IN_THE_WAY = Cause(
    code="proxy-in-the-way",
    check=CheckName.FIREWALL,
    stages=(StageName.HTTP,),
    symptoms=(Symptom.ANSWERED, Symptom.REFUSED, Symptom.TIMEOUT, Symptom.RESET),
    is_clients_own=True,
)
LOCAL_NETWORK_PRIVACY = Cause(
    code="local-network-privacy",
    check=CheckName.FIREWALL,
    stages=(StageName.TCP,),
    symptoms=(Symptom.UNREACHABLE,),
    is_clients_own=True,
)
ANDROID_LOCAL_NETWORK = Cause(
    code="android-local-network",
    check=CheckName.FIREWALL,
    stages=(StageName.TCP,),
    symptoms=(Symptom.TIMEOUT,),
    worst=Outcome.WARNS,
    is_clients_own=True,
)
BROWSER_LOCAL_NETWORK = Cause(
    code="browser-local-network",
    check=CheckName.APPLICATION,
    stages=(StageName.HTTP,),
    symptoms=(Symptom.UNREACHABLE,),
    worst=Outcome.WARNS,
    is_clients_own=True,
)

PEERS = (PEER_DOWN, PEER_IN_OTHER_NETWORK, PEER_ISOLATED, PEER_BLOCKS_ICMP)
"""Whether the other machine is there."""

PROBED = (
    *(NAME_DOES_NOT_RESOLVE, NAME_RESOLVES_ELSEWHERE, NO_ROUTE_TO_SERVER),
    *(CONNECTION_REFUSED, CONNECTION_FILTERED, CONNECTION_RESET, CONNECTION_REJECTED, PATH_MTU),
    *(OTHER_SERVER_ANSWERS, NOTHING_ARRIVED, PROXY_IN_THE_WAY, LOCAL_NETWORK_PRIVACY),
    *(ANDROID_LOCAL_NETWORK, BROWSER_LOCAL_NETWORK),
)
"""What stands between a client and the server."""
