"""pf: an independent last-match interpreter agrees, and FreeBSD's regression files are printed as they were read."""

from __future__ import annotations

import random
import time
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from landiag.firewall.command import saved_around
from landiag.firewall.engine.conversation import Conversation
from landiag.firewall.engine.legs import Follower
from landiag.firewall.pf import PfSystem, is_pf, parse_pf, write_all
from landiag.firewall.pf.tokens import unnumbered
from landiag.firewall.windows import decode
from landiag.model.facts import ParseError
from landiag.model.packet import Packet
from landiag.model.ruleset import Verdict

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "pf"


def packet(port: int = 5000, **changes: Any) -> Packet:
    values: dict[str, Any] = {
        "destination_port": port, "source": ip_address("192.168.77.20"),
        "destination": ip_address("192.168.77.10"), "in_interface": "em0",
        "interface_addresses": ("192.168.77.10/24",), **changes,
    }  # fmt: skip
    return Packet(**values)


def judge(text: str, asked: Packet, system: PfSystem | None = None) -> Conversation:
    system = system or PfSystem()
    system.texts.append(parse_pf(text))
    ruleset = system.lower()
    return Follower(ruleset, saved_around(ruleset)(asked)).follow(asked)


def verdict(text: str, **changes: Any) -> Verdict:
    return judge(text, packet(**changes)).verdict


ACCEPT, DROP, REJECT, UNKNOWN = Verdict.ACCEPT, Verdict.DROP, Verdict.REJECT, Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("block drop in all\npass in proto tcp from any to any port = 5000 flags S/SA keep state", ACCEPT),
        ("pass in proto tcp from any to any port = 5000\nblock drop in all", DROP),
        ("pass in quick proto tcp from any to any port = 5000\nblock drop in all", ACCEPT),
        ("block drop in all\npass in proto tcp from any to any port = commplex-main", ACCEPT),
        ("block drop in all\npass in proto tcp from any to any port = no-such-name", UNKNOWN),
        ("block return in all", REJECT),
        ("block return-icmp(host-prohib) in all", REJECT),
        ("set block-policy return\nblock in all", REJECT),
        ("block in all", DROP),
        ("pass out all", ACCEPT),
        ("block drop all\npass in quick proto tcp from any to any port = 5000 no state", DROP),
        ("block drop all\npass in quick proto tcp from any to any port = 5000 keep state", ACCEPT),
        ("block drop all\npass in quick proto tcp from any to any port = 5000 no stkate", UNKNOWN),
        ("block drop in on em1 all", ACCEPT),
        ("block drop in on ! em1 all", DROP),
        ("block drop in on em all", DROP),
        ("block drop in on egress all", UNKNOWN),
        ("set skip on em0\nblock drop all", ACCEPT),
        ("set skip on { lo, em1 }\nblock drop all", DROP),
        ("set skip on { lan, em1 }\nblock drop all", UNKNOWN),
        ("block drop in from any to (em0)", DROP),
        ("block drop in from em0:network to any", DROP),
        ("block drop in from ! (em0:network) to any", ACCEPT),
        ("block drop in from any to self", DROP),
        ("block drop in from { 10/8, 192.168/16 } to any", DROP),
        ("block drop in from urpf-failed to any", ACCEPT),
        ("antispoof quick for em0\npass in all", ACCEPT),
        ("table <bad> { 192.168.77.0/24, !192.168.77.20 }\nblock in from <bad> to any", ACCEPT),
        ("table <bad> { 192.168.77.0/24 }\nblock in from <bad> to any", DROP),
        ("table <bad> persist\nblock in from <bad> to any", UNKNOWN),
        ("block in from <bad> to any", UNKNOWN),
        ("block in all\npass in on em0 tag LAN\nblock in on em0\npass in tagged LAN", ACCEPT),
        ("block in all\npass in tagged LAN\npass in on em1 tag LAN", DROP),
        ("block in proto tcp all flags /SA", ACCEPT),
        ("block in proto udp all", ACCEPT),
        ("block in inet6 all", ACCEPT),
        ("block in proto tcp to port 4000:6000", DROP),
        ("block in proto tcp to port 5000 >< 6000", ACCEPT),
        ("block in proto tcp to port 4000 <> 6000", ACCEPT),
        ("block in proto tcp to port != 5000", ACCEPT),
        ("block in proto tcp to port { 80, 5000 }", DROP),
        ("block in all probability 50%", UNKNOWN),
        ("block in all user root", UNKNOWN),
        ("block in all brand-new-option", UNKNOWN),
        ("block in all fragment", ACCEPT),
        ('anchor "com.apple/*" all', UNKNOWN),
        ('block drop in quick all\nanchor "com.apple/*" all', DROP),
        ('anchor "x" quick {\n  pass in proto tcp to port 5000\n}\nblock in all', ACCEPT),
        ('anchor "x" {\n  pass in proto tcp to port 5000\n}\nblock in all', DROP),
        ('block in all\nanchor "x" in on em0 {\n  pass in proto tcp to port 5000\n}', ACCEPT),
        ('block in all\nanchor "x" in on em1 {\n  pass in quick proto tcp to port 5000\n}', DROP),
        ('block in all\nanchor "x" {\n  pass in proto tcp to port 5000', UNKNOWN),
        ("Status: Disabled                              Debug: Urgent\nblock drop all", ACCEPT),
        ("Status: Enabled for 1 days 00:00:00           Debug: Urgent", UNKNOWN),
        ('ext = "em0"\nports = "{ 80 5000 }"\nblock in on $ext proto tcp to port $ports', DROP),
        ("@0 block drop in all\n@1 pass in quick proto tcp from any to any port = 5000 flags S/SA keep state\n"
         "  [ Evaluations: 7  Packets: 1  Bytes: 60  States: 0 ]", ACCEPT),
        ("TRANSLATION RULES:\nFILTER RULES:\n\nSTATES:\nall tcp 10.0.0.1:1 <- 10.0.0.2:2  ESTABLISHED:ESTABLISHED\n"
         "INFO:\nStatus: Enabled for 0 days 00:00:01  Debug: None\n", ACCEPT),
    ],
)  # fmt: skip
def test_one_packet(text: str, expected: Verdict) -> None:
    assert verdict(text) is expected


