"""Whether the kernel tracks connections at all: only where a rule of the family asks it to (nf_ct_netns_get)."""

from __future__ import annotations

from landiag.model.regex import regex
from landiag.model.ruleset import Ruleset

_ASKS = regex(
    r"(?:^|\s)ct \w|(?:^|\s)(?:dnat|snat|masquerade|redirect|synproxy|notrack)\b"
    r"|-m (?:conntrack|state|connmark|connlimit|connbytes|connlabel|helper|cluster)\b"
    r"|-[jg] (?:CT|NOTRACK|CONNMARK|CONNSECMARK|DNAT|SNAT|MASQUERADE|REDIRECT|NETMAP|SYNPROXY)\b"
    r'|xt (?:match|target) "(?:conn|state|CT|CONN|DNAT|SNAT|MASQ|REDIR|NETMAP)'
)
_COMMENT = regex(r'(?:--comment|--log-prefix|--nflog-prefix|prefix) (?:"(?:[^"\\]|\\.)*"|\S+)')


def is_tracked(ruleset: Ruleset, family: str) -> bool:
    """Whether packets of a family (``ip``, ``ip6``) are tracked; nat chains see nothing where they are not."""
    known = ruleset.notes.get(("tracked", family))
    if known is None:
        known = ruleset.notes["tracked", family] = any(
            _ASKS.search(_COMMENT.sub("", rule.text))
            for chain in sorted(ruleset.chains(), key=lambda one: one.hook is None or one.hook.kind != "nat")
            if chain.family in (family, "inet")
            for rule in chain.rules
        )
    return bool(known)
