"""What systemd is asked: how it was built, its units, and what they have written (systemctl(1), journalctl(1))."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from landiag.collect.groups import units_of
from landiag.model.facts import Command, ParseError, Socket
from landiag.model.regex import regex

FEATURES = Command("systemd-features", ("systemctl", "show", "--property=Version,Features"))
"""How this systemd was built."""

BPF = "BPF_FRAMEWORK"
"""The feature of systemd without which RestrictNetworkInterfaces and SocketBindDeny have no effect."""

OF_PACKETS = (
    *("Id", "Triggers", "IPAddressAllow", "IPAddressDeny", "IPIngressFilterPath"),
    "RestrictNetworkInterfaces",
)
OF_SERVICES = (
    *("Id", "Type", "ActiveState", "SubState", "Result", "NRestarts", "MainPID", "PrivateNetwork"),
    *("Slice", "User"),
    *("NetworkNamespacePath", "JoinsNamespaceOf", "RestrictAddressFamilies"),
    *("SocketBindAllow", "SocketBindDeny"),
)
SERVICES = Command(
    "systemd-services", ("systemctl", "show", f"--property={','.join(OF_SERVICES)}", "*.service", "*.slice")
)
"""Every service that is loaded, and the slices above: why one may not listen, or listens where nobody reaches it."""

OF_USERS = (
    *("Id", "Type", "ActiveState", "SubState", "Result", "NRestarts", "MainPID", "PrivateNetwork"),
    *("NetworkNamespacePath", "JoinsNamespaceOf", "RestrictAddressFamilies"),
)
USERS_SERVICES = Command(
    "systemd-users-services",
    ("systemctl", "--user", "show", f"--property={','.join(OF_USERS)}", "*.service"),
)
"""The services of the user's own systemd; root has none where nobody has logged in as root."""

OF_SOCKETS = (
    *("Id", "ActiveState", "Result", "BindIPv6Only", "Listen", "Triggers"),
    *("PrivateNetwork", "NetworkNamespacePath"),
)
SOCKETS = Command("systemd-sockets", ("systemctl", "show", f"--property={','.join(OF_SOCKETS)}", "*.socket"))
"""Every socket that systemd itself listens on."""

OF_SYSTEMD = (FEATURES, SERVICES, SOCKETS)
"""What is asked of systemd itself, whichever unit it is about."""


def unit_source(units: Sequence[str]) -> Command:
    """Name the source of a unit, which comes last, and of the slices above it: what packets for its sockets meet.

    The root slice is above all of them.
    """
    return Command(
        f"unit {units[-1]}",
        ("systemctl", "show", f"--property={','.join(OF_PACKETS)}", "--", "-.slice", *units),
    )


def unit_sources(sockets: Iterable[Socket]) -> tuple[Command, ...]:
    """Name the sources of the units that hold these sockets."""
    chains = (units_of(socket.cgroup) for socket in sockets)
    return tuple({source.name: source for source in map(unit_source, filter(None, chains))}.values())


def journal_source(unit: str, whose: str = "") -> Command:
    """Name the source of the last lines that a service itself has written; ``whose`` is ``--user `` of a user's own."""
    field = "_SYSTEMD_USER_UNIT" if whose else "_SYSTEMD_UNIT"
    argv = ("journalctl", "--quiet", "--no-pager", "--output=cat", "--lines=40", f"{field}={unit}")
    return Command(f"journal {whose}{unit}", argv)


def parse_features(text: str) -> frozenset[str]:
    """Parse ``systemctl show`` of the manager: what this systemd was built with."""
    lines = dict(line.partition("=")[::2] for line in text.splitlines() if "=" in line)
    words = lines.get("Features", "").split()
    signs = [word for word in words if "=" not in word]
    if (
        not signs
        or not all(map(_FEATURE.fullmatch, signs))
        or not {"+BPF_FRAMEWORK", "-BPF_FRAMEWORK"} & set(signs)
    ):
        raise ParseError("not the features of systemd")
    return frozenset(word[1:] for word in signs if word.startswith("+"))


_FEATURE = regex(r"[+-]\w+")  # in capitals, or redacted
