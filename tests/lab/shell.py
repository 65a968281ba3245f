"""Enter a built scenario by hand: ``python -m tests.lab.shell SCENARIO [HOST]``; Ctrl-D ends it all."""

from __future__ import annotations

import subprocess
import sys

from tests.lab.build import build
from tests.lab.hosts import PROJECT
from tests.lab.older import missing
from tests.lab.scenarios import SCENARIOS


def main() -> int:
    """Build the scenario named first and open a shell as root on the host named second (``server``)."""
    name, host, *command = [*sys.argv[1:], *["", "server"][len(sys.argv) - 1 :]]
    for scenario in SCENARIOS:
        if scenario.name == name:
            print(f"{scenario.fault}; the client gets: {scenario.truth}", file=sys.stderr)
            missing(scenario.needs)
            with build(scenario) as lab:
                lab.host(host).run(
                    "mount -t tmpfs -o mode=755 tmpfs /var/lib"
                )  # root's journal, of this host alone
                line = " ".join(command) or "exec bash --norc -i"
                return subprocess.call(lab.host(host).argv(line, folder=PROJECT))
    print("\n".join(f"{scenario.name:32} {scenario.fault}" for scenario in SCENARIOS))
    return 2


if __name__ == "__main__":
    sys.exit(main())
