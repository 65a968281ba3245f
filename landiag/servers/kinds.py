"""The kinds of servers that landiag knows, as knowledge/servers.toml lists them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct

from landiag.knowledge.tables import read_tables
from landiag.model.regex import regex


class ServerKind(Struct, frozen=True):
    """One table of servers.toml; what each field means stands at the head of that file."""

    key: str
    title: str
    programs: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    runtimes: tuple[str, ...] = ()
    library: str = ""
    speaks: str = "http"
    tls: tuple[str, ...] = ()
    development: bool = False
    forwarder: bool = False
    host: str = ""
    port: int | None = None
    environment: tuple[str, ...] = ()
    how: str = "steps"
    options: tuple[str, ...] = ()
    listen: tuple[str, ...] = ()
    style: str = "equals"
    insert: str = "last"
    after: str = ""
    value_optional: bool = False
    adds: bool = True
    form: str = ""
    variable: str = ""
    files: tuple[str, ...] = ()
    pattern: str = ""
    folder_option: str = ""
    wide: str = ""
    calls: tuple[str, ...] = ()
    ipv4_calls: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    application_first: bool = False
    instead: tuple[str, ...] = ()
    service: str = ""
    stop_signal: str = "TERM"
    steps: tuple[str, ...] = ()
    debug: tuple[str, ...] = ()
    debug_advice: str = ""
    debugger_on: tuple[str, ...] = ()
    debugger_off: tuple[str, ...] = ()
    debugger_variables: Mapping[str, str] = {}
    plain_words: Mapping[str, str] = {}
    plain_options: tuple[str, ...] = ()
    debugger_pattern: str = ""
    host_check: str = ""
    host_list: str = ""
    origin_check: str = ""
    origin_options: tuple[str, ...] = ()
    own_is_local: str = ""
    lets_in: str = ""
    production: str = ""
    serves: str = ""


def kind_named(key: str) -> ServerKind:
    """The kind of that name in servers.toml."""
    return next(kind for kind in server_kinds() if kind.key == key)


def program_kind(name: str) -> ServerKind:
    """A program that stands in no table: all that is known of it is its command line."""
    return ServerKind(key="program", title=name, host="*", how="named")


DEVELOPMENT = regex(r"'s? development server(?: \(app\.run\))?$")
"""What a title says beside the name that people know a server by."""


@lru_cache(maxsize=1)
def server_kinds() -> tuple[ServerKind, ...]:
    """All servers that landiag knows, in the order in which they are tried."""
    known = set(ServerKind.__struct_fields__)
    kinds = []
    for key, table in read_tables("servers.toml").items():
        if unknown := set(table) - known:
            raise ValueError(f"servers.toml: {key}: unknown fields {sorted(unknown)}")
        values: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in table.items()}
        kinds.append(ServerKind(key=key, **values))
    return tuple(kinds)


_READ_OF_ALL = frozenset(("PORT", "VIRTUAL_ENV", "WERKZEUG_RUN_MAIN"))
"""Variables that are looked at whatever the server is: its port, its interpreter, its reloader."""


@lru_cache(maxsize=1)
def kept_variables() -> frozenset[str]:
    """The only environment variables that are read from a process: they say how a server was started."""
    named = {name for kind in server_kinds() for name in (*kind.environment, kind.variable, *kind.debug)}
    return _READ_OF_ALL | {name for name in named if re.fullmatch(r"[A-Za-z_]\w*", name)}
