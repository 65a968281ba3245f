"""Servers that are not for browsers, by how they begin to speak or by the port that they usually have."""

from __future__ import annotations

import re

from landiag.model.regex import regex

_BANNERS = (
    (regex(rb"SSH-\d"), "SSH"),
    (regex(rb"220[ -].*(?:SMTP|ESMTP|mail)", re.IGNORECASE), "a mail server"),
    (regex(rb"220[ -]"), "an FTP or mail server"),
    (regex(rb"\+OK"), "a POP3 server"),
    (regex(rb"\* OK"), "an IMAP server"),
    (regex(rb"-(?:ERR|NOAUTH|DENIED)"), "Redis"),
    (regex(rb"ERROR\r\n"), "memcached"),
    (regex(rb"RFB \d"), "VNC"),
    (regex(rb"AMQP"), "RabbitMQ"),
    (regex(rb"RTSP/"), "an RTSP camera or player"),
    (regex(rb".{3}\0(?:\x0a|\xff)", re.DOTALL), "MySQL or MariaDB"),
    (regex(rb"\0\0.\x04", re.DOTALL), "an HTTP/2 server that needs TLS or gRPC"),
)
"""How servers that are not for browsers begin to speak."""

QUIET_PORTS = {
    3306: "MySQL",
    5432: "PostgreSQL",
    1433: "SQL Server",
    27017: "MongoDB",
    1883: "MQTT",
    8883: "MQTT",
    5671: "AMQP",
    5672: "AMQP",
    6379: "Redis",
    9092: "Kafka",
    2181: "ZooKeeper",
    9042: "Cassandra",
    1521: "Oracle Database",
    3389: "Remote Desktop",
    445: "SMB",
    389: "LDAP",
    25565: "Minecraft",
}
"""Ports whose usual servers do not speak first and hang up on HTTP."""


_PAGE = regex(rb"\s*<(?:!doctype|html|head|body|h1|p|div|\?xml)\b", re.IGNORECASE)


def begins_a_page(first: bytes) -> bool:
    """Whether a page begins without HTTP's status line before it: a web server is meant, and browsers refuse that."""
    return _PAGE.match(first) is not None


def recognise_banner(first: bytes) -> str | None:
    """What a server is that began like this; None when it is nobody known."""
    return next((name for pattern, name in _BANNERS if pattern.match(first)), None)
