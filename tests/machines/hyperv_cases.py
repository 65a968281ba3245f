"""The cases of the Hyper-V firewall: WSL2 in mirrored mode, seen from inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.machines.case import Made
from tests.machines.exchanges import Synthetic
from tests.machines.windows import ALLOW, GPO, state
from tests.machines.wsl_cases import HYPERV, PORT_RULE, inside, reg_query
from tests.machines.wsl_nat_cases import ADAPTERS, ADDRESSES, GATEWAYS

WSL = HYPERV["name"]
OTHERS = "{B2D6A7C4-1111-4222-8333-444455556666}"
CARD = {"alias": "Ethernet", "index": 7, "network": "Heimnetz 7", "category": "Private"}


def rule(action: str = "Allow", **changes: Any) -> dict[str, Any]:
    """A rule of the Hyper-V firewall as the script prints it; for WSL, any client, the port, unless said otherwise."""
    return {"name": f"r-{action}", "action": action, "protocol": "TCP", "ports": ["5000"], "remote": ["Any"],
            "creator": WSL, "profiles": "Any", "remoteports": ["Any"], "local": ["Any"], "priority": "",
            **changes}  # fmt: skip


def mirrored(
    *rules: Mapping[str, Any],
    settings: list[Mapping[str, Any]] | None = None,
    profiles: list[Mapping[str, Any]] | None = None,
    windows: Mapping[str, str] | None = None,
    category: str = "Private",
    group_policy: str = "",
    products: list[Mapping[str, Any]] | None = None,
) -> Synthetic:
    """A distribution with the network of Windows. ``windows`` are rules of Windows' own firewall."""
    told = state(
        profiles=[{**CARD, "category": category}],
        hyperv=[HYPERV] if settings is None else settings,
        hypervprofiles=profiles or [],
        hypervrules=list(rules),
        products=products or [],
        adapters=ADAPTERS,
        addresses=[one for one in ADDRESSES if one["index"] != 44],
        gateways=GATEWAYS,
    )
    made = inside("mirrored", windows=told, rules=windows, lan="192.168.77")
    return Synthetic({**made.texts, "wsl-windows-group-policy": group_policy})


NOT_SET = {"name": WSL, "enabled": "NotConfigured", "inbound": "NotConfigured", "merge": "NotConfigured"}
ALONE = {**HYPERV, "merge": "False"}
OPEN = {**HYPERV, "inbound": "Allow"}
BLOCKED_BY_POLICY = reg_query({"Close": ALLOW.replace("Allow", "Block")}).replace(
    r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy",
    GPO.replace("HKLM", "HKEY_LOCAL_MACHINE"),
)

CASES: Mapping[str, Made] = {
    "wsl2-firewall-drops-mirrored-not-set": Made(
        "nothing is set for WSL, and no rule opens the port: blocked by default", mirrored(settings=[]), "blocked",
        "firewall-drops",
    ),
    "wsl2-clear-mirrored-not-set": Made(
        "nothing is set for WSL, and a rule of Windows opens the port: merged by default",
        mirrored(settings=[NOT_SET], windows=PORT_RULE), "clear",
    ),
    "wsl2-clear-mirrored-second-setting": Made(
        "another maker's machines are blocked, WSL's setting allows",
        mirrored(settings=[{**HYPERV, "name": OTHERS}, OPEN]), "clear",
    ),
    "wsl2-firewall-drops-mirrored-second-setting": Made(
        "another maker's machines are open, WSL's setting blocks; names in small letters",
        mirrored(settings=[{**OPEN, "name": OTHERS}, {**ALONE, "name": str(WSL).lower()}]), "blocked", "firewall-drops",
    ),
    "wsl2-firewall-drops-mirrored-other-creator": Made(
        "the rule that opens the port is for another maker's machines", mirrored(rule(creator=OTHERS)), "blocked",
        "firewall-drops",
    ),
    "wsl2-clear-mirrored-any-creator": Made(
        "the rule is for every maker's machines, its port a range",
        mirrored(rule(creator="Any", ports=["4990-5010"], protocol="6")), "clear",
    ),
    "wsl2-clear-mirrored-other-notation": Made(
        "the rule names WSL without braces, and its profiles by their mask",
        mirrored(rule(creator=str(WSL).strip("{}").lower(), profiles="3")), "clear",
    ),
    "wsl2-firewall-drops-mirrored-mask": Made(
        "the rule names the public profile by its mask, and Windows' network is private", mirrored(rule(profiles="4")),
        "blocked", "firewall-drops",
    ),
    "wsl2-firewall-drops-mirrored-profile": Made(
        "the rule is for private networks, and Windows' network is public",
        mirrored(rule(profiles="Domain, Private"), category="Public"), "blocked", "firewall-drops",
    ),
    "wsl2-clear-mirrored-profile-setting": Made(
        "the private profile alone allows by default",
        mirrored(profiles=[{"creator": WSL, "profile": "Private", "enabled": "True", "inbound": "Allow"}]), "clear",
    ),
    "wsl2-firewall-drops-mirrored-block": Made(
        "a rule blocks the port beside one that allows it", mirrored(rule(), rule("Block")), "blocked", "firewall-drops"
    ),
    "wsl2-clear-mirrored-priority": Made(
        "the rule that allows is asked first", mirrored(rule(priority="1"), rule("Block", priority="5")), "clear"
    ),
    "wsl2-clear-mirrored-addresses": Made(
        "the rule is for addresses of the clients and of this machine",
        mirrored(rule(remote=["10.0.0.0/8", "192.168.77.2-192.168.77.250"], local=["192.168.77.10"])), "clear",
    ),
    "wsl2-firewall-drops-mirrored-remote-ports": Made(
        "the rule is for clients that come from port 443", mirrored(rule(remoteports=["443"])), "blocked",
        "firewall-drops",
    ),
    "wsl2-firewall-unreadable-mirrored-remote-ports": Made(
        "the rule is for some of the ports from which clients come", mirrored(rule(remoteports=["40000-45000"])),
        "undetermined", "firewall-unreadable",
    ),
    "wsl2-firewall-unreadable-mirrored-address": Made(
        "the rule is for addresses that are not understood", mirrored(rule(remote=["Intranet"])), "undetermined",
        "firewall-unreadable",
    ),
    "wsl2-firewall-unreadable-mirrored-interface": Made(
        "a rule of Windows is for one type of interface: whether it counts for WSL nobody says",
        mirrored(windows={"lan": f"{ALLOW}IFType=Lan|"}), "undetermined", "firewall-unreadable",
    ),
    "wsl2-other-firewall-mirrored": Made(
        "the Hyper-V firewall opens the port, and another maker's firewall is on, on Windows",
        mirrored(rule(), products=[{"name": "ESET Firewall", "state": 266240}]), "undetermined", "other-firewall",
    ),
    "wsl2-firewall-drops-mirrored-group-policy": Made(
        "Group Policy of Windows blocks the port, whatever the Hyper-V firewall allows",
        mirrored(rule(), group_policy=BLOCKED_BY_POLICY), "blocked", "firewall-drops",
    ),
}  # fmt: skip
