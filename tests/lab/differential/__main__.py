"""``python -m tests.lab.differential --kind nft --seeds 0-300``: compare, in namespaces of its own."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from random import Random

from landiag.firewall.ipt.parse import guess_version
from tests.lab.differential import generate_iptables, generate_nft, managers
from tests.lab.differential.compare import Case, Judge, Tally
from tests.lab.differential.world import BRIDGED, LAN, World, run

KINDS = ("nft", "iptables-nft", "iptables-legacy", "mixed", "ufw", "firewalld", "docker", "bridge", "corpus")
CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"


def corpus_files() -> list[Path]:
    """Saved rulesets of real machines that a tool may load."""
    folders = ("linux_nft_json", "linux_nft_text", "linux_iptables")
    found = [path for folder in folders for path in sorted((CORPUS / folder).rglob("*")) if path.is_file()]
    return [path for path in found if path.suffix in (".json", ".nft", ".rules")]


def corpus_case(path: Path) -> Case:
    """A file of the corpus, for the tool that takes it."""
    text = path.read_bytes().decode("utf-8", "replace")
    if path.suffix == ".json":
        argv: tuple[str, ...] = ("nft", "-j", "-f", "-")
    elif path.suffix == ".nft":
        argv = ("nft", "-f", "-")
    else:
        argv = (
            f"ip{'6' if guess_version(text) == 6 else ''}tables-{'nft' if 'nf_tables' in text else 'legacy'}-restore",
        )
    return Case(f"corpus {path.relative_to(CORPUS)}", [(argv, text)])


def cases(kind: str, seed: int) -> Case:
    """The ruleset of a seed."""
    if kind == "corpus":
        return corpus_case(corpus_files()[seed])
    if kind in ("ufw", "firewalld", "docker"):
        return Case(f"{kind} seed {seed}", managers.shaped(kind, seed))
    if kind == "bridge":
        return Case(f"bridge seed {seed}", bridged(seed))
    loads: list[managers.Load] = []
    if kind != "nft":
        version = 4 if seed % 3 else 6
        loads.append((("ipset", "restore"), generate_iptables.ipsets(Random(seed), version)))
        backends = {"iptables-nft": ("nft",), "iptables-legacy": ("legacy",), "mixed": ("legacy", "nft")}[
            kind
        ]
        for number, backend in enumerate(backends):
            tool = f"{'ip6' if version == 6 else 'ip'}tables-{backend}-restore"
            loads.append(((tool,), generate_iptables.generate(seed * 10 + number, version)))
    if kind in ("nft", "mixed"):
        loads.append((("nft", "-f", "-"), generate_nft.generate(seed)))
    return Case(f"{kind} seed {seed}", loads)


def bridged(seed: int) -> list[managers.Load]:
    """Rules of a server on a bridge; now and then iptables too, which may ask for the port."""
    random = Random(seed)
    loads: list[managers.Load] = [(("nft", "-f", "-"), generate_nft.generate_bridged(seed))]
    if random.random() < 0.4:
        text = generate_iptables.generate(seed, 4).replace("--physdev-is-bridged", random.choice(PHYSDEV))
        loads.insert(0, (("iptables-nft-restore",), text.replace("-i eth0", "-i br0")))
        loads.insert(0, (("ipset", "restore"), generate_iptables.ipsets(random, 4)))
    return loads


PHYSDEV = (
    "--physdev-in eth0",
    "--physdev-in eth+",
    "--physdev-in eth1",
    "--physdev-is-in",
    "--physdev-out eth0",
)


def main() -> int:
    """Compare all seeds; 1 where the two disagree."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--seeds", default="0-99")
    parser.add_argument("--packets", type=int, default=36)
    parser.add_argument("--show", type=int, default=5)
    parser.add_argument("--explain", choices=("refusals", "unknowns"), default=None)
    parser.add_argument(
        "--regions", action="store_true", help="hold the regions of each ruleset to the kernel, too"
    )
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:
        argv = ["unshare", "-U", "-r", "-n", "-m", sys.executable, "-m", "tests.lab.differential", "--inside"]
        return subprocess.run([*argv, *sys.argv[1:]], check=False).returncode
    run(["mount", "-t", "tmpfs", "tmpfs", "/run"])
    managers.hide_files()
    first, _, last = options.seeds.partition("-")
    if options.kind == ["corpus"]:
        last = str(min(int(last or first), len(corpus_files()) - 1))
    judge = Judge(World(BRIDGED if options.kind == ["bridge"] else LAN))
    judge.is_told_at_once = options.regions
    began = time.monotonic()
    for seed in range(int(first), int(last or first) + 1):
        for kind in options.kind or (*KINDS[:-2],):
            judge.judge(cases(kind, seed), options.packets)
    if options.explain:
        print("\n".join(getattr(judge.tally, options.explain)[: options.show]))
    return report(judge.tally, time.monotonic() - began, options.show)


def report(tally: Tally, seconds: float, show: int) -> int:
    """Print what was found."""
    for text in tally.disagreements[:show]:
        print(text)
    if tally.at_once:
        print(f"{tally.at_once} packets looked up in regions, {tally.at_once_unknown} of them unknown there")
    print(
        f"{tally.rulesets} rulesets ({tally.refused} refused by the kernel), {tally.packets} packets,"
        f" {tally.accepted} accepted, {tally.unknown} unknown, {tally.unknown_alone} unknown without facts,"
        f" {len(tally.disagreements)} disagreements, {seconds:.1f} s"
    )
    return 1 if tally.disagreements else 0


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C"
    sys.exit(main())
