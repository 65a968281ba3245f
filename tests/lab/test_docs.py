"""The lines of landiag that the pages show, run as they stand on a host of the lab: none is refused, none is a bug."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.lab.build import build
from tests.lab.hosts import PROJECT
from tests.lab.network import SERVER, Lab
from tests.lab.scenarios import SCENARIOS
from tests.project.pages.typed import quoted, refusal, typed

pytestmark = pytest.mark.lab

ROOT = Path(__file__).parents[2]
PAGES = (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
BEGUN = """
mount -t tmpfs -o mode=755 tmpfs /var/lib
mkdir begun; cd begun; mkdir recordings outcomes; mv ../web-2.json recordings; mv ../client.json .
landiag check --port 5000 --save case.json --json > works.json
for copy in fails yesterday today server report; do cp works.json $copy.json; done
landiag record --output web-1.json.gz && cp web-1.json.gz recordings
landiag watch --port 5000 --duration 1 --save seen.json
landiag fleet init recordings --output policy.toml
landiag fleet probes recordings --port 5432 | sed 's/}$/, "outcome": "refused"}/' > outcomes/web-1.jsonl
printf '*filter\\n:INPUT ACCEPT [0:0]\\nCOMMIT\\n' > rules.v4
echo '{"destination_port": 5000}' > tests.jsonl
"""
"""The files that the lines name, beside those that the client makes."""

PLACEHOLDERS = {"FILE": "case.json", "DIR": "recordings", "CODE": "nothing-listening"}
SHORTER = {"watch": "--duration 1", "serve": "--duration 1", "probe": "--timeout 3"}
"""What goes on until somebody ends it, or asks a whole network that is not there."""

BEFORE = {"undo": "landiag check --port 5000 --fix --yes"}
"""What a line needs to have anything to do."""

ANSWERS = (0, 1, 3)


def lines() -> Iterator[str]:
    """Every line that can be typed, once."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        whole = [one for one in quoted(text) if not refusal(*one)]
        yield from (
            f"{command} {rest.partition(' #')[0].strip()}".strip() for command, rest in [*typed(text), *whole]
        )


LINES = sorted(set(lines()), key=lambda line: ("--forget" in line, line))
"""What undo forgets stays as it is: that comes last."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    scenario = next(one for one in SCENARIOS if one.name == "ufw-enabled")
    with build(scenario) as built:
        built.client.run(f"landiag probe {SERVER} --port 5000 --json > /srv/client.json", check=False)
        built.client.run("landiag record --output /srv/web-2.json")
        for name in ("client.json", "web-2.json"):
            built.server.write(f"{PROJECT}/{name}", built.client.read(f"/srv/{name}"))
        built.server.run(BEGUN, folder=PROJECT, check=False)
        yield built


@pytest.mark.parametrize("command", sorted({line.split()[0] for line in LINES}))
def test_lines_of_a_command_give_an_answer(lab: Lab, command: str) -> None:
    mine = [line for line in LINES if line.split()[0] == command]
    wrong = [(line, done.stdout) for line in mine if not _is_answer(done := _type(lab, line))]
    assert wrong == []


def _is_answer(done: CompletedProcess[str]) -> bool:
    return done.returncode in ANSWERS and bool(done.stdout.strip())


def _type(lab: Lab, line: str) -> CompletedProcess[str]:
    """Type a line at a terminal, in a folder with all the files that it names; what asks is told yes."""
    words = [PLACEHOLDERS.get(word, word) for word in line.split()]
    more = "--timeout 3" if "--wait" in words else SHORTER.get(words[0], "")
    folder = f"{PROJECT}/{LINES.index(line)}"
    written = " ".join(name for option, name in pairwise(words) if option in ("--output", "--save"))
    before = BEFORE.get(words[0], ":")
    lab.server.run(f"cp -r begun {folder}; cd {folder}; rm -f {written}; {before}", folder=PROJECT)
    asked = shlex.quote(f"landiag {' '.join(words)} {more}")
    return lab.server.run(f"script -qec {asked} /dev/null", folder=folder, stdin="y\n" * 9, check=False)
