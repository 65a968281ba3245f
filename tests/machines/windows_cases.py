"""The cases of Windows."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tests.machines.case import Made
from tests.machines.situations import SITUATIONS
from tests.machines.windows import (
    ADAPTERS,
    ALLOW,
    ARP,
    GPO,
    GUIDS,
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
NVM_NODE = r"C:\Users\anna\AppData\Roaming\nvm\v20.18.0\node.exe"
ALIAS = r"C:\Users\anna\AppData\Local\Microsoft\WindowsApps\python.exe"
STORE_PYTHON = (
    r"C:\Program Files\WindowsApps\PythonSoftwareFoundation.Python.3.12_3.12.2032.0_x64__qbz5n2kfra8p0"
    r"\python3.12.exe"
)
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


SILENT = {"netsh-rules": "", "netsh-profiles": ""}
WHOLE: Mapping[str, list[str] | None] = {
    "Name": ["{F0E1D2C3-0000-4000-8000-000000000001}"], "DisplayName": ["My server"], "Enabled": ["True"],
    "Direction": ["Inbound"], "Action": ["Allow"], "Profile": ["Private"], "PolicyStoreSourceType": ["Local"],
    "Protocol": ["TCP"], "LocalPort": ["5000"], "RemotePort": ["Any"], "IcmpType": ["Any"], "Program": ["Any"],
    "Package": [""], "LocalAddress": ["Any"], "RemoteAddress": ["Any"], "Service": ["Any"], "InterfaceAlias": ["Any"],
    "InterfaceType": ["Any"], "Authentication": ["NotRequired"], "Encryption": ["NotRequired"], "LocalUser": ["Any"],
    "RemoteUser": ["Any"], "RemoteMachine": ["Any"],
}  # fmt: skip
NO_PORT_FILTER = dict.fromkeys(("Protocol", "LocalPort", "RemotePort", "IcmpType"))
BLOCKS_PROGRAM = {"{AA000000-0000-4000-8000-000000000009}": "v2.31|Action=Block|Active=TRUE|Dir=In|App=" + PYTHON +
                  "|Name=No Python|"}  # fmt: skip
WIFI = {"alias": "Wi-Fi", "index": 12, "network": "Heimnetz 7", "category": "Private"}
TWO_NETWORKS = (WIFI, {"alias": "Ethernet", "index": 7, "network": "Netzwerk 3", "category": "Public"})
CABLE = [{**one, "up": True, "addresses": [["192.168.88.10", "255.255.255.0"]]} if one["name"] == "Ethernet" else one
         for one in ADAPTERS]  # fmt: skip
CABLE_ROUTES = ROUTES4.replace(
    "          0.0.0.0          0.0.0.0     192.168.77.1    192.168.77.10     35\n",
    "          0.0.0.0          0.0.0.0     192.168.88.1    192.168.88.10     25\n"
    "          0.0.0.0          0.0.0.0     192.168.77.1    192.168.77.10     35\n"
    "     192.168.88.0    255.255.255.0         On-link     192.168.88.10    281\n",
)
GERMAN_NETSTAT = f"""
Aktive Verbindungen

  Proto  Lokale Adresse         Remoteadresse          Status           PID
  TCP    0.0.0.0:135            0.0.0.0:0              ABHÖREN         1200
  TCP    0.0.0.0:445            0.0.0.0:0              ABHÖREN         4
  TCP    0.0.0.0:5000           0.0.0.0:0              ABHÖREN         {PID}
  TCP    192.168.77.10:49672    20.54.37.64:443        HERGESTELLT     4020
"""
GERMAN_NETSTAT6 = """
Aktive Verbindungen

  Proto  Lokale Adresse         Remoteadresse          Status           PID
  TCP    [::]:445               [::]:0                 ABHÖREN         4
"""
IPCONFIG = """
Windows IP Configuration

   Host Name . . . . . . . . . . . . : anna-laptop

Wireless LAN adapter Wi-Fi:

   Connection-specific DNS Suffix  . : fritz.box
   Description . . . . . . . . . . . : Intel(R) Wi-Fi 6 AX201 160MHz
   Physical Address. . . . . . . . . : 3C-52-82-AA-BB-CC
   DHCP Enabled. . . . . . . . . . . : Yes
   IPv4 Address. . . . . . . . . . . : 192.168.77.10(Preferred)
   Subnet Mask . . . . . . . . . . . : 255.255.255.0
   Default Gateway . . . . . . . . . : 192.168.77.1
