"""Windows Firewall: an independent evaluator of ten lines agrees, and a block always wins."""

from __future__ import annotations

import random
import time
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from landiag.firewall.engine.conversation import Conversation
from landiag.firewall.engine.legs import Follower
from landiag.firewall.engine.surroundings import Surroundings
from landiag.firewall.windows import Policy, decode, is_windows, parse_policy
from landiag.firewall.windows.policy import Store
from landiag.firewall.windows.registry import parse_rule_string
from landiag.model.facts import ParseError
from landiag.model.packet import Packet
from landiag.model.ruleset import Ruleset, Verdict

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
PYTHON = r"C:\Python312\python.exe"


def packet(port: int = 5000, **changes: Any) -> Packet:
    values: dict[str, Any] = {
        "destination_port": port, "source": ip_address("192.168.77.20"),
        "destination": ip_address("192.168.77.10"),
        "program": PYTHON, "profile": "private", "interface_addresses": ("192.168.77.10/24",),
        **changes,
    }  # fmt: skip
    return Packet(**values)


def judge(ruleset: Ruleset, asked: Packet) -> Conversation:
    return Follower(ruleset, Surroundings(asked.destination, asked.in_interface)).follow(asked)


def policy_of(*strings: str, **settings: object) -> Policy:
    policy = Policy(has_rules=True)
    policy.rules = [parse_rule_string(f"rule{at}", string) for at, string in enumerate(strings)]
    return policy


def verdict(asked: Packet, *strings: str) -> Verdict:
    return judge(policy_of(*strings).lower(), asked).verdict


ALLOW = "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=5000|Name=allow|"
BLOCK = "v2.31|Action=Block|Active=TRUE|Dir=In|App=C:\\python312\\PYTHON.exe|Name=block|"


def test_nothing_matches_is_the_default_and_the_default_is_a_line() -> None:
    found = judge(policy_of().lower(), packet())
    assert found.verdict is Verdict.DROP
    assert found.decided_by is not None
    assert found.decided_by.rule_text == "default of the private profile"


def test_block_beats_allow_in_any_order() -> None:
    assert verdict(packet(), ALLOW) is Verdict.ACCEPT
    for rules in ((ALLOW, BLOCK), (BLOCK, ALLOW)):
        found = judge(policy_of(*rules).lower(), packet())
        assert found.verdict is Verdict.DROP
        assert found.decided_by is not None
        assert "Name=block" in found.decided_by.rule_text


def test_repeated_keys_are_alternatives() -> None:
    rule = ALLOW.replace("LPort=5000", "LPort=80|LPort=5000|LPort2_10=8000-8010")
    assert [verdict(packet(port), rule) for port in (80, 5000, 8005, 8011)] == [
        Verdict.ACCEPT, Verdict.ACCEPT, Verdict.ACCEPT, Verdict.DROP,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("Profile=Private|", Verdict.ACCEPT),
        ("Profile=Public|", Verdict.DROP),
        ("Profile=Public|Profile=Private|", Verdict.ACCEPT),
        ("RA4=LocalSubnet|RA6=LocalSubnet|", Verdict.ACCEPT),
        ("RA4=10.0.0.0/255.0.0.0|", Verdict.DROP),
        ("RA4=192.168.77.0/255.255.255.0|", Verdict.ACCEPT),
        ("RA4=192.168.77.5-192.168.77.25|", Verdict.ACCEPT),
        ("RA6=fe80::/64|", Verdict.DROP),
        ("RA42=IntErnet|", Verdict.UNKNOWN),
        ("App=%SystemRoot%\\system32\\svchost.exe|", Verdict.DROP),
        ("App=C:\\PYTHON312\\python.exe|", Verdict.ACCEPT),
        ("App=c:\\python312\\python.exe|Svc=iphlpsvc|", Verdict.UNKNOWN),
        ("AppPkgId=S-1-15-2-1|", Verdict.DROP),
        ("LPort=RPC|", Verdict.ACCEPT),
        ("LPort2_20=Ply2Disc|RPort=40000|", Verdict.ACCEPT),
        ("RPort=53|", Verdict.DROP),
        ("Security=Authenticate|", Verdict.DROP),
        ("IF={3f8a2b0e-0000-0000-0000-000000000000}|", Verdict.UNKNOWN),
        ("IFType=Wireless|", Verdict.UNKNOWN),
        ("LUAuth=D:(A;;CC;;;S-1-5-32-544)|", Verdict.UNKNOWN),
        ("NewKey=1|", Verdict.UNKNOWN),
        ("Platform=2:6:2|Platform2=GTEQ|", Verdict.ACCEPT),
        ("Platform=2:6:1|", Verdict.UNKNOWN),
        ("Edge=TRUE|Defer=User|0", Verdict.ACCEPT),
    ],
)
def test_one_condition_more(part: str, expected: Verdict) -> None:
    assert verdict(packet(), ALLOW + part) is expected


