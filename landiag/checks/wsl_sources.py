"""What a WSL2 distribution asks Windows, and who may do there what it advises."""

from __future__ import annotations

from landiag.checks.case import Case
from landiag.collect.windows_state import REGISTRY_KEYS, STATE
from landiag.model.facts import Command, Source

_SYSTEM32 = "/mnt/c/Windows/System32"
WSL_MODE = Command("wsl-mode", ("wslinfo", "--networking-mode"))
WSL_PORTPROXY = Command("wsl-portproxy", (f"{_SYSTEM32}/netsh.exe", "interface", "portproxy", "show", "all"))
WSL_STATE = Command(
    "wsl-windows-state",
    (f"{_SYSTEM32}/WindowsPowerShell/v1.0/powershell.exe", *STATE.argv[1:]),
)
WSL_RULES = Command("wsl-windows-rules", (f"{_SYSTEM32}/reg.exe", "query", f"HKLM\\{REGISTRY_KEYS[0]}", "/s"))
WSL_GROUP_POLICY = Command(
    "wsl-windows-group-policy",
    (f"{_SYSTEM32}/reg.exe", "query", f"HKLM\\{REGISTRY_KEYS[1]}", "/s"),
    ok_statuses=(0, 1),
)
"""Most machines have no such key: reg then ends with 1 and says nothing."""


def sources(environment: str) -> tuple[Source, ...]:
    """What tells a WSL2 distribution how Windows passes connections on to it."""
    return (WSL_MODE, WSL_PORTPROXY, WSL_STATE, WSL_RULES, WSL_GROUP_POLICY) if environment == "wsl2" else ()


def rights(case: Case) -> str:
    """Inside the distribution nothing may stand in front of what is typed on Windows."""
    return "root" if case.facts.os == "windows" else "user-action"
