"""Figures of Windows and pf: ``python bench/systems.py [ROUNDS]``. Ends with 1 where a limit is not kept.

CPU time of one process, the shortest of several rounds: another load on the machine hardly changes it. Each round
reads the text anew and judges one packet.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from ipaddress import ip_address

from landiag.collect import windows, windows_sources
from landiag.collect.windows_rules import RULES_SCRIPT
from landiag.collect.windows_state import STATE
from landiag.firewall.engine.legs import Follower
from landiag.firewall.engine.surroundings import SavedSurroundings
from landiag.firewall.pf import PfSystem, parse_pf
from landiag.firewall.windows.registry import build_policy
from landiag.firewall.windows.registry_text import parse_entries
from landiag.model.packet import Packet
from landiag.model.ruleset import Ruleset, Verdict

SLOW = (
    STATE.name,
    windows_sources.POWERSHELL_RULES.name,
    windows_sources.NETSH_RULES.name,
    windows_sources.NETSH_PROFILES.name,
)
"""What may take longer than two seconds: PowerShell starts slowly, and lists slowly."""

PACKET = Packet(
    5000, source=ip_address("192.168.77.20"), destination=ip_address("192.168.77.10"), in_interface="em0",
    profile="private", program=r"C:\Python312\python.exe", interface_addresses=("192.168.77.10/24",), services=(),
)  # fmt: skip
KEY = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules"


def registry(count: int) -> str:
    """Rules as Windows machines have them: programs, services, ports, packages; the last one lets port 5000 in."""
    kinds = (
        r"Protocol=6|LPort={port}|App=C:\Program Files\App {at}\app{at}.exe|Name=App {at}|Desc=App {at}|",
        r"Protocol=17|LPort=5353|App=%SystemRoot%\system32\svchost.exe|Svc=dnscache|Name=@FirewallAPI.dll,-{at}|",
        "Protocol=6|LPort={port}|LPort=9{at}|RA4=LocalSubnet|RA6=LocalSubnet|Name=Ports {at}|",
        "LUOwn=S-1-5-21-1-2-3-1001|AppPkgId=S-1-15-2-{at}-2-3-4-5-6-7|EmbedCtxt=Package {at}|Platform=2:6:2|"
        "Platform2=GTEQ|Name=Package {at}|",
        r"Protocol=6|App=c:\python312\python{at}.exe|Name=python.exe|Defer=User|",
    )
    rows = [
        f"    {{{at:08d}-0000-4000-8000-000000000000}}    REG_SZ    v2.31|Action={'Block' if at % 7 == 0 else 'Allow'}|"
        f"Active=TRUE|Dir=In|Profile=Private|{kinds[at % 5].format(at=at, port=6000 + at % 3000)}"
        for at in range(count - 1)
    ]
    rows.append(
        "    mine    REG_SZ    v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=5000|Name=Mine|"
    )
    return f"{KEY}\n" + "\n".join(rows) + "\n"


def pf_rules(count: int) -> str:
    """Rules of pf: everything is dropped, the last one lets port 5000 in."""
    rows = [
        f"pass in on em0 inet proto tcp from 10.{at // 250}.{at % 250}.0/24 to any port = {6000 + at % 500} "
        "flags S/SA keep state"
        for at in range(count - 2)
    ]
    mine = "pass in on em0 inet proto tcp from 192.168.77.0/24 to any port = 5000 flags S/SA keep state"
    return "\n".join(["block drop in all", *rows, mine]) + "\n"


def judge(ruleset: Ruleset) -> None:
    """Judge the packet; it must pass, for else the rules were not read."""
    verdict = Follower(ruleset, SavedSurroundings(PACKET)).follow(PACKET).verdict
    if verdict is not Verdict.ACCEPT:
        raise SystemExit(f"the packet gets {verdict.value}: the rules were not read")


def shortest(work: Callable[[], None], rounds: int) -> float:
    """The shortest round, in milliseconds of CPU time."""
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best * 1000


def main() -> int:
    """Print each figure with its limit."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    strings, rules = registry(1000), pf_rules(5000)
    figures = (
        (
            "1,000 FirewallRules strings, one packet",
            lambda: judge(build_policy(parse_entries(strings)).lower()),
            50,
        ),
        ("5,000 pf rules, one packet", lambda: judge(PfSystem([parse_pf(rules)]).lower()), 200),
    )
    kept = True
    for what, work, limit in figures:
        found = shortest(work, rounds)
        kept = kept and found < limit
        print(f"{what}: {found:.0f} ms (limit {limit} ms)")
    first = [source.name for source in windows.FIRST if source.name in SLOW]
    print(
        f"Windows reads before its fast source has answered: {', '.join(first) or 'nothing slow'} (limit: nothing)"
    )
    print(f"PowerShell's list of rules is one command of {len(RULES_SCRIPT)} characters (limit 32,000)")
    return 0 if kept and not first and len(RULES_SCRIPT) < 32_000 else 1


if __name__ == "__main__":
    sys.exit(main())
