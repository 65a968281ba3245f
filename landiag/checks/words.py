"""The commands that show something on the system that is diagnosed: people type them, findings name them."""

from __future__ import annotations

from landiag.checks.case import Case
from landiag.checks.fixes.fix import fix_by
from landiag.model.actions import Lasts
from landiag.model.changes import LinkSetting
from landiag.model.report import Fix
from landiag.model.route import Route

_ADDRESSES = {"linux": "ip addr", "windows": "ipconfig /all"}
_ROUTES = {"linux": "ip route, ip rule", "windows": "route print"}
_NEIGHBOURS = {"linux": "ip neigh", "windows": "arp -a"}


ELEVATE = "Open an elevated PowerShell: right-click the Start button, choose Terminal (Admin), and say yes."
"""How the rights of an administrator are got on Windows; no command in a plain window gives them."""


def addresses(case: Case) -> str:
    """What shows the addresses."""
    return _ADDRESSES.get(case.facts.os, "ifconfig -a")


def routes(case: Case) -> str:
    """What shows the routes."""
    return _ROUTES.get(case.facts.os, "netstat -rn")


def neighbours(case: Case) -> str:
    """What shows the neighbours on the link."""
    return _NEIGHBOURS.get(case.facts.os, "arp -an")


def holders(case: Case) -> str:
    """What shows every socket of the port with its program, listening or not."""
    port = case.port
    known = {
        "linux": f"ss -antp sport = :{port}",
        "windows": f"Get-NetTCPConnection -LocalPort {port} | Format-Table State,RemoteAddress,OwningProcess",
        "macos": f"lsof -nP -iTCP:{port}",
        "freebsd": f"sockstat -46 -P tcp -p {port}",
    }
    return known.get(case.facts.os, "fstat")


def see_holders(case: Case) -> Fix:
    """How to find the program that has the port and does not listen on it."""
    step = "End that program, or use another port."
    return Fix("See who holds it", (holders(case),), needs="user-action", steps=(step,))


def switch_on(case: Case, interface: str) -> Fix:
    """Switch an interface on."""
    title = f"Switch {interface} on"
    if case.facts.os == "windows":
        name = "'" + interface.replace("'", "''") + "'"
        return Fix(
            f"{title} (PowerShell as administrator)",
            (f"Enable-NetAdapter -Name {name}",),
            (f"Disable-NetAdapter -Name {name} -Confirm:$false",),
            needs="root",
            steps=(ELEVATE,),
        )
    if case.facts.os == "linux":
        return fix_by(title, LinkSetting(interface, "state", "down", "up"))
    before = f"ifconfig {interface}"
    return Fix(title, (f"{before} up",), (f"{before} down",), needs="root", lasts=Lasts.UNTIL_RESTART)


def refusing_route(route: Route) -> tuple[str, str]:
    """What takes away a route that refuses packets on a system other than Linux, and what sets it again."""
    family = "-inet6 " if route.destination.version == 6 else ""
    loopback = "::1" if route.destination.version == 6 else "127.0.0.1"
    flag = "-blackhole" if route.kind == "blackhole" else "-reject"
    line = f"{family}-net {route.destination}"
    return f"route delete {line}", f"route add {line} {loopback} {flag}"
