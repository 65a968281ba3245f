"""How much of all packets real rulesets decide for certain: ``python bench/decided.py [WORST]``.

For each saved ruleset of the corpus with rules for IPv4: the share of (protocol, port, source) that is accepted,
dropped or rejected for certain, over every interface that its rules tell apart, every own address and every source
port. Prints the median, and the rulesets of which least is decided with what leaves them open.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from landiag.firewall.regions import Regions, find_regions  # noqa: E402
from landiag.firewall.scope import Scope, is_linux  # noqa: E402
from landiag.model.packet import Packet  # noqa: E402
from landiag.model.ruleset import Ruleset, Verdict  # noqa: E402
from tests.firewall.agreement import corpus_rulesets  # noqa: E402

WANTED = 0.97
WORST = 8


def regions_of(ruleset: Ruleset) -> Regions | None:
    """The regions of all IPv4 packets to the host; None where no rule is for IPv4."""
    scope = Scope.of_saved(ruleset, Packet())
    if 4 not in scope.versions:
        return None
    scope.versions = (4,)
    return find_regions(ruleset, scope)


def decided(found: Regions) -> float:
    """The share of packets whose fate is certain."""
    known = total = 0
    for kind, cells in found.cells.items():
        for cell in cells:
            size = found.universes[kind.version].count(cell.space)
            total += size
            known += size if cell.verdict is not Verdict.UNKNOWN else 0
    return known / total if total else 1.0


def open_by(found: Regions) -> str:
    """The rule that leaves most packets open."""
    sizes: Counter[str] = Counter()
    for kind, cells in found.cells.items():
        for cell in cells:
            if cell.verdict is Verdict.UNKNOWN:
                line = cell.decided_by
                why = "too many kinds of packets" if line is None else line.rule_text
                sizes[why] += found.universes[kind.version].count(cell.space)
    return next((why for why, _ in sizes.most_common(1)), "")


def main() -> None:
    """Print the figure."""
    worst = int(sys.argv[1]) if len(sys.argv) > 1 else WORST
    began, shares = time.process_time(), []
    for name, ruleset in corpus_rulesets():
        found = regions_of(ruleset)
        if found is not None:
            shares.append((decided(found), name, open_by(found), is_linux(ruleset)))
    shares.sort()
    values = [share for share, *_ in shares]
    of_linux = [share for share, _, _, linux in shares if linux]
    enough = sum(share >= WANTED for share in values)
    print(
        f"{len(values)} rulesets in {time.process_time() - began:.0f} s; {enough} decide {WANTED:.0%} or more"
    )
    print(f"the median decides {statistics.median(values):.2%} (Linux: {statistics.median(of_linux):.2%})")
    for share, name, why, _ in shares[:worst]:
        print(f"  {share:7.2%} {name}: {why[:110]}")


if __name__ == "__main__":
    main()
