"""Take the pictures of the page that the README shows: ``python -m tests.lab.serve.shots FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.lab.build import build
from tests.lab.serve.case import begin, browse, end
from tests.lab.serve.scenarios import SCENARIOS


def main() -> None:
    """A phone before a server that listens for itself only, and the computer's own view of it."""
    folder = Path(sys.argv[1]).resolve()
    scenario = next(one for one in SCENARIOS if one.name == "loopback")
    with build(scenario.lab()) as lab:
        phone, owner = begin(lab)
        browse(lab, phone, f"--size 360x740 --shot {folder}/serve-phone.png")
        wait = "--wait '#answer.blocked'"
        browse(lab, owner, f"--size 1100x900 {wait} --shot {folder}/serve-computer.png", on="server")
        end(lab)


if __name__ == "__main__":
    main()
