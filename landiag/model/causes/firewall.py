"""Causes in what filters packets on this machine."""

from __future__ import annotations

from landiag.model.causes.application import SERVER_SILENT
from landiag.model.causes.cause import HOOKS, Cause, Plain
from landiag.model.causes.clients import (
    CONNECTION_FILTERED,
    CONNECTION_REFUSED,
    CONNECTION_REJECTED,
    CONNECTION_RESET,
    PATH_MTU,
    PEER_DOWN,
)
from landiag.model.report import Outcome
from landiag.model.terms import CheckName, StageName, Symptom

_FILTERS = (
    *(StageName.INPUT, StageName.FORWARD, StageName.INGRESS, StageName.PREROUTING, StageName.REPLY),
    StageName.LINK,  # where what clients find this machine by is dropped (ARP, ND)
)

FIREWALL_DROPS = Cause(
    code="firewall-drops",
    check=CheckName.FIREWALL,
    stages=_FILTERS,
    symptoms=(Symptom.TIMEOUT, Symptom.UNREACHABLE, Symptom.SILENT, Symptom.STALLED),
    met=(CONNECTION_FILTERED, SERVER_SILENT, PEER_DOWN, PATH_MTU),
    drop_reasons=("NETFILTER",),
    phone=Plain(
        "The computer's firewall drops what comes for port {port}",
        "Open port {port} for this network there: the computer's screen shows how.",
    ),
)
FIREWALL_REJECTS = Cause(
    code="firewall-rejects",
    check=CheckName.FIREWALL,
    stages=_FILTERS,
    symptoms=(Symptom.REFUSED, Symptom.UNREACHABLE, Symptom.RESET),
    met=(CONNECTION_REFUSED, CONNECTION_REJECTED, CONNECTION_RESET),
    phone=Plain(
        "The computer's firewall refuses port {port}",
        "Open port {port} for this network there: the computer's screen shows how.",
    ),
)
FIREWALL_DROPS_REPLIES = Cause(
    code="firewall-drops-replies",
    check=CheckName.FIREWALL,
    stages=(StageName.REPLY,),
    symptoms=(Symptom.TIMEOUT, Symptom.SILENT, Symptom.STALLED),
    met=(CONNECTION_FILTERED, SERVER_SILENT, PATH_MTU),
    phone=Plain(
        "The computer's firewall keeps the server's answers back",
        "The computer's screen shows the rule.",
    ),
)
FIREWALL_BLOCKS_PROGRAM = Cause(
    code="firewall-blocks-program",
    check=CheckName.FIREWALL,
    stages=(StageName.INPUT,),
    symptoms=(Symptom.TIMEOUT, Symptom.SILENT),
    met=(CONNECTION_FILTERED, SERVER_SILENT),
    phone=Plain(
        "The computer's firewall blocks the server's program",
        "Allow that program there: the computer's screen shows how.",
    ),
)
FIREWALL_PROFILE = Cause(
    code="firewall-profile",
    check=CheckName.FIREWALL,
    stages=(StageName.INPUT,),
    symptoms=(Symptom.TIMEOUT,),
    met=(CONNECTION_FILTERED,),
    phone=Plain(
        "The computer's firewall lets port {port} in on private networks only, and this one counts as public",
        "Make this network a private one: the computer's screen shows how.",
    ),
)
RATE_LIMITED = Cause(
    code="rate-limited",
    check=CheckName.FIREWALL,
    stages=_FILTERS,
    symptoms=(Symptom.VARIES,),
    met=(CONNECTION_FILTERED, SERVER_SILENT),
    phone=Plain("The computer's firewall lets only few connections in", "Wait a minute and try again."),
)
FIREWALL_UNREADABLE = Cause(
    code="firewall-unreadable",
    check=CheckName.FIREWALL,
    stages=_FILTERS,
    symptoms=(Symptom.TIMEOUT, Symptom.REFUSED, Symptom.UNREACHABLE, Symptom.SILENT),
    met=(CONNECTION_FILTERED, CONNECTION_REFUSED, CONNECTION_REJECTED, SERVER_SILENT),
    worst=Outcome.UNKNOWN,
)
WINDOWS_FIREWALL_NOT_ASKED = Cause(
    code="windows-firewall-not-asked",
    check=CheckName.FIREWALL,
    stages=(StageName.INPUT,),
    symptoms=(Symptom.TIMEOUT,),
    met=(CONNECTION_FILTERED,),
    worst=Outcome.WARNS,
)
OTHER_FIREWALL = Cause(
    code="other-firewall",
    check=CheckName.FIREWALL,
    stages=(StageName.INPUT, *(name for name in HOOKS if name is not StageName.INPUT)),
    symptoms=(Symptom.TIMEOUT, Symptom.REFUSED, Symptom.UNREACHABLE, Symptom.SILENT),
    met=(CONNECTION_FILTERED, SERVER_SILENT, PEER_DOWN),
    worst=Outcome.UNKNOWN,
    drop_reasons=("XDP", "TC_"),
)
SANDBOX_DENIES = Cause(
    code="sandbox-denies",
    check=CheckName.FIREWALL,
    stages=(StageName.SOCKET,),
    symptoms=(Symptom.TIMEOUT, Symptom.REFUSED, Symptom.UNREACHABLE, Symptom.SILENT),
    met=(CONNECTION_FILTERED, CONNECTION_REFUSED, CONNECTION_REJECTED, SERVER_SILENT),
    drop_reasons=("SOCKET_FILTER", "BPF_CGROUP", "SECURITY_HOOK"),
    phone=Plain(
        "The computer keeps the server's program away from the network",
        "A service's sandbox or SELinux does that: the computer's screen shows the setting.",
    ),
)
FIREWALL_BYPASSED = Cause(
    code="firewall-bypassed",
    check=CheckName.FIREWALL,
    stages=(),
    symptoms=(),
    worst=Outcome.WARNS,
)

FILTERS = (
    *(FIREWALL_DROPS, FIREWALL_REJECTS, FIREWALL_DROPS_REPLIES, FIREWALL_BLOCKS_PROGRAM, FIREWALL_PROFILE),
    *(RATE_LIMITED, FIREWALL_UNREADABLE, WINDOWS_FIREWALL_NOT_ASKED, OTHER_FIREWALL, SANDBOX_DENIES),
)
"""What stops packets on this machine."""

BYPASSED = (FIREWALL_BYPASSED,)
"""What stops nobody, and was perhaps meant to."""
