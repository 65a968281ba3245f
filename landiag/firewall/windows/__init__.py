"""Windows Firewall: rules of the registry, of PowerShell and of netsh, lowered to the one model."""

from __future__ import annotations

from landiag.firewall.windows.hive import MAGIC, parse_hive
from landiag.firewall.windows.netsh import is_netsh, parse_netsh
from landiag.firewall.windows.policy import BACKEND, Policy, Store
from landiag.firewall.windows.powershell import is_powershell, parse_powershell
from landiag.firewall.windows.registry import build_policy
from landiag.firewall.windows.registry_text import is_registry, parse_entries
from landiag.firewall.windows.settings import ProfileSettings
from landiag.firewall.windows.text import decode_console
from landiag.firewall.windows.words import words
from landiag.model.facts import ParseError, Unknown

__all__ = ["BACKEND", "Policy", "ProfileSettings", "Store", "decode", "is_windows", "parse_policy"]


def decode(data: bytes) -> str:
    """The text of a file that a Windows program wrote, whatever its encoding."""
    return decode_console(data, words().all)


def is_windows(data: bytes) -> bool:
    """Whether a file holds rules or settings of Windows Firewall, in any of the forms that are read."""
    if data.startswith(MAGIC):
        return True
    text = decode(data)
    return is_registry(text) or is_powershell(text) or is_netsh(text)


def parse_policy(data: bytes) -> Policy:
    """The rules and settings in one file. Raises ParseError when there are none, or the file is damaged."""
    if data.startswith(MAGIC):
        return _with_something(build_policy(parse_hive(data)))
    text = decode(data)
    if is_registry(text):
        policy = _with_something(build_policy(parse_entries(text)))
    elif is_powershell(text) and not is_netsh(text):
        policy = parse_powershell(text)
    else:
        return parse_netsh(text)
    if not text.endswith("\n") and text.lstrip()[:1] not in ("[", "{"):  # JSON shows its end itself
        policy.gaps.append(Unknown("its last line has no end: the file may be cut off there", "the file"))
    return policy


def _with_something(policy: Policy) -> Policy:
    if not policy.rules and not policy.settings and not policy.gaps:
        raise ParseError("no rule and no profile of Windows Firewall in it")
    return policy
