"""Where programs are looked up: in the system's own folders, never through the caller's PATH."""

from __future__ import annotations

import os

from landiag.host.windows import system_folders

_APPLICATION_FIREWALL = "/usr/libexec/ApplicationFirewall"
SAFE_PATH = system_folders() or ("/usr/sbin", "/usr/bin", "/sbin", "/bin", _APPLICATION_FIREWALL)
"""Where commands are looked up: normal users often lack sbin, and root must not trust the caller's PATH."""


def find_program(name: str, path: tuple[str, ...] = SAFE_PATH) -> str | None:
    """Find a program by its bare name in the given folders; None when it is in none of them."""
    for folder in path:
        candidate = os.path.join(folder, name if os.name == "posix" or "." in name else f"{name}.exe")
        if os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            return candidate
    return None


_PACKAGES = {
    **dict.fromkeys(("ip", "ss", "tc"), "iproute2"),
    **dict.fromkeys(
        ("iptables-nft-save", "ip6tables-nft-save", "iptables-save", "ip6tables-save"), "iptables"
    ),
    "nft": "nftables",
    "ipset": "ipset",
}
"""The packages of Debian in which programs come that small machines lack."""

_INSTALLERS = (
    ("apt-get", "install"),
    ("dnf", "install"),
    ("apk", "add"),
    ("pacman", "-S"),
    ("zypper", "install"),
)
_OTHER_NAMES = {("dnf", "iproute2"): "iproute"}


def installing(name: str, path: tuple[str, ...] = SAFE_PATH) -> str | None:
    """The command by which root gets a program that is missing here; None where nobody knows one."""
    package = _PACKAGES.get(name)
    found = next((one for one in _INSTALLERS if find_program(one[0], path)), None)
    if package is None or found is None:
        return None
    return f"{found[0]} {found[1]} {_OTHER_NAMES.get((found[0], package), package)}"
