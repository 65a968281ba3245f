"""Rule strings of the registry that a damage made of two: what it took away between them may have decided."""

from __future__ import annotations

from functools import lru_cache

from landiag.model.regex import regex

_KEY = regex(r"\|([^=|]*)=")
_ONCE = frozenset(
    ("action", "active", "dir", "protocol", "app", "svc", "name", "desc", "embedctxt", "edge", "defer")
)
"""Keys that no rule has twice; addresses, ports and profiles repeat."""

_OTHERS = frozenset((
    "profile", "lport", "rport", "lport2_10", "lport2_20", "lport2_24", "rport2_10", "la4", "la6", "la42",
    "la62", "ra4", "ra6", "ra42", "ra62", "if", "iftype", "icmp4", "icmp6", "platform", "platform2", "skipver",
    "apppkgid", "pfn", "luown", "luauth", "luauth2_24", "ruauth", "rmauth", "security", "security2",
    "security2_9", "securityrealmid", "auth1set", "auth2set", "cryptoset", "crypto2set", "authbypassout", "lsm",
    "lom", "nnm", "pcross", "ttk", "ttk2_22", "ttk2_27", "ttk2_28",
))  # fmt: skip
_KNOWN = _ONCE | _OTHERS
"""The keys of MS-GPFAS 2.2.2.19 and of later versions."""

_SHORTEST = 3
"""So many letters of a key's end tell which key it was."""


def is_torn(text: str) -> bool:
    """Whether one string lost its end, a bar, or was made of two: a key comes twice, or is the ends of two keys."""
    if not text.rstrip().endswith("|"):
        return True
    keys = _KEY.findall(text.lower())
    once = [key for key in keys if key in _ONCE]
    return len(set(once)) != len(once) or any(_is_glued(key) for key in keys if key not in _KNOWN)


@lru_cache(maxsize=1024)
def _is_glued(key: str) -> bool:
    """Whether a key that nobody knows begins as one that is known, and ends as another: new ones do not."""
    parts = ((key[:at], key[at:]) for at in range(1, len(key) - _SHORTEST + 1))
    return any(
        any(one.startswith(first) for one in _KNOWN) and any(one.endswith(last) for one in _KNOWN)
        for first, last in parts
    )
