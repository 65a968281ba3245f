"""What is read of a Windows host."""

from __future__ import annotations

from landiag.collect.windows_rules import RULES_SCRIPT
from landiag.model.facts import Call, Command

LISTENERS = Call("listeners", seconds=5.0)
ADAPTERS = Call("adapters", seconds=5.0)
REGISTRY = Call("registry", seconds=5.0)
ROUTES4 = Command("route-print-4", ("route", "print", "-4"))
ROUTES6 = Command("route-print-6", ("route", "print", "-6"))
NEIGHBOURS = Command("arp", ("arp", "-a"))
NETSTAT = Command("netstat", ("netstat", "-ano", "-p", "TCP"))
NETSTAT6 = Command("netstat6", ("netstat", "-ano", "-p", "TCPv6"))
IPCONFIG = Command("ipconfig", ("ipconfig", "/all"))
EXCLUDED4 = Command(
    "excluded-ports-4", ("netsh", "interface", "ipv4", "show", "excludedportrange", "protocol=tcp")
)
EXCLUDED6 = Command(
    "excluded-ports-6", ("netsh", "interface", "ipv6", "show", "excludedportrange", "protocol=tcp")
)
POWERSHELL_RULES = Command(
    "powershell-rules", ("powershell", "-NoProfile", "-NonInteractive", "-Command", RULES_SCRIPT)
)
NETSH_RULES = Command(
    "netsh-rules", ("netsh", "advfirewall", "firewall", "show", "rule", "name=all", "dir=in", "verbose")
)
NETSH_PROFILES = Command("netsh-profiles", ("netsh", "advfirewall", "show", "allprofiles"))
