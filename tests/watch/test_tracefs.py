"""The kernel's drop reasons on a real kernel: needs real root, for tracefs belongs to the whole machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
MOUNT = "mount -t tracefs nodev /sys/kernel/tracing"


def _missing() -> str:
    done = subprocess.run(("unshare", "-m", "sh", "-c", f"{MOUNT} && ls /sys/kernel/tracing/events/skb/kfree_skb"),
                          capture_output=True, check=False)  # fmt: skip
    return (
        "" if done.returncode == 0 else "no tracefs here: it needs real root and a kernel with skb:kfree_skb"
    )


pytestmark = pytest.mark.skipif(bool(_missing()), reason=_missing())

SETUP = f"""
{MOUNT}
ip link set lo up
ip link add eth0 type veth peer name wire
unshare -n sleep 60 & far=$!
sleep 0.3
ip link set wire netns $far
ip addr add 192.168.77.10/24 dev eth0; ip link set eth0 up
nsenter -t $far -n sh -c 'ip link set lo up; ip addr add 192.168.77.20/24 dev wire; ip link set wire up'
"""
TRY = """nsenter -t $far -n timeout 1 bash -c 'exec 3<>/dev/tcp/192.168.77.10/5000' 2> /dev/null"""
WATCH = f"{sys.executable} -m landiag watch --port 5000 --duration 20 --json"
# tracefs is the whole machine's: other tests watch meanwhile, so that only what came with this watch is its own.
BEFORE = "ls /sys/kernel/tracing/instances | sed 's/^/before: /'"
DURING = "ls /sys/kernel/tracing/instances | sed 's/^/during: /'"
AFTER = "ls /sys/kernel/tracing/instances | sed 's/^/after: /'"
WAIT = "for n in $(seq 200); do grep -q Watching $1/err && break; sleep 0.1; done"


def run(script: str, folder: Path) -> str:
    """Run a script in namespaces of its own, as root of the machine."""
    argv = (
        "unshare",
        "-n",
        "-m",
        "-p",
        "-f",
        "--kill-child",
        "--mount-proc",
        "bash",
        "-c",
        SETUP + script,
        "x",
        str(folder),
    )
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=90, cwd=REPOSITORY)
    return done.stdout + done.stderr


def _instances(said: str, when: str) -> set[str]:
    lines = said.splitlines()
    return {line.partition(": ")[2] for line in lines if line.startswith(f"{when}: landiag-")}


def _came(said: str) -> set[str]:
    """The instances that were not there before: this watch's, and those of tests that began meanwhile."""
    return _instances(said, "during") - _instances(said, "before")


def test_the_reason_is_named_and_nothing_stays(tmp_path: Path) -> None:
    said = run(
        f"""
        nft add table inet f; nft 'add chain inet f i {{ type filter hook input priority 0; }}'
        nft add rule inet f i tcp dport 5000 drop
        {BEFORE}
        {WATCH} > $1/out 2> $1/err & watch=$!
        {WAIT}
        {DURING}
        {TRY}
        sleep 1; kill -INT $watch; wait $watch; cat $1/out $1/err
        {AFTER}
        kill $far
        """,
        tmp_path,
    )
    assert _came(said), said
    assert '"drop_reason": "NETFILTER_DROP"' in said, said
    assert not _came(said) <= _instances(said, "after"), said


@pytest.mark.parametrize("signal", ["TERM", "INT", "HUP", "KILL"])
def test_the_instance_ends_with_the_watch(tmp_path: Path, signal: str) -> None:
    said = run(
        f"""
        {BEFORE}
        {WATCH} > $1/out 2> $1/err & watch=$!
        {WAIT}
        {DURING}
        kill -{signal} $watch; wait $watch; sleep 0.5
        {AFTER}
        ps -e -o args= | sed 's/^/runs: /'
        kill $far
        """,
        tmp_path,
    )
    assert _came(said), said
    assert not _came(said) <= _instances(said, "after"), said
    assert "runs: " + WATCH not in said