@pytest.mark.parametrize("missing", ["program", "profile", "interface_addresses"])
def test_a_rule_that_needs_what_is_not_given_is_unknown(missing: str) -> None:
    rule = ALLOW + "Profile=Private|RA4=LocalSubnet|App=C:\\Python312\\python.exe|"
    nothing: Any = () if missing == "interface_addresses" else None
    assert verdict(packet(**{missing: nothing}), rule) is Verdict.UNKNOWN
    assert verdict(packet(6000, **{missing: nothing}), rule) is Verdict.DROP


EDGE = "S-1-15-2-3624051433-2125758914-1423191267-1740899205-1073925389-3782572162-737981194"


def test_packages_are_told_apart_by_their_folders() -> None:
    """The identifier of Edge's container is the one that Windows lists for it."""
    store = r"C:\Program Files\WindowsApps\PythonSoftwareFoundation.Python.3.12_3.12.2032.0_x64__qbz5n2kfra8p0\py.exe"
    edge = r"C:\Windows\SystemApps\Microsoft.MicrosoftEdge_8wekyb3d8bbwe\MicrosoftEdge.exe"
    policy = policy_of(ALLOW + f"AppPkgId={EDGE}|")
    for program, expected in ((store, Verdict.DROP), (edge, Verdict.UNKNOWN), (PYTHON, Verdict.DROP)):
        assert judge(policy.lower(), packet(program=program)).verdict is expected
    family = policy_of(ALLOW + "PFN=PythonSoftwareFoundation.Python.3.12_qbz5n2kfra8p0|")
    assert judge(family.lower(), packet(program=store)).verdict is Verdict.UNKNOWN


def test_established_and_loopback_pass() -> None:
    assert verdict(packet(state="established")) is Verdict.ACCEPT
    assert (
        verdict(packet(source=ip_address("127.0.0.1"), destination=ip_address("127.0.0.1"))) is Verdict.ACCEPT
    )


def reg(*lines: str) -> bytes:
    return ("Windows Registry Editor Version 5.00\r\n\r\n" + "\r\n".join((*lines, ""))).encode("utf-16")


_BASE = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
_RULE = '"a"="' + ALLOW.replace("\\", "\\\\") + '"'


def _saved(*lines: str) -> Verdict:
    return judge(parse_policy(reg(*lines)).lower(), packet()).verdict


def test_profile_switches_of_the_registry() -> None:
    rules = [f"[{_BASE}\\FirewallRules]", _RULE]
    profile = f"[{_BASE}\\StandardProfile]"
    gpo = r"[HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\WindowsFirewall\PrivateProfile]"
    assert _saved(*rules) is Verdict.ACCEPT
    assert _saved(*rules, profile, '"DoNotAllowExceptions"=dword:00000001') is Verdict.DROP
    assert _saved(*rules, gpo, '"AllowLocalPolicyMerge"=dword:00000000') is Verdict.DROP
    assert _saved(profile, '"EnableFirewall"=dword:00000000') is Verdict.ACCEPT
    assert _saved(profile, '"EnableFirewall"=dword:00000001') is Verdict.UNKNOWN  # nobody read the rules
    off_by_policy = (gpo, '"EnableFirewall"=dword:00000001', profile, '"EnableFirewall"=dword:00000000')
    assert _saved(f"[{_BASE}\\FirewallRules]", _RULE.replace("5000", "1"), *off_by_policy) is Verdict.DROP


def test_defaults_are_not_in_force_and_restrictions_only_narrow() -> None:
    other = f"[{_BASE}\\FirewallRules]"
    nothing = _RULE.replace("LPort=5000", "LPort=1")
    for key in (_BASE.replace("Parameters", "Defaults"), _BASE + r"\RestrictedServices\Static\System"):
        assert _saved(other, nothing, f"[{key}\\FirewallRules]", _RULE) is Verdict.DROP
    block = '"b"="v2.0|Action=Block|Dir=In|Name=narrow|"'
    assert _saved(other, _RULE, f"[{_BASE}\\RestrictedServices\\Static\\System]", block) is Verdict.DROP


