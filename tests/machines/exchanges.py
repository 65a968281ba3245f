"""Answers to the exchanges that a diagnosis asks for: what a client on the machine itself would see."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qs

from msgspec import Struct, field

from landiag.model.facts import Call, Reading, ReadStatus, Source

PAGE = "<title>Notes</title><p>hello</p>"


class Synthetic(Struct):
    """A host that answers from texts by source name, and makes up exchanges.

    ``http`` is the status of every page, or ``refused`` or ``silent``; ``server`` its header. ``bind`` is the error
    of the bind test, None for a free port. ``reachable`` are addresses that accept connections; ``others``
    is what becomes of the rest. ``details`` is what sources say on their
    standard error. ``silent``: pings get no answer. ``error`` is that of every
    attempt to connect.
    """

    texts: Mapping[str, str | bytes]
    denied: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)
    http: int | str = 200
    server: str = "Werkzeug/3.1.3 Python/3.12.10"
    bind: str | None = None
    reachable: frozenset[str] = frozenset()
    others: str = "no-answer"
    silent: bool = False
    error: str | None = None

    def read(self, source: Source) -> Reading:
        """Read one source; see ``Host.read``."""
        argv = getattr(source, "argv", None)
        if source.name in self.texts:
            text = self.texts[source.name]
            data = text if isinstance(text, bytes) else text.encode()
            return Reading(source.name, ReadStatus.OK, data, argv, detail=self.details.get(source.name, ""))
        if source.name in self.denied:
            return Reading(source.name, ReadStatus.DENIED, argv=argv, detail=self.denied[source.name])
        if isinstance(source, Call):
            made = self._exchange(source.kind, dict(source.params))
            if made is not None:
                return Reading(source.name, ReadStatus.OK, json.dumps(made).encode())
        return Reading(source.name, ReadStatus.MISSING, argv=argv, detail="it is not there")

    def _exchange(self, kind: str, params: Mapping[str, str]) -> object:
        if kind == "http":
            return self._http(params)
        if kind == "bind":
            error = self.bind
            return {
                "address": params["address"],
                "port": int(params["port"]),
                "free": error is None,
                "error": error,
            }
        if kind == "ping":
            return {"address": params["address"], "method": "raw", "sent": 1,
                    "rtts": [] if self.silent else [0.002], "errors": [],
                    "error": None, "size": 56}  # fmt: skip
        if kind == "connect":
            outcome = "connected" if params["address"] in self.reachable else self.others
            connect = {"outcome": outcome, "seconds": 0.001, "error": self.error, "icmp": None, "local": None}
            ports = [int(port) for port in params["ports"].split(",")]
            return {
                "results": [{"address": params["address"], "port": one, "connect": connect} for one in ports]
            }
        return None

    def _http(self, params: Mapping[str, str]) -> object:
        refused = self.http == "refused"
        connect = {"outcome": "refused" if refused else "connected", "seconds": 0.001, "error": None, "icmp": None,
                   "local": None if refused else params["address"]}  # fmt: skip
        path = params.get("path", "/")
        status = 404 if "__debugger__" in parse_qs(path.partition("?")[2]) else self.http
        answer = None
        if isinstance(status, int):
            body = PAGE if status == 200 else ""
            headers = [["Server", self.server], ["Content-Type", "text/html; charset=utf-8"],
                       ["Content-Length", str(len(body))], ["Connection", "close"]]  # fmt: skip
            answer = {"status": status, "reason": "OK" if status == 200 else "No", "version": "1.1",
            "headers": headers,
                      "body": {"text": body, "base64": None}, "body_bytes": len(body)}  # fmt: skip
        end = "complete" if answer else "not-connected" if refused else "silent"
        attempt = {"scheme": "http", "connect": connect, "end": end, "tls": None, "answer": answer,
                   "first": {"text": "", "base64": None}, "first_byte_seconds": 0.002 if answer else None,
                   "seconds": 0.003}  # fmt: skip
        return {"address": params["address"], "port": int(params["port"]), "host": params.get("host", ""),
                "path": path, "scheme": params.get("scheme", "auto"), "attempts": [attempt]}  # fmt: skip
