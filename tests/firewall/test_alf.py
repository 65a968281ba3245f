"""The application firewall of macOS: every version's sentences, and what they do with a program's packets."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from landiag.firewall.alf import Alf, Signature, is_alf, lower_alf, parse_alf, parse_signature
from landiag.firewall.engine.legs import Follower
from landiag.firewall.engine.surroundings import SavedSurroundings
from landiag.model.facts import ParseError
from landiag.model.packet import Packet
from landiag.model.ruleset import Verdict

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "macos"
PYTHON = (
    "/opt/homebrew/Cellar/python@3.12/3.12.4/Frameworks/Python.framework/Versions/3.12/Resources/Python.app"
)
BINARY = PYTHON + "/Contents/MacOS/Python"

OLD = f"""ALF: total number of apps = 2\x20

1 :  {PYTHON}\x20
 \t ( Block incoming connections )\x20

2 :  /usr/local/bin/node\x20
 \t ( Allow incoming connections )\x20

"""
NEW = f"""Total number of apps = 2
1 : {PYTHON}
(Block incoming connections)
2 : /usr/local/bin/node
(Allow incoming connections)
"""


def verdict(alf: Alf, program: str | None = BINARY, who: Signature | None = None) -> Verdict:
    packet = Packet(5000, source=ip_address("10.0.0.2"), destination=ip_address("10.0.0.1"), program=program)
    known = {} if program is None or who is None else {program: who}
    return Follower(lower_alf(alf, known), SavedSurroundings(packet)).follow(packet).verdict


@pytest.mark.parametrize("text", [OLD, NEW, OLD.replace("\n \t (", " (")], ids=["old", "new", "one line"])
def test_every_version_of_the_list(text: str) -> None:
    alf = parse_alf("Firewall is enabled. (State = 1)\n" + text)
    assert alf.apps == ((PYTHON, False), ("/usr/local/bin/node", True))
    assert verdict(alf) is Verdict.DROP
    assert verdict(alf, "/usr/local/bin/node") is Verdict.ACCEPT
    assert verdict(alf, "/usr/local/bin/node2") is Verdict.UNKNOWN


def test_a_list_that_is_cut_off_is_unknown() -> None:
    alf = parse_alf("Firewall is enabled. (State = 1)\n" + OLD.replace("apps = 2", "apps = 7"))
    assert alf.problems
    assert verdict(alf, "/usr/local/bin/other") is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Firewall is disabled. (State = 0)", Verdict.ACCEPT),
        ("Firewall is blocking all non-essential incoming connections. (State = 2)", Verdict.DROP),
        ("Firewall is enabled. (State = 1)\nFirewall has block all state set to enabled.", Verdict.DROP),
        ("Firewall is enabled. (State = 1)\nBlock all DISABLED!", Verdict.UNKNOWN),
        ("Firewall has block all state set to disabled.", Verdict.UNKNOWN),
    ],
)
def test_states(text: str, expected: Verdict) -> None:
    assert verdict(parse_alf(text)) is expected


SIGNED = "Automatically allow built-in signed software ENABLED.\nAutomatically allow downloaded signed software {}.\n"
LIST = "Firewall is enabled. (State = 1)\nALF: total number of apps = 0\n"


def test_signatures_decide_about_programs_without_entry() -> None:
    alf = parse_alf(LIST + SIGNED.format("ENABLED"))
    assert verdict(alf, who=Signature.DEVELOPER) is Verdict.ACCEPT
    assert verdict(alf, who=Signature.NONE) is Verdict.DROP
    assert verdict(alf) is Verdict.UNKNOWN
    assert verdict(alf, "/usr/bin/nc") is Verdict.ACCEPT
    assert verdict(parse_alf(LIST + SIGNED.format("DISABLED")), who=Signature.DEVELOPER) is Verdict.DROP
    assert verdict(alf, None) is Verdict.UNKNOWN


def test_the_signature_of_a_program() -> None:
    assert parse_signature('designated => identifier "com.apple.nc" and anchor apple\n') is Signature.APPLE
    assert parse_signature('# designated => cdhash H"ab12"\n') is Signature.NONE
    developer = (
        'designated => anchor apple generic and identifier "org.python.python" and certificate leaf[x]\n'
    )
    assert parse_signature(developer) is Signature.DEVELOPER
    with pytest.raises(ParseError):
        parse_signature("")


def test_the_profiler_of_later_versions() -> None:
    text = """{"SPFirewallDataType": [{"spfirewall_globalstate": "spfirewall_globalstate_limit_connections",
    "spfirewall_stealthenabled": "Yes", "spfirewall_applications": {"/a": "spfirewall_block_all"}}]}"""
    alf = parse_alf(text)
    assert (alf.state, alf.stealth, alf.apps) == (1, True, (("/a", False),))


@pytest.mark.parametrize("text", ["", "Firewall", "zsh: command not found: socketfilterfw"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        parse_alf(text)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of recorded outputs is not beside the checkout")
def test_recorded_outputs() -> None:
    for path in CORPUS.glob("socketfilterfw_*"):
        for line in [path.read_text()] if "listapps" in path.name else path.read_text().splitlines():
            alf = parse_alf(line)
            assert alf != Alf(), line
            assert is_alf(line) or "tealth" in line
