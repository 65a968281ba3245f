"""A Mac and the BSDs from their readings: what only root may read, anchors with odd names, silence."""

from __future__ import annotations

import pytest

from landiag.collect import bsd, bsd_firewalls, bsd_sources
from landiag.collect.machine import parse_machine
from landiag.firewall.alf import Signature
from landiag.host import Recorder
from landiag.model.facts import Reading, ReadStatus, Unknown
from landiag.model.host import Facts
from landiag.model.ruleset import Ruleset
from tests.machines import bsd as made
from tests.machines.exchanges import Synthetic


def facts_of(host: Synthetic, platform: str = "darwin") -> tuple[Facts, dict[str, Reading]]:
    recorder = Recorder(host)
    who = parse_machine(made.machine(platform))
    recorder.read_all(bsd_sources.FIRST[who.os], float("inf"))
    facts = bsd.parse_facts(recorder.readings, who)
    recorder.read_all(bsd.plan(facts, recorder.readings), float("inf"))
    facts = bsd.complete_facts(facts, recorder.readings)
    recorder.read_all(bsd.plan_owners(facts), float("inf"))
    return bsd.complete_facts(facts, recorder.readings), recorder.readings


def test_the_facts_of_a_mac() -> None:
    facts, _ = facts_of(made.mac())
    assert not isinstance(facts.interfaces, Unknown)
    assert [(one.name, one.kind) for one in facts.interfaces] == [
        ("lo0", "loopback"), ("en0", "wifi"), ("bridge100", "bridge"), ("utun3", "vpn"),
    ]  # fmt: skip
    assert not isinstance(facts.sockets, Unknown)
    assert [(str(one.address), one.port, one.pids) for one in facts.sockets] == [
        ("0.0.0.0", 5000, (made.PID,))
    ]
    assert isinstance(facts.ruleset, Ruleset)
    assert {key[0] for key in facts.ruleset.tables} == {"pf", "alf"}


def test_the_program_that_listens_is_asked_for_its_signature() -> None:
    texts = {**made.alf(made.ALF_ON), f"codesign {made.PYTHON}": '# designated => cdhash H"00"\n'}
    _, readings = facts_of(made.mac(texts=texts))
    assert bsd_firewalls.read_signatures(readings) == {made.PYTHON: Signature.NONE}


def test_pf_that_only_root_may_read_is_unknown_not_off() -> None:
    _, readings = facts_of(made.mac(denied=made.NOT_ROOT))
    system = bsd_firewalls.read_pf(readings)
    assert "Permission denied" in system.doubt
    assert len(system.gaps) == 2


def test_pf_that_is_disabled_needs_no_rules() -> None:
    _, readings = facts_of(made.mac(texts={"pf-info": made.PF_DISABLED}))
    assert bsd_firewalls.read_pf(readings).enabled is False


def test_anchors_and_tables_are_read_by_name_and_odd_names_never_passed_on() -> None:
    texts = made.pf("block drop in quick from <bad> to any\n", tables={"bad": "10.0.0.0/8\n!10.1.1.1\n"})
    texts["pf-anchors"] = "  com.apple\n  -Fall\n  a;b\n  $(x)\n  com.apple/250.ApplicationFirewall\n"
    _, readings = facts_of(made.mac(texts=texts))
    asked = [name for name in readings if name.startswith("pf-rules ")]
    assert asked == ["pf-rules com.apple", "pf-rules com.apple/250.ApplicationFirewall"]
    found = bsd_firewalls.read_pf(readings)
    assert [str(network) for network, _ in found.tables["bad"].networks] == ["10.0.0.0/8", "10.1.1.1/32"]
    assert set(found.unread) == {"com.apple", "com.apple/250.ApplicationFirewall"}


@pytest.mark.parametrize(
    "name", ["alf-getglobalstate", "alf-listapps", "netstat-tcp", "ifconfig", "netstat-routes"]
)
def test_silence_with_status_0_is_unknown(name: str) -> None:
    texts = {**made.alf(made.ALF_ON, (made.PYTHON_APP, True)), name: ""}
    facts, readings = facts_of(made.mac(texts=texts))
    alf = bsd_firewalls.read_alf(readings)
    unknown = [facts.sockets, facts.interfaces, facts.routes, alf.state, alf.problems or ("ok",)]
    assert any(isinstance(one, Unknown) or one is None for one in unknown) or alf.problems


def test_owners_that_lsof_knows_are_added() -> None:
    listed = "COMMAND PID USER FD TYPE DEVICE SIZE/OFF NODE NAME\nPython 99 anna 3u IPv4 0x1 0t0 TCP *:5000 (LISTEN)\n"
    plain = "Proto Recv-Q Send-Q  Local Address  Foreign Address  (state)\ntcp4 0 0 *.5000 *.* LISTEN\n"
    facts, _ = facts_of(made.mac(texts={"netstat-tcp": plain, "lsof-listeners": listed}))
    assert not isinstance(facts.sockets, Unknown)
    assert [one.pids for one in facts.sockets] == [(99,)]


def test_damaged_readings_are_unknown_never_an_error() -> None:
    names = (
        "ifconfig",
        "netstat-tcp",
        "netstat-routes",
        "arp",
        "pf-info",
        "pf-rules",
        "alf-listapps",
        "lsof-listeners",
    )
    for name in names:
        for text in (
            "",
            "\0\1",
            "tcp4 0 0 x y LISTEN",
            "en0: flags=1<UP> mtu x",
            "pass in from {",
            'anchor "x" {',
        ):
            assert facts_of(made.mac(texts={name: text}))[0].os == "macos"


def test_freebsd_and_openbsd() -> None:
    for platform, os in (("freebsd14", "freebsd"), ("openbsd7", "openbsd")):
        facts, readings = facts_of(made.bsd(platform), platform)
        assert facts.os == os
        assert not isinstance(facts.sockets, Unknown)
        assert [one.port for one in facts.sockets] == [5000]
        assert readings["pf-rules"].status is ReadStatus.OK
