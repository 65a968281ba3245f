"""Names of the kernel's settings: as people type them, and as files. The dots of an interface's name are its own."""

from __future__ import annotations

from landiag.model.regex import regex

_OF_INTERFACE = regex(r"(net\.ipv[46]\.(?:conf|neigh))\.(.+)\.([^.]+)")


def _parts(name: str) -> tuple[str, ...]:
    found = _OF_INTERFACE.fullmatch(name)
    return (*found[1].split("."), found[2], found[3]) if found else tuple(name.split("."))


def typed_setting(name: str) -> str:
    """The name as sysctl(8) takes it: slashes for the dots of an interface (``net.ipv4.conf.eth0/10.forwarding``)."""
    return ".".join(part.replace(".", "/") for part in _parts(name))


def setting_path(name: str) -> str:
    """The file that holds it."""
    return "/proc/sys/" + "/".join(_parts(name))


def forwarding_setting(version: int) -> str:
    """The setting by which a machine passes on packets of an IP version that are for others (ip-sysctl.rst)."""
    return "net.ipv6.conf.all.forwarding" if version == 6 else "net.ipv4.ip_forward"
