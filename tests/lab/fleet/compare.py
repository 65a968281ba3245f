"""Real connections between the hosts of a fleet, held against the cells of their recordings."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random

from msgspec import Struct, field

from landiag.fleet.exposed import list_cells
from landiag.fleet.fate import Cell, CellVerdict
from landiag.fleet.hosts import make_host
from landiag.fleet.probes import BETWEEN, Outcome, with_outcomes
from landiag.fleet.reach import Reach
from landiag.host import parse_recording
from landiag.model.terms import Symptom
from landiag.record.recorder import write_recorder
from landiag.replay import Rulesets
from tests.lab.fleet.world import PORTS, Member, World
from tests.lab.hosts import Host

TRY = """
import errno, json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def outcome(place):
    address, port = place
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as one:
        one.settimeout(3)
        try:
            one.connect((address, port))
        except socket.timeout:
            return "timeout"
        except OSError as error:
            return {errno.ECONNREFUSED: "refused"}.get(error.errno, "unreachable")
        return "answered"
with ThreadPoolExecutor(64) as pool:
    print(json.dumps(list(pool.map(outcome, json.loads(sys.stdin.read())))))
"""


class Tally(Struct):
    """What was compared. ``wrong`` are sentences, ``verdicts`` counts cells, ``between`` what the router stops."""

    connections: int = 0
    between: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def compare(world: World, connections: int, seed: int) -> Tally:
    """Record every host, draw so many connections, try them, and compare."""
    reach = _record(world)
    tally = Tally(wrong=[f"{host.name}: {host.problem}" for host in reach.hosts if host.problem])
    cells = list(list_cells(reach, PORTS))
    chosen = Random(seed).sample(cells, min(connections, len(cells)))
    members = {one.host.name: one for one in world.members}
    with ThreadPoolExecutor(4) as at_once:
        mine = {name: [cell for cell in chosen if cell.client == name] for name in members}
        said = at_once.map(lambda name: try_cells(members[name].host, mine[name]), mine)
        for name, outcomes in zip(mine, said, strict=True):
            for cell, outcome in zip(mine[name], outcomes, strict=True):
                _count(tally, world, members, cell, Symptom(outcome))
    return tally


def _record(world: World) -> Reach:
    rulesets: Rulesets = {}
    program = write_recorder()

    def read(member: Member) -> str:
        return member.host.run("python3 -I -", stdin=program).stdout

    with ThreadPoolExecutor(2) as at_once:
        texts = list(at_once.map(read, world.members))
    named = zip(world.members, texts, strict=True)
    return Reach(make_host(one.host.name, "", parse_recording(text), rulesets) for one, text in named)


def try_cells(host: Host, cells: list[Cell]) -> list[str]:
    """Connect from a host to the place of each cell; what its client sees, in their order."""
    places = [(str(cell.address), cell.port) for cell in cells]
    host.write("/srv/try.py", TRY)
    found: list[str] = json.loads(host.run("python3 /srv/try.py", stdin=json.dumps(places)).stdout)
    return found


def _count(tally: Tally, world: World, members: dict[str, Member], cell: Cell, outcome: Symptom) -> None:
    """Hold one connection against its cell, as a probe is; the router is what lies between."""
    tally.connections += 1
    tally.verdicts[cell.fate.verdict.value] += 1
    client, server = members[cell.client], members[cell.server]
    is_between = (client.network, server.network, cell.port) in world.closed
    key = (cell.client, cell.server, str(cell.address), cell.port)
    (joined,) = with_outcomes([cell], {key: Outcome(outcome)})
    if cell.fate.verdict is CellVerdict.UNKNOWN:
        why = "nobody can tell"
    elif is_between and cell.fate.verdict is not CellVerdict.BLOCKED:
        tally.between += 1
        why = "" if joined.fate.detail == BETWEEN else "the router stops it, and that is not said"
    else:
        why = "" if joined.agrees else "they disagree"
    if why:
        tally.wrong.append(
            f"{why}: {cell.client} ({client.kind}) to {cell.server} ({server.kind}) {cell.address} port {cell.port}: "
            f"{outcome.value}, computed {cell.fate.verdict.value} {cell.fate.detail}"
        )