def brute_force(rules: list[dict[str, Any]], asked: Packet) -> bool:
    """Whether the packet gets in, worked out on plain values by the rule "block beats allow"."""
    found = set()
    for rule in rules:
        fits = asked.profile in rule["profiles"] and asked.destination_port in rule["ports"]
        fits = fits and any(asked.source in ip_network(net) for net in rule["nets"])
        if rule["active"] and fits and rule["app"] in (None, asked.program):
            found.add(rule["action"])
    return "Allow" in found and "Block" not in found


def _generate(rng: random.Random) -> tuple[list[dict[str, Any]], list[str]]:
    plain, strings = [], []
    for number in range(rng.randint(0, 8)):
        profiles = rng.sample(["domain", "private", "public"], rng.randint(1, 3))
        low = rng.choice([80, 4998, 5000])
        ports = range(low, low + rng.choice([1, 3]))
        nets = rng.sample(
            ["192.168.77.0/24", "10.0.0.0/8", "192.168.77.16/28", "0.0.0.0/0"], rng.randint(1, 2)
        )
        app = rng.choice([None, PYTHON, r"C:\node\node.exe"])
        rule = {
            "action": rng.choice(["Allow", "Allow", "Block"]), "active": rng.random() < 0.8,
            "profiles": profiles, "ports": ports, "nets": nets, "app": app,
        }  # fmt: skip
        text = f"v2.30|Action={rule['action']}|Active={str(rule['active']).upper()}|Dir=In|Protocol=6|"
        text += "".join(f"Profile={name.title()}|" for name in profiles)
        text += f"LPort2_10={ports[0]}-{ports[-1]}|" if len(ports) > 1 else f"LPort={ports[0]}|"
        text += "".join(f"RA4={net}|" for net in nets) + (f"App={app}|" if app else "") + f"Name=n{number}|"
        plain.append(rule)
        strings.append(text)
    return plain, strings


@pytest.mark.parametrize("seed", range(150))
def test_agrees_with_an_independent_evaluator(seed: int) -> None:
    rng = random.Random(seed)
    plain, strings = _generate(rng)
    policy = policy_of(*strings)
    ruleset = policy.lower()
    for _ in range(6):
        asked = packet(
            rng.choice([80, 4999, 5000, 5002]), profile=rng.choice(["domain", "private", "public"]),
            source=ip_address(rng.choice(["192.168.77.20", "192.168.77.40", "10.1.2.3"])),
            program=rng.choice([PYTHON, r"c:\NODE\node.exe", "System"]),
        )  # fmt: skip
        wanted = brute_force(
            [{**rule, "app": rule["app"] and str(rule["app"]).lower()} for rule in plain],
            packet(asked.destination_port or 0, profile=asked.profile, source=asked.source,
                   program=str(asked.program).lower()),
        )  # fmt: skip
        found = judge(ruleset, asked)
        assert found.verdict is (Verdict.ACCEPT if wanted else Verdict.DROP)
        _only_the_decider_matters(policy, found, asked)


def _only_the_decider_matters(policy: Policy, found: Conversation, asked: Packet) -> None:
    decider = [line for line in found.lines if line.leg == "syn"][-1].rule_text
    rest = Policy(has_rules=True)
    rest.rules = [rule for rule in policy.rules if rule.text == decider or rule.action == "block"]
    assert judge(rest.lower(), asked).verdict is found.verdict


def test_a_thousand_rules_and_one_packet_in_50_ms() -> None:
    strings = [
        f"v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Private|LPort={port}|RA4=LocalSubnet|"
        f"RA6=LocalSubnet|App=C:\\apps\\{port}.exe|Name=app {port}|Desc=d|"
        for port in range(6000, 7000)
    ]
    data = reg(f"[{_BASE}\\FirewallRules]", *(f'"r{at}"="{text}"'.replace("\\", "\\\\")
                                             for at, text in enumerate(strings)))  # fmt: skip
    best = 9.0
    for _ in range(3):
        started = time.process_time()
        judge(parse_policy(data).lower(), packet(5999))
        best = min(best, time.process_time() - started)
    assert best < 0.05, f"{best * 1000:.0f} ms"


def test_damaged_strings_are_unknown_or_refused() -> None:
    with pytest.raises(ParseError):
        parse_rule_string("x", "Action=Allow|Dir=In|")
    assert verdict(packet(), ALLOW.replace("Action=Allow", "Action=Perhaps")) is Verdict.UNKNOWN
    assert verdict(packet(), ALLOW.replace("Dir=In|", "")) is Verdict.UNKNOWN
    assert verdict(packet(), ALLOW.replace("Active=TRUE|", "")) is Verdict.UNKNOWN
    assert verdict(packet(), ALLOW.replace("5000", "five")) is Verdict.UNKNOWN