"""


def joined(*changes: Mapping[str, list[str] | None], profile: Mapping[str, list[str]] | None = None) -> str:
    """What PowerShell's script prints: one object a rule, then the profiles. None takes a field away."""
    rules = [
        {name: value for name, value in {**WHOLE, **change}.items() if value is not None}
        for change in changes
    ]
    about = {"Enabled": ["True"], "DefaultInboundAction": ["NotConfigured"], "AllowInboundRules": ["NotConfigured"],
             "AllowLocalFirewallRules": ["NotConfigured"], "NotifyOnListen": ["True"],
             "DisabledInterfaceAliases": ["NotConfigured"], **(profile or {})}  # fmt: skip
    return json.dumps([*rules, *({"Name": [name], **about} for name in ("Domain", "Private", "Public"))])


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
    "windows-firewall-drops-junction": Made(
        "a rule for node.exe by the junction that a version manager moves, and the real one listens",
        host(dict([query_user("Allow", 6, "Private", NODE.lower())]), processes=[process(exe=NVM_NODE, argv=[NODE,
             "server.js"])]), "blocked", "firewall-drops",
    ),
    "windows-firewall-drops-store-python": Made(
        "a rule for the Store's alias of python.exe, and the packaged interpreter listens",
        host(dict([query_user("Allow", 6, "Private", ALIAS.lower())]), processes=[process(exe=STORE_PYTHON)]),
        "blocked", "firewall-drops",
    ),
    "windows-clear-store-python": Made(
        "a rule for the packaged interpreter of the Store",
        host(dict([query_user("Allow", 6, "Private", STORE_PYTHON.lower())]), processes=[process(exe=STORE_PYTHON)]),
        "clear",
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
    "windows-nothing-listening-firewall-off": Made(
        "nothing listens, and the firewall is off in the private profile: Windows refuses then",
        host(settings=[(PRIVATE, "EnableFirewall", 0)], listen=[], http="refused"), "blocked", "nothing-listening"
    ),
    "windows-clear-neighbour-peer": Made(
        "a neighbour that answers", host(MINE, texts={"arp": ARP}, others="refused"), "clear", peer="192.168.77.20"
    ),
    "windows-vpn-takes-replies": Made(
        "a VPN has more special routes for the LAN itself",
        host(MINE, texts={"adapters": json.dumps([*ADAPTERS, VPN]), "route-print-4": VPN_ROUTES}), "blocked",
        "vpn-takes-replies",
    ),
    "windows-port-reserved-http-sys": Made(
        "a Python server is meant, and http.sys has the port",
        host(MINE, listen=[{"address": "::", "port": 5000, "pid": 4}], processes=[], server="Microsoft-HTTPAPI/2.0"),
        "blocked", "port-reserved", program="python",
    ),
    "windows-clear-powershell": Made(
        "the registry is closed; PowerShell lists a rule that allows",
        host(denied=NO_REGISTRY, texts={"powershell-rules": joined({}), **SILENT}), "clear",
    ),
    "windows-firewall-blocks-program-powershell": Made(
        "the registry is closed; PowerShell lists a block for the program beside the rule that allows",
        host(denied=NO_REGISTRY, texts={"powershell-rules": joined({}, {"Name": [query_user("Block", 6, "Private")[0]],
             "Action": ["Block"], "LocalPort": ["Any"], "Program": [PYTHON]}), **SILENT}), "blocked",
        "firewall-blocks-program",
    ),
    "windows-firewall-drops-powershell-group-policy": Made(
        "the registry is closed; PowerShell says that local rules do not count",
        host(denied=NO_REGISTRY, texts={"powershell-rules": joined({}, profile={"AllowLocalFirewallRules": ["False"]}),
             **SILENT}), "blocked", "firewall-drops",
    ),
    "windows-firewall-unreadable-powershell-filter": Made(
        "the registry is closed; PowerShell shows the rule without its ports",
        host(denied=NO_REGISTRY, texts={"powershell-rules": joined(NO_PORT_FILTER), **SILENT}), "undetermined",
        "firewall-unreadable",
    ),
    "windows-clear-interface": Made(
        "the rule is for this interface, named by its identifier",
        host({"x": ALLOW + f"IF={GUIDS['Wi-Fi']}|"}), "clear",
    ),
    "windows-firewall-drops-other-interface": Made(
        "the rule is for the cable, and clients come by Wi-Fi",
        host({"x": ALLOW + f"IF={GUIDS['Ethernet']}|"}), "blocked", "firewall-drops",
    ),
    "windows-clear-wireless": Made(
        "the rule is for wireless interfaces", host({"x": ALLOW + "IFType=Wireless|"}), "clear"
    ),
    "windows-clear-interface-excluded": Made(
        "the firewall leaves this interface alone",
        host(stored={PRIVATE: {"DisabledInterfaces": GUIDS["Wi-Fi"]}}), "clear",
    ),
    "windows-firewall-blocks-program-group-policy": Made(
        "Group Policy blocks the program",
        host(MINE, proxies=None, stored={rf"{GPO}\FirewallRules": BLOCKS_PROGRAM}), "blocked",
        "firewall-blocks-program",
    ),
    "windows-firewall-blocks-program-mdm": Made(
        "device management (Intune) blocks the program: its rules are in no list that people see",
        host(MINE, stored={rf"{POLICY}\Mdm\FirewallRules": BLOCKS_PROGRAM}), "blocked", "firewall-blocks-program",
    ),
    "windows-clear-group-policy-rule": Made(
        "local rules do not count, and Group Policy has one that opens the port",
        host(stored={rf"{GPO}\FirewallRules": MINE}, settings=[(rf"{GPO}\PrivateProfile", "AllowLocalPolicyMerge", 0)]),
        "clear",
    ),
    "windows-firewall-drops-app-container": Made(
        "only a rule for a Store package opens the port",
        host(stored={rf"{POLICY}\RestrictedServices\AppIso\FirewallRules": {"app": ALLOW +
             "AppPkgId=S-1-15-2-1823635404-1364722122-2170562666-1762391777-2399050872-3465541734-3732476201|"}}),
        "blocked", "firewall-drops",
    ),
    "windows-firewall-profile-other-network": Made(
        "the Wi-Fi is private and the cable public: clients come by the cable, where the rule does not hold",
        host(MINE, windows_state=state(profiles=[*TWO_NETWORKS]), texts={"adapters": json.dumps(CABLE),
             "route-print-4": CABLE_ROUTES}), "blocked", "firewall-profile",
    ),
    "windows-firewall-drops-far-client": Made(
        "the rule is for the local subnet, and the client comes from behind a router",
        host({"x": ALLOW + "RA4=LocalSubnet|RA6=LocalSubnet|"}), "blocked", "firewall-drops", peer="10.20.30.40",
    ),
    "windows-firewall-drops-no-prompt": Made(
        "no rule, and the prompt is switched off", host(settings=[(PRIVATE, "DisableNotifications", 1)]), "blocked",
        "firewall-drops",
    ),
    "windows-port-taken-all-addresses": Made(
        "two servers on all addresses: SO_REUSEADDR lets the second one share the port",
        host(MINE, listen=[*LISTEN, {**LISTEN[0], "pid": 7777}], processes=[process(), process(7777, NODE,
             [NODE, "old.js"])]), "blocked", "port-taken",
    ),
    "windows-port-taken-same-server": Made(
        "the server was started twice: the old one goes on answering",
        host(MINE, listen=[*LISTEN, {**LISTEN[0], "pid": 7777}], processes=[process(), process(7777)]), "blocked",
        "port-taken",
    ),
    "windows-clear-child": Made(
        "a server and its own child share the port",
        host(MINE, listen=[*LISTEN, {**LISTEN[0], "pid": 7777}], processes=[process(), {**process(7777),
             "parent": PID}]), "clear",
    ),
    "windows-nothing-listening-held": Made(
        "nothing listens, and a connection has the port (error 10048)",
        host(MINE, listen=[], bind="EADDRINUSE", http="refused"), "blocked", "nothing-listening",
    ),
    "windows-nothing-listening-exclusive": Made(
        "nothing listens, and a program keeps the port to itself (error 10013 without an excluded range)",
        host(MINE, listen=[], bind="EACCES", http="refused"), "blocked", "nothing-listening",
    ),
    "windows-clear-console-tools": Made(
        "psutil sees neither sockets nor adapters; netstat in German and ipconfig do",
        host(MINE, denied={"listeners": "access is denied", "adapters": "access is denied"}, texts={
            "netstat": GERMAN_NETSTAT.encode("cp850"), "netstat6": GERMAN_NETSTAT6.encode("cp850"),
            "ipconfig": IPCONFIG}), "clear",
    ),
    "windows-server-silent-suspended": SITUATIONS["windows, suspended"],
    "windows-link-down": SITUATIONS["windows, no link"],
    "windows-peer-down": SITUATIONS["windows, peer down"],
    "windows-clear-http-sys": Made(
        "IIS behind http.sys on port 80",
        host({"x": ALLOW.replace("LPort=5000", "LPort=80")}, listen=[{"address": "::", "port": 80, "pid": 4},
             {"address": "0.0.0.0", "port": 80, "pid": 4}], processes=[], server="Microsoft-IIS/10.0"),
        "clear", port=80,
    ),
}  # fmt: skip
