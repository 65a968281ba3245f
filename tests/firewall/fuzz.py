"""``python -m tests.firewall.fuzz [READER...] --seconds 60``: damage texts where that reaches new code (atheris).

Needs ``pip install atheris``. What is found is written to ``--crashes``; it becomes a test.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.firewall.seeds import SEEDS, words

NAMES = (*SEEDS, "recording")
SLOW_SECONDS = 20


def main() -> int:
    """Run each reader in a process of its own; 1 where one of them failed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("readers", nargs="*", metavar="READER", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--crashes", type=Path, default=Path("fuzz-crashes"))
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    options, libfuzzer = parser.parse_known_args()
    if options.inside:
        return fuzz(options.inside, [*libfuzzer, *options.readers])
    options.crashes.mkdir(exist_ok=True)
    failed = [name for name in options.readers or NAMES if not run(name, options.seconds, options.crashes)]
    print(f"failed: {' '.join(failed) or 'none'}")
    return 1 if failed else 0


def run(name: str, seconds: int, crashes: Path) -> bool:
    """Fuzz one reader for so long, from its seeds; what it printed last is shown."""
    with tempfile.TemporaryDirectory() as folder:
        seeds, tokens = Path(folder, "seeds"), Path(folder, "words")
        seeds.mkdir()
        texts = importlib.import_module("tests.firewall.readers").seeds(name)
        for number, data in enumerate(texts):
            Path(seeds, str(number)).write_bytes(data)
        tokens.write_text("".join(f'"{word}"\n' for word in words(texts)), encoding="ascii")
        argv = [sys.executable, "-m", "tests.firewall.fuzz", "--inside", name, f"-max_total_time={seconds}",
                f"-timeout={SLOW_SECONDS}", f"-max_len={2 * max(map(len, texts))}", f"-dict={tokens}",
                f"-artifact_prefix={crashes}/{name}-", str(seeds)]  # fmt: skip
        done = subprocess.run(argv, capture_output=True, text=True, errors="replace", check=False)
    said = (done.stderr + done.stdout).splitlines()
    print(
        f"{name}: exit {done.returncode}\n  " + "\n  ".join(said[-25:] if done.returncode else said[-3:]),
        flush=True,
    )
    return done.returncode == 0


def fuzz(name: str, libfuzzer: list[str]) -> int:
    """Hand a reader to atheris, with all of landiag instrumented."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["landiag"], enable_loader_override=False):
        readers = importlib.import_module("tests.firewall.readers")

    def one_input(data: bytes) -> None:
        readers.read(name, data)

    atheris.Setup([sys.argv[0], *libfuzzer], one_input)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
