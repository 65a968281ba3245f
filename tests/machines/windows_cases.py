"""The cases of Windows."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tests.machines.case import Made
from tests.machines.windows import (
    ADAPTERS,
    ALLOW,
    ARP,
    GPO,
    LISTEN,
    PID,
    POLICY,
    PYTHON,
    ROUTES4,
    excluded,
    host,
    process,
    prompt_blocks,
    query_user,
    state,
)

MINE = {"{F0E1D2C3-0000-4000-8000-000000000001}": ALLOW}
ALLOWED = dict([query_user("Allow", 6, "Private")])
PRIVATE = rf"{POLICY}\StandardProfile"
PUBLIC = rf"{POLICY}\PublicProfile"
NODE = r"C:\Program Files\nodejs\node.exe"
VENV = r"C:\Users\anna\notes\.venv\Scripts\python.exe"
LOOPBACK = [{"address": "127.0.0.1", "port": 5000, "pid": PID}]
TWO = [*LISTEN, {"address": "127.0.0.1", "port": 5000, "pid": 7777}]

VPN = {
    "name": "WireGuard Tunnel",
    "up": True,
    "mtu": 1420,
    "mac": None,
    "addresses": [["10.8.0.2", "255.255.255.255"]],
}
VPN_ROUTES = ROUTES4.replace(
    "     192.168.77.0    255.255.255.0",
    "     192.168.77.0  255.255.255.128         On-link          10.8.0.2      5\n"
    "   192.168.77.128  255.255.255.128         On-link          10.8.0.2      5\n"
    "     192.168.77.0    255.255.255.0",
)

GERMAN_NETSH = """
Regelname:                            Notizen
----------------------------------------------------------------------
Aktiviert:                            Ja
Richtung:                             Eingehend
Profile:                              Privat
Gruppierung:
Lokales IP:                           Beliebig
Remote-IP:                            Beliebig
Protokoll:                            TCP
Lokaler Port:                         5000
Remoteport:                           Beliebig
Edgeausnahme:                         Nein
Programm:                             {program}
Schnittstellentypen:                  Beliebig
Sicherheit:                           Nicht erforderlich
Regelquelle:                          Lokale Einstellung
Aktion:                               {action}
OK.
"""
ICELANDIC_NETSH = GERMAN_NETSH.replace("Regelname", "Regluheiti").replace("Aktiviert", "Virkt").replace(
    "Richtung", "Stefna").replace("Profile", "Snid").replace("Gruppierung", "Hopur").replace(
    "Lokales IP", "Stadvaert IP").replace("Remote-IP", "Fjar IP").replace("Protokoll", "Samskipti").replace(
    "Lokaler Port", "Stadvaer gatt").replace("Remoteport", "Fjar gatt").replace("Edgeausnahme", "Brun").replace(
    "Programm", "Forrit").replace("Schnittstellentypen", "Tengigerd").replace("Sicherheit", "Oryggi").replace(
    "Regelquelle", "Uppruni").replace("Aktion", "Adgerd")  # fmt: skip
GERMAN_PROFILES = """
Privates Profil-Einstellungen:
----------------------------------------------------------------------
Status                                EIN
Firewallrichtlinie                    BlockInbound,AllowOutbound
LocalFirewallRules                    N/V (nur GPO-Speicher)
OK.
"""
NO_REGISTRY = {"registry": "access is denied"}


def _german(action: str) -> Mapping[str, str | bytes]:
    return {
        "netsh-rules": GERMAN_NETSH.format(program=PYTHON, action=action).encode("cp850"),
        "netsh-profiles": GERMAN_PROFILES.replace("N/V", "N/A").encode("cp850"),
    }


CASES: Mapping[str, Made] = {
    "windows-clear-port-rule": Made("a rule opens the port in the profile of the Wi-Fi", host(MINE), "clear"),
    "windows-clear-program-rule": Made("the prompt was answered with Allow, lower-case path", host(ALLOWED), "clear"),
    "windows-clear-firewall-off": Made(
        "the firewall is off in the private profile", host(settings=[(PRIVATE, "EnableFirewall", 0)]), "clear"
    ),
    "windows-clear-local-subnet": Made(
        "a rule for the local subnet", host({"x": ALLOW + "RA4=LocalSubnet|RA6=LocalSubnet|"}), "clear"
    ),
    "windows-clear-default-allow": Made(
        "inbound connections are allowed by default",
        host(settings=[(PRIVATE, "DefaultInboundAction", 0)]),
        "clear",
    ),
    "windows-clear-dual-stack": Made(
        "both halves of a dual-stack socket are listed",
        host(MINE, listen=[*LISTEN, {"address": "::", "port": 5000, "pid": PID}]),
        "clear",
    ),
    "windows-firewall-drops-no-rule": Made("no rule for the server at all", host(), "blocked", "firewall-drops"),
    "windows-firewall-drops-other-program": Made(
        "a rule for node.exe, and Python listens", host(dict([query_user("Allow", 6, "Private", NODE.lower())])),
        "blocked", "firewall-drops",
    ),
    "windows-firewall-drops-venv": Made(
        "a rule for the python.exe of a virtual environment, and the base interpreter listens",
        host(dict([query_user("Allow", 6, "Private", VENV.lower())])), "blocked", "firewall-drops",
    ),
    "windows-firewall-drops-shields-up": Made(
        "all incoming connections are blocked, whatever the rules say",
        host(MINE, settings=[(PRIVATE, "DoNotAllowExceptions", 1)]), "blocked", "firewall-drops",
    ),
    "windows-firewall-drops-group-policy": Made(
        "Group Policy ignores local rules",
        host(MINE, settings=[(rf"{GPO}\PrivateProfile", "AllowLocalPolicyMerge", 0)]), "blocked", "firewall-drops",
    ),
    "windows-firewall-drops-other-subnet": Made(
        "a rule for another subnet", host({"x": ALLOW + "RA4=10.0.0.0/255.0.0.0|"}), "blocked", "firewall-drops"
    ),
    "windows-firewall-drops-port-block": Made(
        "a block for the port beside an allow", host({**MINE, "b": ALLOW.replace("Allow", "Block")}), "blocked",
        "firewall-drops",
    ),
    "windows-firewall-blocks-program-prompt": Made(
        "the prompt was cancelled: two Query User rules block Python", host(prompt_blocks()), "blocked",
        "firewall-blocks-program",
    ),
    "windows-firewall-blocks-program-beside-allow": Made(
        "a port rule allows, a forgotten prompt blocks the program", host({**MINE, **prompt_blocks()}), "blocked",
        "firewall-blocks-program",
    ),
    "windows-firewall-blocks-program-and-port": Made(
        "a forgotten prompt blocks the program, and a rule of its own blocks the port",
        host({**MINE, **prompt_blocks(), "Close-5000": ALLOW.replace("Allow", "Block")}), "blocked",
        "firewall-blocks-program",
    ),
    "windows-firewall-profile-public": Made(
        "the rule is for private networks, and the Wi-Fi is public", host(MINE, windows_state=state("Public")),
        "blocked", "firewall-profile",
    ),
    "windows-firewall-profile-program": Made(
        "the prompt allowed private networks only, and the Wi-Fi is public",
        host(ALLOWED, windows_state=state("Public")), "blocked", "firewall-profile",
    ),
    "windows-firewall-unreadable": Made(
        "the registry is closed and netsh says nothing",
        host(MINE, denied=NO_REGISTRY, texts={"netsh-rules": "", "netsh-profiles": ""}), "undetermined",
        "firewall-unreadable",
    ),
    "windows-firewall-unreadable-profile": Made(
        "PowerShell is blocked by policy: which profile the Wi-Fi has is not known",
        host(MINE, denied={"windows-state": "running scripts is disabled on this system"}), "undetermined",
        "firewall-unreadable",
    ),
    "windows-firewall-unreadable-keyword": Made(
        "the only rule has a key that is not known", host({"x": ALLOW + "RDK=fence|"}), "undetermined",
        "firewall-unreadable",
    ),
    "windows-clear-netsh-german": Made(
        "the registry is closed; netsh in German, code page 850, allows",
        host(denied=NO_REGISTRY, texts=_german("Zulassen")), "clear",
    ),
    "windows-firewall-blocks-program-netsh-german": Made(
        "the registry is closed; netsh in German, code page 850, blocks the program",
        host(denied=NO_REGISTRY, texts=_german("Blockieren")), "blocked", "firewall-blocks-program",
    ),
    "windows-firewall-unreadable-netsh-language": Made(
        "the registry is closed and netsh speaks a language that landiag does not know",
        host(denied=NO_REGISTRY, texts={"netsh-rules": ICELANDIC_NETSH.format(program=PYTHON, action="Leyfa")}),
        "undetermined", "firewall-unreadable",
    ),
    "windows-other-firewall": Made(
        "another maker's firewall is registered and on",
        host(MINE, windows_state=state(products=[{"name": "Norton 360", "state": 266240}])), "undetermined",
        "other-firewall",
    ),
    "windows-clear-other-firewall-off": Made(
        "another maker's firewall is registered and off",
        host(MINE, windows_state=state(products=[{"name": "McAfee", "state": 262144}])), "clear",
    ),
    "windows-port-reserved": Made(
        "nothing can take the port: Hyper-V keeps a range with it",
        host(MINE, listen=[], texts={"excluded-ports-4": excluded("      4950        5049      ")}, bind="EACCES",
             http="refused"), "blocked", "port-reserved",
    ),
    "windows-port-taken-two-servers": Made(
        "an old server on 127.0.0.1 and a new one on all addresses: this machine and clients see different ones",
        host(MINE, listen=TWO, processes=[process(), process(7777, NODE, [NODE, "old.js"])]), "blocked",
        "port-taken",
    ),
    "windows-bound-to-loopback": Made(
        "Flask listens on 127.0.0.1 only", host(MINE, listen=LOOPBACK, http="refused"), "blocked", "bound-to-loopback"
    ),
    "windows-nothing-listening": Made(
        "nothing listens on the port", host(MINE, listen=[], http="refused"), "blocked", "nothing-listening"
    ),
    "windows-clear-neighbour-peer": Made(
        "a neighbour that answers", host(MINE, texts={"arp": ARP}, others="refused"), "clear", peer="192.168.77.20"
    ),
    "windows-vpn-takes-replies": Made(
        "a VPN has more special routes for the LAN itself",
        host(MINE, texts={"adapters": json.dumps([*ADAPTERS, VPN]), "route-print-4": VPN_ROUTES}), "blocked",
        "vpn-takes-replies",
    ),
    "windows-clear-http-sys": Made(
        "IIS behind http.sys on port 80",
        host({"x": ALLOW.replace("LPort=5000", "LPort=80")}, listen=[{"address": "::", "port": 80, "pid": 4},
             {"address": "0.0.0.0", "port": 80, "pid": 4}], processes=[], server="Microsoft-IIS/10.0"),
        "clear", port=80,
    ),
}  # fmt: skip