REDIRECT = "rdr {}on em0 inet proto tcp from any to any port = 5000 -> 127.0.0.1 port 8080\nblock drop all\n"


def test_redirection_comes_before_the_filter() -> None:
    passes = "pass in proto tcp from any to 127.0.0.1 port = 8080 flags S/SA keep state"
    found = judge(REDIRECT.format("") + passes, packet())
    assert found.verdict is ACCEPT
    assert [arrival.packet.destination_port for arrival in found.arrivals] == [8080]
    assert verdict(REDIRECT.format("") + passes.replace("8080", "5000")) is DROP
    assert verdict(REDIRECT.format("pass ")) is ACCEPT
    assert verdict(REDIRECT.format("pass "), port=5001) is DROP


def test_pass_rules_that_redirect_do_so_where_they_decide() -> None:
    rule = "pass in inet proto tcp from any to any port = 5000 rdr-to 127.0.0.1 port 8080\n"
    found = judge("block drop in all\n" + rule, packet())
    assert found.verdict is ACCEPT
    assert [arrival.packet.destination_port for arrival in found.arrivals] == [8080]
    assert verdict("block drop in all\n" + rule, port=5001) is DROP
    assert verdict(rule + "block drop in all") is DROP
    assert (
        verdict("match in inet proto tcp to port 5000 rdr-to 127.0.0.1 port 8080\nblock in to port 5000")
        is ACCEPT
    )


def test_the_rule_that_decides_is_named_with_its_place() -> None:
    found = judge("pass in all\nblock drop in proto tcp to port 5000\npass in proto udp all", packet())
    assert found.decided_by is not None
    assert found.decided_by.rule is not None
    assert (found.decided_by.rule.position, found.decided_by.rule_text) == (
        2,
        "block drop in proto tcp to port 5000",
    )


def test_anchors_that_were_read_apart_are_followed_by_name() -> None:
    system = PfSystem()
    system.anchors = {
        "com.apple/200.AirDrop": parse_pf("pass in proto tcp to port 5000").rules,
        "com.apple/250.ApplicationFirewall": parse_pf("block drop in quick proto tcp to port 5000").rules,
    }
    assert judge('anchor "com.apple/*" all', packet(), system).verdict is DROP


def test_packets_without_what_a_rule_needs_are_unknown() -> None:
    assert verdict("block in from any to (em0)", interface_addresses=()) is UNKNOWN
    assert verdict("block in on em0", in_interface=None) is UNKNOWN
    assert verdict("block in on lo0", in_interface=None) is ACCEPT


def naive(rules: list[dict[str, Any]], asked: Packet) -> str:
    """The last rule that matches decides, unless one with quick ends the walk; none: pass."""
    decision = "pass"
    for rule in rules:
        fits = rule["direction"] in ("in", "") and asked.destination_port in rule["ports"]
        fits = fits and any((asked.source in ip_network(net)) is not negated for net, negated in rule["nets"])
        if fits and rule["interface"] in ("", asked.in_interface):
            decision = rule["action"]
            if rule["quick"]:
                break
    return decision


