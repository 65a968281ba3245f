"""What servers that are not for browsers say to those whom they turn away by their address, as they connect."""

from __future__ import annotations

import re

from msgspec import Struct

from landiag.model.regex import regex


class Refusal(Struct, frozen=True):
    """A server that turns a client away. ``by_list``: it knows some addresses, and others may be welcome."""

    who: str
    why: str
    advice: str
    by_list: bool = False


_SPOKEN = (
    (
        regex(rb"-DENIED Redis is running in protected mode"),
        Refusal(
            "Redis",
            "its protected mode lets in its own machine alone",
            "Set a password (requirepass) and bind the address for clients; in a closed network: protected-mode no.",
        ),
    ),
    (
        regex(rb".{3}\0\xff\x6a\x04", re.DOTALL),  # ER_HOST_NOT_PRIVILEGED, 1130
        Refusal(
            "MySQL or MariaDB",
            "none of its accounts is for that address",
            "Make an account for the clients' network: CREATE USER 'name'@'192.168.%' IDENTIFIED BY '...', then GRANT.",
            by_list=True,
        ),
    ),
    (
        regex(rb"(?:421|554)[ -]|\* BYE "),
        Refusal(
            "the server",
            "it greets with a refusal",
            "Its log says whom it takes: a list of addresses, a limit of connections, or nobody now.",
            by_list=True,
        ),
    ),
    (
        regex(rb".{3}\0\xff\x69\x04", re.DOTALL),  # ER_HOST_IS_BLOCKED, 1129
        Refusal(
            "MySQL or MariaDB",
            "it has had too many failed connections from that address",
            "On the server: mysqladmin flush-hosts (TRUNCATE TABLE performance_schema.host_cache).",
            by_list=True,
        ),
    ),
)
"""Redis' networking.c; RFC 959, 5321 and 3501 (421, 554, BYE); MySQL's Server Error Message Reference: an error
packet in the place of the greeting."""

_ON_PAGES = (
    (
        regex(rb"administrator of this proxy has not configured it to service requests from your host"),
        Refusal(
            "tinyproxy",
            "its Allow lines do not name that address",
            "Add a line Allow with the clients' network to tinyproxy's configuration, then start it anew.",
            by_list=True,
        ),
    ),
    (
        regex(rb"id=.?ERR_ACCESS_DENIED"),
        Refusal(
            "Squid",
            "its http_access lines do not take that address",
            "Write an acl of the clients' network and http_access allow for it above http_access deny all.",
            by_list=True,
        ),
    ),
    (
        regex(rb"Unauthorized IP Address"),
        Refusal(
            "Transmission",
            "that address is not on its whitelist",
            "Add the clients' network to rpc-whitelist in settings.json while Transmission is stopped.",
            by_list=True,
        ),
    ),
)
"""tinyproxy's reqs.c; Squid's errorpage.cc and its ERR_ACCESS_DENIED; Transmission's rpc-server.cc."""


def find_refusal(first: bytes) -> Refusal | None:
    """Who refuses with these first bytes, and why; None where they are no refusal that is known."""
    return next((refusal for pattern, refusal in _SPOKEN if pattern.match(first)), None)


def find_page_refusal(page: bytes) -> Refusal | None:
    """Who refuses with this page, because of the sender's address; None where it is none that is known."""
    return next((refusal for pattern, refusal in _ON_PAGES if pattern.search(page)), None)


def refusing_words(page: str) -> str:
    """The words by which such a page is known; empty where it is none."""
    found = (pattern.search(page.encode()) for pattern, _ in _ON_PAGES)
    return next((match[0].decode() for match in found if match), "")
