"""Take the pictures of the page that the README shows: ``python -m tests.lab.serve.shots FOLDER``."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from tests.lab.build import build
from tests.lab.hosts import PROJECT
from tests.lab.scenario import Scenario, sh
from tests.lab.serve.case import begin, browse, end
from tests.lab.serve.scenarios import SCENARIOS


def main() -> None:
    """A phone before a server that listens for itself only, and the computer's own view of it."""
    folder = Path(sys.argv[1]).resolve()
    with build(_shop()) as lab:
        phone, owner = begin(lab)
        browse(lab, phone, f"--size 360x740 --shot {folder}/serve-phone.png")
        wait = "--wait '#answer.blocked'"
        browse(lab, owner, f"--size 1100x900 {wait} --shot {folder}/serve-computer.png", on="server")
        end(lab)


def _shop() -> Scenario:
    """The scenario with a virtual environment in the project, as people have it."""
    scenario = next(one for one in SCENARIOS if one.name == "loopback").lab()
    own = replace(scenario.servers[0], command=f".venv/bin/{scenario.servers[0].command}")
    return replace(scenario, before=(sh(f"ln -s {sys.prefix} {PROJECT}/.venv"),), servers=(own,))


if __name__ == "__main__":
    main()
