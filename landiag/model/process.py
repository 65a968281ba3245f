"""Who runs on a host, and in which network namespaces."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from msgspec import Struct, field

from landiag.model.facts import Interface, Socket, Unknown
from landiag.model.route import PolicyRule, Route
from landiag.model.ruleset import Ruleset


class Process(Struct, frozen=True):
    """A process that owns a socket. Fields are None or empty where this user may not see them.

    ``argv`` has secrets masked already. ``started`` is seconds since the epoch. ``state`` is psutil's word
    (``running``, ``sleeping``, ``stopped``, ``tracing-stop``...). ``services`` are those of Windows that run
    in it, by their short names; None where nobody could tell. ``uid`` is the real user id, on POSIX systems.
    """

    pid: int
    name: str
    argv: tuple[str, ...] = ()
    exe: str | None = None
    user: str | None = None
    cwd: str | None = None
    started: float | None = None
    state: str | None = None
    parent: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    namespace: str | None = None
    services: tuple[str, ...] | None = None
    uid: int | None = None


class Service(Struct, frozen=True):
    """A service of systemd's that a program runs in: the machine's, or (``is_users``) one of a user's own systemd."""

    name: str
    is_users: bool = False

    def typed(self, order: str) -> str:
        """The line that gives its systemd an order, such as ``restart``."""
        who = "systemctl --user" if self.is_users else "systemctl"
        return f"{who} {order} {shlex.quote(self.name)}"


class Namespace(Struct, frozen=True):
    """Another network namespace of this machine: a container, a sandboxed service, a virtual host.

    ``sockets``, ``interfaces``, ``routes``, ``policy_rules`` and ``sysctls`` are those inside. ``pid`` is one process
    that lives in it. ``ruleset`` are its own rules, None where nobody asked for them.
    """

    name: str
    pid: int
    title: str
    sockets: tuple[Socket, ...] | Unknown
    interfaces: tuple[Interface, ...] | Unknown
    routes: tuple[Route, ...] | Unknown = Unknown("not read", "ip route")
    policy_rules: tuple[PolicyRule, ...] | Unknown = Unknown("not read", "ip rule")
    sysctls: Mapping[str, str] = field(default_factory=dict)
    ruleset: Ruleset | None = None
