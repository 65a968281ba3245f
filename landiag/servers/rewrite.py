"""A server's own arguments, changed so that it listens elsewhere: by its way of being told. Pure."""

from __future__ import annotations

from landiag.servers.arguments import Place, with_bind, with_forward, with_option, with_position
from landiag.servers.recognise import Server
from landiag.servers.told import configured_port


def rewritten(
    server: Server, arguments: tuple[str, ...], host: str, port: int | None, *, after: str | None = None
) -> tuple[str, ...] | None:
    """These arguments, changed so that the server listens on ``host``; None when they do not say where."""
    kind = server.kind
    place = Place(kind.options, kind.style, kind.insert, kind.after if after is None else after)
    shown_port = port or configured_port(server) or kind.port
    listen = Place(kind.listen, "equals", kind.insert, "")
    if kind.how == "option" and not any(word.split("=", 1)[0] in kind.listen for word in arguments):
        return with_option(arguments, place, host, optional=kind.value_optional)
    if kind.how in {"option", "bind"}:
        at = listen if kind.how == "option" else place
        return with_bind(arguments, at, host, shown_port, form=kind.form, adds=kind.adds)
    if kind.how == "positional":
        return with_position(arguments, kind.words, host, shown_port)
    return with_forward(arguments, kind.options, host, port)


def overruled(server: Server, host: str) -> tuple[str, ...] | None:
    """The arguments that tell a server its address past its configuration file, changed; None without such."""
    called, kind = server.invocation, server.kind
    if kind.how != "config" or called is None:
        return None
    if not any(word.split("=", 1)[0] in kind.options for word in called.arguments):
        return None
    place = Place(kind.options, kind.style)
    return with_option(called.arguments, place, kind.wide or host, optional=False)