def _generate(rng: random.Random) -> tuple[list[dict[str, Any]], str]:
    plain, lines = [], []
    for _ in range(rng.randint(0, 12)):
        low = rng.choice([80, 4999, 5000])
        rule: dict[str, Any] = {
            "action": rng.choice(["pass", "block"]), "direction": rng.choice(["in", "in", "out", ""]),
            "quick": rng.random() < 0.3, "interface": rng.choice(["", "em0", "em1"]),
            "ports": rng.choice([range(65536), range(low, low + 1), range(low, low + 3)]),
            "nets": rng.sample([("192.168.77.0/24", False), ("10.0.0.0/8", False), ("192.168.77.16/28", True),
                                ("0.0.0.0/0", False)], rng.randint(1, 2)),
        }  # fmt: skip
        ports: range = rule["ports"]
        nets = ", ".join(("! " if negated else "") + net for net, negated in rule["nets"])
        words = [rule["action"], "drop" if rule["action"] == "block" else "", rule["direction"]]
        words += ["quick" if rule["quick"] else "", f"on {rule['interface']}" if rule["interface"] else ""]
        words += ["inet proto tcp from", f"{{ {nets} }}" if len(rule["nets"]) > 1 else nets, "to any"]
        if len(ports) < 65536:
            words.append(f"port {ports[0]}:{ports[-1]}" if len(ports) > 1 else f"port = {ports[0]}")
        plain.append(rule)
        lines.append(" ".join(word for word in words if word))
    return plain, "\n".join(lines)


@pytest.mark.parametrize("seed", range(200))
def test_agrees_with_a_naive_interpreter(seed: int) -> None:
    rng = random.Random(seed)
    plain, text = _generate(rng)
    for _ in range(6):
        asked = packet(
            rng.choice([80, 4999, 5000, 5001, 9]), in_interface=rng.choice(["em0", "em1"]),
            source=ip_address(rng.choice(["192.168.77.20", "192.168.77.40", "10.1.2.3"])), state="new",
        )  # fmt: skip
        found = judge(text + "\npass out quick all", asked)
        let_in = not any(stop.leg == "syn" for stop in found.stops)
        assert let_in == (naive(plain, asked) == "pass"), text


def _files(folder: str) -> list[Path]:
    return sorted(path for path in (CORPUS / folder).rglob("*") if path.is_file()) if CORPUS.is_dir() else []


needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus of recorded outputs is not beside the checkout"
)


@needs_corpus
@pytest.mark.parametrize("path", _files("regress"), ids=lambda path: path.name)
def test_regression_files_are_printed_as_they_were_read(path: Path) -> None:
    text = path.read_text()
    found = parse_pf(text)
    assert found.problems == []
    assert write_all(found.items) == [unnumbered(line.rstrip()) for line in text.splitlines() if line.strip()]


@needs_corpus
@pytest.mark.parametrize("path", _files("."), ids=lambda path: path.name)
def test_every_recorded_file_is_read_or_refused_with_a_sentence(path: Path) -> None:
    text = decode(path.read_bytes())
    if not is_pf(text):
        with pytest.raises(ParseError):
            parse_pf(text)
        return
    for port in (22, 80, 5000):
        assert judge(text, packet(port)).verdict in Verdict


@needs_corpus
@pytest.mark.parametrize(
    ("name", "rules"),
    [("fwbuilder_pf-hosts-matches.conf", 34), ("fwbuilder_pf-port-matches.conf", 62), ("pfre_pf.conf", 46),
     ("macos_ip_blocking_conf.txt", 8), ("macos10_pfctl_sa.txt", 4), ("openbsd_pf18.ok", 20)],
)  # fmt: skip
def test_no_rule_of_a_recorded_file_is_lost(name: str, rules: int) -> None:
    (path,) = CORPUS.rglob(name)
    assert len(parse_pf(path.read_text()).rules) == rules


def test_five_thousand_rules_in_200_ms() -> None:
    text = "block drop in all\n" + "\n".join(
        f"pass in on em0 inet proto tcp from 10.{at // 250}.{at % 250}.0/24 to any port = {6000 + at % 500} "
        "flags S/SA keep state" for at in range(5000)
    )  # fmt: skip
    best = 9.0
    for _ in range(3):
        started = time.process_time()
        assert verdict(text) is DROP
        best = min(best, time.process_time() - started)
    assert best < 0.2, f"{best * 1000:.0f} ms"


@pytest.mark.parametrize(
    "text", ["", "hello", "Windows IP Configuration\n", "eth0: flags=4163<UP>  mtu 1500\n"]
)
def test_what_is_no_ruleset_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        parse_pf(text)
