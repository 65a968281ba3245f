"""What to type on Windows so that it passes connections on to a WSL2 distribution."""

from __future__ import annotations

from landiag.checks import words
from landiag.checks.case import Case
from landiag.checks.wsl.proxies import delete_line, set_line
from landiag.collect.portproxy import PortProxy
from landiag.model.report import Fix


def rights(case: Case) -> str:
    """Inside the distribution nothing may stand in front of what is typed on Windows."""
    return "root" if case.facts.os == "windows" else "user-action"


TODAY = "$ip = (wsl hostname -I).Trim().Split(' ')[0]"
"""The PowerShell line that finds the distribution's address of today."""


def forward_commands(port: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """PowerShell lines that pass the port on to the distribution's address of today."""
    add = (
        f"netsh interface portproxy set v4tov4 listenaddress=0.0.0.0 listenport={port} "
        f"connectaddress=$ip connectport={port}"
    )
    allow = (
        f"New-NetFirewallRule -Name 'landiag-tcp-{port}' -DisplayName 'landiag: TCP {port}' -Direction Inbound "
        f"-Action Allow -Protocol TCP -LocalPort {port} -RemoteAddress LocalSubnet"
    )
    undo = (
        f"netsh interface portproxy delete v4tov4 listenaddress=0.0.0.0 listenport={port}",
        f"Remove-NetFirewallRule -Name 'landiag-tcp-{port}'",
    )
    return (TODAY, add, allow), undo


def forwarding_fixes(case: Case) -> tuple[Fix, ...]:
    """Pass the port on, or give the distribution the network of Windows."""
    commands, undo = forward_commands(case.port)
    return (
        Fix(
            "Pass the port on (PowerShell as administrator, on Windows; again after every start of WSL)",
            commands,
            undo,
            needs=rights(case),
            steps=(words.ELEVATE,),
        ),
        Fix(
            "Or give WSL the network of Windows (Windows 11 22H2 and later)",
            needs="user-action",
            steps=(
                "Write networkingMode=mirrored under [wsl2] into .wslconfig in your Windows user folder.",
                "Run wsl --shutdown on Windows, and start the server again.",
            ),
        ),
    )


def change_proxy(case: Case, wrong: PortProxy, right: PortProxy, first: tuple[str, ...] = ()) -> Fix:
    """Let a port proxy listen where clients come in, and lead to where the server is; ``first`` sets what it names."""
    moved = (wrong.listen_address, wrong.listen_port, wrong.listen_family, wrong.connect_family) != (
        right.listen_address,
        right.listen_port,
        right.listen_family,
        right.connect_family,
    )
    return Fix(
        "Change the port proxy (PowerShell as administrator, on Windows)",
        (*first, *((delete_line(wrong),) if moved else ()), set_line(right)),
        (*((delete_line(right),) if moved else ()), set_line(wrong)),
        needs=rights(case),
        steps=(words.ELEVATE,),
    )


def add_proxy(case: Case, right: PortProxy) -> Fix:
    """Let another port proxy listen beside those that serve other clients."""
    return Fix(
        "Add a port proxy (PowerShell as administrator, on Windows)",
        (set_line(right),),
        (delete_line(right),),
        needs=rights(case),
        steps=(words.ELEVATE,),
    )


def start_helper(case: Case) -> Fix:
    """Start the service whose work port proxies are."""
    return Fix(
        "Start the IP Helper service anew (PowerShell as administrator)",
        ("Set-Service iphlpsvc -StartupType Automatic", "Restart-Service iphlpsvc -Force"),
        ("Stop-Service iphlpsvc",),
        needs=rights(case),
        steps=(words.ELEVATE,),
    )
