"""Nothing planted on a machine is left in what is redacted, in any format, in any encoding; the answer is the same."""

from __future__ import annotations

import base64
import json

import pytest

from landiag.cli.files.outputs import RENDERERS
from landiag.host import render_recording
from landiag.model.facts import Reading, ReadStatus
from landiag.model.report import Report
from landiag.redact.documents import redact, redact_everything
from landiag.redact.readings import collect_reading, redact_reading
from landiag.redact.redactor import Redactor
from landiag.render.terminal import Style, render_quiet, render_terminal
from tests.cases import NAMES, is_taken, load, replay
from tests.redact.plant import STEM, found, plant
from tests.redact.test_cases import _shape

TERMINAL = {
    "terminal": lambda report: render_terminal(report, Style(80)),
    "verbose": lambda report: render_terminal(report, Style(200), verbose=True),
    "quiet": render_quiet,
}


def leaks(report: Report) -> list[tuple[str, str]]:
    return [
        (name, place) for name, render in {**RENDERERS, **TERMINAL}.items() for place in found(render(report))
    ]


SAMPLE = 5
"""One case in so many is planted and redacted in each run."""


@pytest.mark.parametrize("name", [name for name in NAMES if is_taken(name, SAMPLE)])
def test_nothing_planted_is_left(name: str) -> None:
    planted = plant(load(name).recording)
    assert found(render_recording(planted)), "nothing is planted: nothing is tested"
    report = replay(planted)
    redacted, done = redact(planted)
    assert done.withheld == ()
    assert found(render_recording(redacted)) == []
    again = replay(redacted)
    assert _shape(again) == _shape(report)
    assert leaks(again) == []
    both, _ = redact_everything((planted, report))
    alone, _ = redact(report)
    for one in (both[1], alone):
        assert isinstance(one, Report)
        assert _shape(one) == _shape(report)
        assert leaks(one) == []


PACKED = base64.b64encode(f"220 {STEM}.example.org ESMTP {STEM}".encode()).decode()
OTHERS = {
    f"resolve name={STEM}.local": {"name": f"{STEM}.local", "addresses": ["192.168.77.9"], "error": STEM},
    "host-names": {
        "names": [f"{STEM}.lan", f"{STEM}._http._tcp.local"],
        "hosts": {f"{STEM}2": "192.168.77.9"},
    },
    "name-servers": {"servers": ["192.168.77.1"], "search": [f"{STEM}.intra"], "name": STEM},
    f"tls address=192.168.77.9 port=443 host={STEM}.org": {
        "subject": f"CN={STEM}.org,O={STEM} GmbH,L={STEM}",
        "issuer": f"CN={STEM} CA",
        "names": [f"*.{STEM}.org", f"{STEM}"],
        "serial": f"{STEM}",
    },
    "tcp address=192.168.77.9 port=25": {"first": {"base64": PACKED, "text": f"220 {STEM}"}},
    "mdns": {
        "services": [{"name": f"{STEM}'s Printer", "target": f"{STEM}-printer.local", "txt": [f"ty={STEM}"]}]
    },
    "wifi": {"ssid": f"{STEM} Net", "bssid": "3c:52:82:aa:bb:cc"},
}
TEXTS = {
    "nft-ruleset": f"""table inet {STEM}t {{
  set {STEM}s {{ type ipv4_addr; elements = {{ 10.1.2.3 comment "{STEM}" }} }}
  chain {STEM}c {{ comment "{STEM}"; iifname "{STEM}0" ip saddr @{STEM}s log prefix "{STEM} " jump {STEM}d }} }}""",
    "iptables-save": f"""*filter
:{STEM.upper()} - [0:0]
-A INPUT -i {STEM}0 -m comment --comment "{STEM} x" -m set --match-set {STEM}set src -j {STEM.upper()}
-A INPUT -m string --string "{STEM}" --algo bm -j LOG --log-prefix "{STEM}"
COMMIT""",
    "ipset-save": f'create {STEM} hash:ip comment\nadd {STEM} 10.1.2.3 comment "{STEM}"',
    "file:/etc/hosts": f"127.0.1.1 {STEM}\n192.168.77.3 {STEM}.{STEM}.example {STEM.upper()}",
    "file:/etc/ufw/user.rules": f"### tuple ### allow tcp 5000 any in comment={STEM.encode().hex()}",
    f"unit {STEM}.service": f"Description={STEM}\nExecStart=/opt/{STEM}/run",
    "netsh-rules": f"Rule Name:   {STEM} in\nDescription: {STEM}\nProgram: C:\\{STEM}\\{STEM}.exe",
    "ipconfig": f"   Host Name . . . . : {STEM}\n   DNS Suffix : {STEM}.corp\n   Description: {STEM} VPN",
    "hardware-ports": f"Hardware Port: {STEM} Dock\nDevice: en7",
    "pf-rules": f'anchor "{STEM}/*" all\ntable <{STEM}> persist\nblock in on {STEM}0 from <{STEM}> label "{STEM}"',
}


@pytest.mark.parametrize("source", [*OTHERS, *TEXTS])
def test_nothing_planted_is_left_in_other_readings(source: str) -> None:
    text = json.dumps(OTHERS[source]) if source in OTHERS else TEXTS[source]
    reading = Reading(
        source, ReadStatus.OK, data=text.encode(), argv=("tool", STEM, f"--x={STEM}"), detail=STEM
    )
    redactor = Redactor()
    collect_reading(redactor, reading)
    redactor.freeze()
    done = redact_reading(redactor, reading)
    assert done.status is ReadStatus.OK
    assert (
        found("\n".join([done.source, done.text, *(done.argv or ()), done.detail, done.remedy or ""])) == []
    )
