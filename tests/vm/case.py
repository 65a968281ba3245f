"""One scenario on a machine, from its fault to the client that connects at last; what is wrong, a sentence each."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.lab.client import EXCHANGE, measure
from tests.lab.hosts import Host
from tests.lab.symptom import judge_symptom
from tests.lab.verdicts import Answer, judge, judge_text
from tests.vm.agent import Guest
from tests.vm.network import Network
from tests.vm.paste import carry_out, first_fix, type_lines
from tests.vm.scenario import Scenario

RECORDING = "/root/case.json"
SLOW = "--timeout 40"  # the emulated machine is some ten times slower than a real one
PATIENCE = 5.0


class Case:
    """One scenario while it runs."""

    def __init__(self, machine: Guest, network: Network, scenario: Scenario, keep: Path | None) -> None:
        """Keep the recording in the folder ``keep``, where there is one."""
        self._machine, self._network, self._scenario, self._keep = machine, network, scenario, keep

    def problems(self) -> Iterator[str]:
        """Build it, measure the client's truth, ask landiag, follow its fix and take it back."""
        self.build()
        scenario = self._scenario
        truth = self._wait_for(scenario.truth)
        if truth not in scenario.truth.split("|"):
            yield f"the client gets {truth}, not {scenario.truth}"
            return
        answer = self._ask(f"--json --save {RECORDING}")
        recording = self._machine.run(f"cat {RECORDING}", check=False).out
        self._store(recording)
        yield from judge(answer, scenario.expected)
        if not answer.report:
            return
        yield from judge_symptom(answer.report, truth)
        yield from _wording(answer.report, scenario)
        yield from replayed(recording, scenario)
        if scenario.as_user is not None:
            yield from judge(self._ask("--json", user="ada"), scenario.as_user)
        for line, words in scenario.also:
            said = self._machine.run(line, check=False, seconds=300)
            if words not in said.out:
                yield f"{line} does not say {words}: {(said.out + said.err)[-800:]}"
        if scenario.fixed:
            yield from self._mended(answer.report)

    def build(self) -> None:
        """Put the machine back to where it had booted, and bring the fault about."""
        machine, scenario = self._machine, self._scenario
        machine.restore()
        for path, text in scenario.files.items():
            machine.write(path, text)
        machine.run(f"set -e\n{scenario.setup}", seconds=120)
        if scenario.reboots:
            machine.reboot()
        if scenario.visits:
            self._wait(scenario.listens)
            self._network.client.run(scenario.visits)
        self._wait(scenario.is_ready)

    def _wait(self, line: str) -> None:
        self._machine.run(f"for i in $(seq 200); do {line} && exit; sleep 0.2; done; exit 1", seconds=120)

    def _measure(self) -> str:
        scenario = self._scenario
        if scenario.who in ("client", "branch"):
            host: Host = getattr(self._network, scenario.who)
            return measure(host, scenario.address, scenario.port, scenario.scheme, patience=PATIENCE)
        line = f"{scenario.address} {scenario.port} {scenario.scheme} 1 '' {PATIENCE}"
        self._machine.write("/root/exchange.py", EXCHANGE.read_text())
        done = self._machine.run(f"ip netns exec {scenario.who} python3 -I -S /root/exchange.py {line}")
        return done.out.strip()

    def _ask(self, more: str, user: str = "root") -> Answer:
        """Type ``landiag check``."""
        line = f"check --port {self._scenario.port} {self._scenario.options} {SLOW} {more}"
        done = self._machine.run(f"landiag {line}", user=user, check=False, seconds=300)
        return Answer(line, done.status, done.out, done.err, 0.0)

    def _store(self, recording: str) -> None:
        if self._keep is not None:
            self._keep.mkdir(parents=True, exist_ok=True)
            (self._keep / f"{self._scenario.name}.json").write_text(recording)

    def _mended(self, report: dict[str, Any]) -> Iterator[str]:
        """After the fix the client connects; after the undo all is as before."""
        fix = first_fix(report)
        if fix is None:
            yield f"no fix for {report['verdict']['cause']}"
            return
        yield from carry_out(self._machine, self._scenario, fix)
        if (after := self._wait_for(self._scenario.fixed)) != self._scenario.fixed:
            yield f"after the fix {fix['commands'] or fix['steps']} the client gets {after}"
            return
        if fix["undo"]:
            yield from type_lines(self._machine, fix["undo"])
            if (undone := self._wait_for(self._scenario.truth)) not in self._scenario.truth.split("|"):
                yield f"after the undo {fix['undo']} the client gets {undone}"

    def _wait_for(self, wanted: str) -> str:
        """What the client gets; a server that was just started has some seconds to be ready."""
        deadline = time.monotonic() + 25
        while (found := self._measure()) not in wanted.split("|") and time.monotonic() < deadline:
            time.sleep(1)
        return found


def replayed(recording: str, scenario: Scenario) -> Iterator[str]:
    """The recording says the same on another machine, for people and as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        case, said = Path(folder) / "case.json", Path(folder) / "said.json"
        case.write_text(recording)
        line = f"check --port {scenario.port} {scenario.options} {SLOW} --replay {case} --output {said}"
        argv = [sys.executable, "-m", "landiag", *line.split()]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
        text = Answer(line, done.returncode, done.stdout, done.stderr, 0.0)
        yield from judge_text(text)
        output = said.read_text() if said.exists() else ""
        yield from judge(Answer(line, text.status, output, "", 0.0), scenario.expected)


def _wording(report: dict[str, Any], scenario: Scenario) -> Iterator[str]:
    """Whether the finding that decides names what it must, and no fix what it may not."""
    cause = scenario.cause or report["verdict"]["cause"]
    telling = json.dumps([one for one in report["findings"] if one["code"] == cause], ensure_ascii=False)
    fixes = json.dumps([one["fixes"] for one in report["findings"]], ensure_ascii=False)
    missing = [word for word in scenario.says if word not in telling.replace('\\"', '"')]
    if missing:
        yield f"its finding does not say {missing}: {telling[:1500]}"
    wrong = [word for word in scenario.never if word in fixes]
    if wrong:
        yield f"a fix says {wrong}: {fixes[:800]}"
