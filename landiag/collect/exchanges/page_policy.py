"""Whether a page has browsers load its parts by https (the policy ``upgrade-insecure-requests``)."""

from __future__ import annotations

import re

from landiag.collect.exchanges.http import Answer
from landiag.collect.exchanges.page import scripts_of
from landiag.model.regex import regex

_WORD = "upgrade-insecure-requests"
_META = regex(
    r"""<meta\b(?=[^>]{0,300}http-equiv=["']?content-security-policy)[^>]{0,4000}>""", re.IGNORECASE
)
_STYLE = regex(r"""<link\b(?=[^>]{0,300}\bstylesheet)[^>]{0,300}?\bhref=["']?/(?!/)""", re.IGNORECASE)


def upgrades_its_parts(answer: Answer) -> bool:
    """Whether a page that was got by http loads scripts or styles of its own server, and would by https alone."""
    page = answer.body.text or ""
    policies = [value for name, value in answer.headers if name.lower() == "content-security-policy"]
    policies += [found[0] for found in _META.finditer(page)]
    if not any(_WORD in policy.lower() for policy in policies):
        return False
    return bool(scripts_of(page)) or _STYLE.search(page) is not None
