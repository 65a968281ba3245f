"""What a client on the network really gets: the truth that every scenario is held against."""

from __future__ import annotations

from pathlib import Path

from tests.lab.hosts import Host, LabError

EXCHANGE = Path(__file__).with_name("exchange.py")


def measure(
    host: Host,
    address: str,
    port: int,
    scheme: str = "http",
    count: int = 1,
    name: str = "",
    patience: float = 2.5,
) -> str:
    """What ``host`` gets from ``address``; ``sometimes`` when it is not the same each time."""
    line = f"{address} {port} {scheme} {count} '{name}' {patience}"
    done = host.module("tests.lab.exchange", line)
    if done.returncode:
        raise LabError(f"the client on {host.name}: {done.stderr}")
    outcomes = set(done.stdout.splitlines())
    return outcomes.pop() if len(outcomes) == 1 else "sometimes"
