"""How this machine's systemd was built (systemctl(1)): some settings of units have no effect without a feature."""

from __future__ import annotations

from landiag.model.facts import Command, ParseError
from landiag.model.regex import regex

FEATURES = Command("systemd-features", ("systemctl", "show", "--property=Version,Features"))
"""How this systemd was built."""

BPF = "BPF_FRAMEWORK"
"""The feature of systemd without which RestrictNetworkInterfaces and SocketBindDeny have no effect."""


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