def test_store_of_a_policy_rule_survives_without_local_merge() -> None:
    policy = policy_of()
    policy.rules = [parse_rule_string("gpo", ALLOW, Store.GROUP_POLICY), parse_rule_string("local", BLOCK)]
    gpo = r"[HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\WindowsFirewall\PrivateProfile]"
    policy.add(parse_policy(reg(gpo, '"AllowLocalPolicyMerge"=dword:00000000')))
    assert judge(policy.lower(), packet()).verdict is Verdict.ACCEPT


def _corpus() -> list[Path]:
    if not CORPUS.is_dir():
        return []
    return [path for name in ("windows_registry", "windows_netsh", "windows_powershell", "windows_net")
            for path in sorted((CORPUS / name).iterdir())]  # fmt: skip


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of recorded outputs is not beside the checkout")
@pytest.mark.parametrize("path", _corpus(), ids=lambda path: path.name)
def test_every_recorded_file_is_read_or_refused_with_a_sentence(path: Path) -> None:
    data = path.read_bytes()
    assert decode(data)
    if not is_windows(data):
        with pytest.raises(ParseError):
            parse_policy(data)
        return
    policy = parse_policy(data)
    assert policy.rules or policy.settings or policy.gaps
    for port in (80, 5000, 7000):
        assert judge(policy.lower(), packet(port)).verdict in Verdict


COUNTS = {
    "show_rule_all.en.win10.txt": 592, "show_rule_all.en.win11.txt": 504,
    "show_rule_all.es.utf16-mojibake.txt": 838,
    "show_rule_all.es.utf8-repaired.txt": 838, "export_412rules.wfw": 412, "export_win11_600rules.wfw": 600,
    "export_win11_600rules.firewallpolicy.tsv": 600, "FirewallRules_custom.reg": 31,
    "Export-FirewallRules.csv": 366,
    "Get-NetFirewallRule.format-list.utf16.txt": 522, "show_rule.ja.txt": 1, "show_rule_verbose.de.txt": 1,
}  # fmt: skip


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of recorded outputs is not beside the checkout")
@pytest.mark.parametrize(("name", "count"), COUNTS.items())
def test_no_rule_of_a_recorded_file_is_lost(name: str, count: int) -> None:
    (path,) = CORPUS.glob(f"windows_*/{name}")
    policy = parse_policy(path.read_bytes())
    assert len(policy.rules) == count
    assert [rule.title for rule in policy.rules if None in (rule.action, rule.inbound, rule.enabled)] == []


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("App=C:\\python312\\PYTHON.exe", Verdict.DROP),
        ("App=C:\\python312\\PYTH¢N.exe", Verdict.UNKNOWN),
        ("App=C:¢python312\\PYTHON.exe", Verdict.UNKNOWN),
        ("App=C:\\pyth佪312\\PYTHON.exe", Verdict.UNKNOWN),
        ("App=C:\\pyth¢n312\\node.exe", Verdict.ACCEPT),
        ("App=C:\\Jörg\\PYTHON.exe", Verdict.ACCEPT),
        ("IF={1B2C3D4E-0000-4000-8000-0000000000¢1}", Verdict.UNKNOWN),
        ("IF={1B2C3D4E-0000-4000-8000-0000000000E1}", Verdict.ACCEPT),
        ("Svc=iphl¢svc", Verdict.UNKNOWN),
        ("Svc=dhcp", Verdict.ACCEPT),
    ],
)
def test_a_damaged_letter_makes_no_other_program_service_or_interface(written: str, right: Verdict) -> None:
    asked = packet(interface_guid="{1B2C3D4E-0000-4000-8000-0000000000F1}", services=frozenset({"iphlpsvc"}))
    block = f"v2.31|Action=Block|Active=TRUE|Dir=In|{written}|Name=block|"
    assert verdict(asked, ALLOW, block) is right


@pytest.mark.parametrize(
    "path",
    ["C :\\python312\\python.exe", "C:\\python312\\py?hon.exe", "C:\\python312\\py:hon.exe", "<C:\\x.exe"],
)
def test_a_path_that_windows_cannot_have_may_be_any(path: str) -> None:
    other = BLOCK.replace("C:\\python312\\PYTHON.exe", "D:\\other.exe")
    assert verdict(packet(), ALLOW, other) is Verdict.ACCEPT
    damaged = other.replace("D:\\other.exe", path)
    assert verdict(packet(), ALLOW, damaged) is Verdict.UNKNOWN
