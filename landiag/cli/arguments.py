"""What people type after a command: ports, URLs, addresses, lists of checks."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from landiag.cli.completing import SCHEMES
from landiag.cli.files.inputs import MEGABYTE, read_input
from landiag.cli.files.outputs import Stop
from landiag.model import numbers
from landiag.model.addresses import ip_or_none, parse_ip
from landiag.model.regex import regex
from landiag.model.terms import CHECK_NAMES

DEFAULT_PORT = 5000


_HOST_AND_PORT = regex(r"(\[[^\]/]+\]|[^:/@\[\]]+):\d+(/.*)?", re.ASCII)
"""What people type in place of a URL: ``192.168.1.20:5000``, ``shop.local:5000/cart``, ``[fd00::1]:5000``."""


class Asked(Struct, frozen=True):
    """The server that is meant. ``address`` and ``host`` come from a URL; ``is_explicit`` when named at all."""

    port: int
    scheme: str
    path: str
    address: str | None = None
    host: str | None = None
    is_explicit: bool = True


def check_scheme(scheme: str) -> None:
    """Stop for a scheme that is none."""
    if scheme not in SCHEMES:
        raise Stop(f"--scheme {scheme} is not known: choose {', '.join(SCHEMES)}")


def parse_server(
    where: str | None, port: str | None, scheme: str, path: str, *, looks_around: bool = True
) -> Asked:
    """Make one answer of the argument (a port or a URL) and the options. Stops for what makes no sense.

    Where no port is named, the variables of this machine name one, unless it is another machine that is asked of.
    """
    check_scheme(scheme)
    if not path.startswith("/"):
        raise Stop(f"--path {path} must begin with a slash, for example /{path}")
    if where is None:
        found = parse_port(port) if port else default_port() if looks_around else DEFAULT_PORT
        return Asked(found, scheme, path, is_explicit=port is not None)
    if port is not None and where.isdigit() and where != port:
        raise Stop(f"two ports are given, {where} and {port}: name one")
    if where.isdigit():
        return Asked(parse_port(where), scheme, path)
    return _parse_url(where, port, scheme, path)


def _parse_url(where: str, port: str | None, scheme: str, path: str) -> Asked:
    is_bare = _HOST_AND_PORT.fullmatch(where) is not None
    if "://" not in where and not is_bare:
        raise Stop(f"{where!r} is neither a port nor a URL: write 5000 or http://192.168.1.20:5000/")
    try:
        url = urlsplit(f"http://{where}" if is_bare else where)
        url_port = url.port
    except ValueError as error:
        raise Stop(f"{where!r} is not a URL: {error}") from error
    if url.scheme not in ("http", "https") or not url.hostname:
        raise Stop(f"{where!r} is not a URL of a web server: write http://192.168.1.20:5000/")
    number = parse_port(port) if port else url_port or {"http": 80, "https": 443}[url.scheme]
    is_usable = is_address(url.hostname) and url.hostname not in ("127.0.0.1", "::1", "0.0.0.0")
    return Asked(
        port=number,
        scheme=url.scheme if scheme == "auto" and not is_bare else scheme,
        path=(url.path or "/") + (f"?{url.query}" if url.query else "") if path == "/" else path,
        address=url.hostname if is_usable else None,
        host=None
        if is_address(url.hostname) or url.hostname == "localhost"
        else url.netloc.rpartition("@")[2],
    )


def is_host_and_port(text: str) -> bool:
    """Whether a word is a host with a port, as people type it in place of a URL."""
    return _HOST_AND_PORT.fullmatch(text) is not None


def is_address(text: str) -> bool:
    """Whether a word is an IP address, perhaps with a zone."""
    return ip_or_none(text) is not None


def parse_port(text: str) -> int:
    """Parse one TCP port. Stops for anything else."""
    number = numbers.parse_port(text)
    if not number:
        raise Stop(f"{text[:80]!r} is not a port: ports are the numbers 1 to 65535, for example --port 5000")
    return number


def default_port() -> int:
    """Find the port that is meant when none is named: FLASK_RUN_PORT (also in .flaskenv), else 5000."""
    text = os.environ.get("FLASK_RUN_PORT") or _port_of_flaskenv(Path(".flaskenv"))
    return parse_port(text) if text else DEFAULT_PORT


def _port_of_flaskenv(file: Path) -> str | None:
    """Read FLASK_RUN_PORT from the file that ``flask run`` reads; None where it says nothing."""
    try:
        lines = read_input(file, MEGABYTE, time.monotonic() + 1.0).decode("utf-8", "replace").splitlines()
    except Stop:
        return None
    for line in lines:
        name, equals, value = line.removeprefix("export ").partition("=")
        if equals and name.strip() == "FLASK_RUN_PORT":
            return value.strip().strip("\"'")
    return None


def parse_own_address(text: str | None) -> str | None:
    """Parse ``--to``: an address of this machine. Stops for the wildcard address and for names."""
    if text is None:
        return None
    try:
        address = parse_ip(text)
    except ValueError as error:
        raise Stop(
            f"--to {text} is not an IP address: give the address of this machine that clients use"
        ) from error
    if address.is_unspecified:
        raise Stop(
            f"{text} means 'all addresses' to a server, and nothing to a client: "
            f"give the address that clients use, for example --to 192.168.1.20"
        )
    return str(address)


def parse_checks(text: str | None) -> tuple[str, ...]:
    """Parse ``--only``: names of checks with commas between; empty means all."""
    names = tuple(name.strip() for name in text.split(",") if name.strip()) if text else ()
    for name in names:
        if name not in CHECK_NAMES:
            raise Stop(f"there is no check {name!r}: choose from {', '.join(CHECK_NAMES)}")
    return names
