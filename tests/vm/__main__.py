"""``tests/vm/run [--release bookworm|trixie|both] [--containers] [--keep FOLDER] [--shell] [--list] [SCENARIO...]``."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path

from tests.lab.hosts import LabError
from tests.vm.agent import Guest
from tests.vm.case import Case
from tests.vm.container import Container
from tests.vm.image import RELEASES, BuildError, image_of
from tests.vm.machine import start
from tests.vm.network import Network, build_network
from tests.vm.scenario import Scenario
from tests.vm.scenarios import SCENARIOS


def main() -> int:
    """Run the scenarios that the command line names on each release; 1 where anything is wrong."""
    asked = _arguments()
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(143)
    )  # machines end with the command, however it is ended
    releases = RELEASES if asked.release == "both" else (asked.release,)
    if asked.list:
        print("\n".join(f"{one.name:36} {one.fault}" for one in SCENARIOS))
        return 0
    table: list[str] = []
    wrong = 0
    for release in releases:
        chosen = [one for one in SCENARIOS if release in one.releases and _is_asked(one, asked)]
        try:
            found: dict[str, list[str]] = {}
            for kernel in dict.fromkeys(one.kernel for one in chosen):
                found |= _on(release, kernel, [one for one in chosen if one.kernel == kernel], asked)
        except (BuildError, LabError, OSError, subprocess.SubprocessError) as error:
            print(f"tests/vm/run: {release}: {error}", file=sys.stderr)
            return 1
        wrong += sum(bool(said) for said in found.values())
        table += [f"{release:10}{name:36}{'WRONG' if said else 'right'}" for name, said in found.items()]
    print("\n".join(["", *table, f"{len(table) - wrong} of {len(table)} right"]))
    return 1 if wrong or not table else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("tests/vm/run", description="landiag on whole Debian machines.")
    parser.add_argument("--release", choices=(*RELEASES, "both"), default="both")
    parser.add_argument(
        "--containers", action="store_true", help="in namespaces, on this machine's own kernel: in seconds"
    )
    parser.add_argument("--keep", type=Path, help="a folder for the recordings")
    parser.add_argument(
        "--shell", action="store_true", help="build the scenario, then read commands to type there"
    )
    parser.add_argument("--list", action="store_true", help="name the scenarios and end")
    parser.add_argument("scenarios", nargs="*", help="words that their names hold; none: all")
    return parser.parse_args()


def _is_asked(scenario: Scenario, asked: argparse.Namespace) -> bool:
    named = not asked.scenarios or any(word in scenario.name for word in asked.scenarios)
    return named and not (asked.containers and scenario.own_kernel)


def _on(
    release: str, kernel: str, scenarios: list[Scenario], asked: argparse.Namespace
) -> dict[str, list[str]]:
    """What is wrong with each scenario on one release, whose kernel is started with these words."""
    image = image_of(release)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="landiag-vm-")))
        network = build_network(stack)
        started = time.monotonic()
        made = (network.switch, image, folder)
        machine: Guest = stack.enter_context(
            closing(Container(*made) if asked.containers else start(*made, kernel))
        )
        print(f"{release}: up after {time.monotonic() - started:.0f} s", flush=True)
        keep = asked.keep and asked.keep / release
        cases = {one.name: Case(machine, network, one, keep) for one in scenarios}
        if asked.shell:
            _converse(machine, network, list(cases.values()))
            return {}
        return {name: _found(name, case) for name, case in cases.items()}


def _found(name: str, case: Case) -> list[str]:
    started = time.monotonic()
    try:
        said = list(case.problems())
    except (LabError, subprocess.TimeoutExpired) as error:
        said = [f"the machine: {error}"]
    head = f"  {'WRONG' if said else 'right'} {name} ({time.monotonic() - started:.0f} s)"
    print("\n        ".join([head, *said]), flush=True)
    return said


def _converse(machine: Guest, network: Network, cases: list[Case]) -> None:
    """Build the first scenario named, and type there what stands on standard input; ``client `` goes to the client."""
    if cases:
        cases[0].build()
    for line in sys.stdin:
        if line.startswith("client "):
            done = network.client.run(line.removeprefix("client "), check=False)
            print(done.stdout + done.stderr, end=f"[{done.returncode}]\n", flush=True)
        else:
            answer = machine.run(line, check=False, seconds=120)
            print(answer.out + answer.err, end=f"[{answer.status}]\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
