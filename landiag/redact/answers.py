"""What servers answered, redacted: headers, and of a page what a browser does by it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from landiag.collect.exchanges.answerers import recognise_http
from landiag.collect.exchanges.message import header
from landiag.collect.exchanges.page import local_url, refresh_url, scripts_of
from landiag.collect.exchanges.refusals import refusing_words
from landiag.redact.redactor import Redactor
from landiag.redact.vocabulary import mask_prose

_SECRET_HEADERS = frozenset(("set-cookie", "cookie", "authorization", "proxy-authorization", "etag"))
_PLAIN_HEADERS = frozenset(
    ("server", "content-type", "content-length", "connection", "date", "x-powered-by", "location", "refresh")
)
_STANDARD = """
accept-ranges access-control-allow-credentials access-control-allow-headers access-control-allow-methods
access-control-allow-origin access-control-expose-headers access-control-max-age age allow alt-svc cache-control
clear-site-data content-disposition content-encoding content-language content-location content-range
content-security-policy content-security-policy-report-only cross-origin-embedder-policy cross-origin-opener-policy
cross-origin-resource-policy expires keep-alive last-modified link origin-agent-cluster permissions-policy pragma
proxy-authenticate referrer-policy retry-after server-timing strict-transport-security timing-allow-origin trailer
transfer-encoding upgrade vary via warning www-authenticate x-content-type-options x-frame-options x-request-id
x-xss-protection
"""
_KEPT_NAMES = _SECRET_HEADERS | _PLAIN_HEADERS | frozenset(_STANDARD.split())
"""Names of headers that say nothing of whose server it is; others may be named after a company or a person."""


class WithheldError(ValueError):
    """A value cannot be masked with certainty."""


def redact_answer(redactor: Redactor, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Redact what a server answered. What it is recognised by must stay, or nothing can be said of it."""
    headers = [(str(name), str(value)) for name, value in answer.get("headers", ())]
    body = answer.get("body") or {}
    text = body.get("text")
    new_headers = [[_name(name), _header(redactor, name, value)] for name, value in headers]
    new_text = (
        ""
        if text is None
        else _loads(redactor, text, header(tuple(headers), "content-type"))
        + refusing_words(text)
        + mask_prose(text)
    )
    known = recognise_http(headers, text or "")
    if known != recognise_http([(name, value) for name, value in new_headers], new_text):
        raise WithheldError
    reason = _reason(answer.get("status"), str(answer.get("reason", "")))
    return {
        **answer,
        "reason": reason,
        "version": _version(str(answer.get("version", ""))),
        "headers": new_headers,
        "body": {**body, "text": new_text, "base64": None},
    }


def _loads(redactor: Redactor, text: str, content_type: str | None) -> str:
    """What the page makes a browser do, with its addresses redacted: its scripts were asked for by these paths."""
    following, local = refresh_url(text, None), local_url(text, content_type)
    tags = (
        *(f'<script src="{redactor.line(script)}"></script>' for script in scripts_of(text)),
        ""
        if following is None
        else f'<meta http-equiv="refresh" content="0; url={redactor.line(following)}">',
        "" if local is None else f'<link href="{local}">',
    )
    return "".join(tags)


def _reason(status: Any, reason: str) -> str:
    """Keep the words that belong to a status (RFC 9110, 15), and blot out any others."""
    usual = {known.value: known.phrase for known in HTTPStatus}
    return reason if reason.lower() == usual.get(status, "").lower() else mask_prose(reason)


def _version(version: str) -> str:
    """Keep a version of HTTP, and blot out what else a server wrote there."""
    return version if re.fullmatch(r"[\d.]*", version) else mask_prose(version)


def _name(name: str) -> str:
    return name if name.lower() in _KEPT_NAMES else mask_prose(name)


def _header(redactor: Redactor, name: str, value: str) -> str:
    low = name.lower()
    if low in _SECRET_HEADERS:
        return "***"
    if low in _PLAIN_HEADERS:
        return redactor.line(value)
    return mask_prose(value)
