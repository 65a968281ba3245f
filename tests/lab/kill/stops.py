"""One run that is stopped at one step, and what is left of it after the clean-up."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from pathlib import Path

from msgspec import Struct

from tests.lab.hosts import PROJECT, REPOSITORY, Host
from tests.lab.kill.subjects import LANDIAG, UNDONE, Subject
from tests.lab.network import Lab

HOOK = Path(__file__).with_name("hook")
STEPS = "/srv/home/steps"
SECONDS = 20.0
"""How long what was started may take to end by itself."""

# Everything that a command may leave behind; counters count and handles go on, which is all that may differ.
STATE = r"""
nft -s list ruleset
for save in iptables-legacy-save ip6tables-legacy-save; do $save | sed '/^#/d; s/\[[0-9:]*\]//'; done
ip -o link | sed 's/ state .*//; s/^[0-9]*//'; ip -o addr | sed 's/^[0-9]*//; s/valid_lft.*//'; ip rule
ip route show table all | grep -v ff00 | sort
tc qdisc show; tc filter show dev eth0 ingress; ip neigh show to 192.168.77.254
sysctl -a 2> /dev/null | grep -E 'arp_ignore|rp_filter|ip_forward|disable_ipv6'
ss -Hltnp | awk '{ print $4 }' | sort; ss -Htan state syn-recv dst 192.168.77.254
ls /sys/kernel/tracing/instances 2> /dev/null
find /srv /var/lib/landiag -type f ! -name steps ! -name saved.json ! -name '*.pyc' ! -name 'server-*.log' \
  2> /dev/null | sort | xargs sha256sum
ps -e -o args= | grep -Ev '^(ps |sh -c|/bin/sh -c|grep|nsenter|\[|sort|cat)' | sort
true
"""


class Stop(Struct, frozen=True):
    """Where and how a run is stopped: at a step (it counts from 1), so many seconds after it has begun."""

    step: int
    signal: signal.Signals
    delay: float = 0.0

    @property
    def words(self) -> str:
        """As the hook reads it."""
        return f"{self.step} {int(self.signal)} {self.delay}"


def state(host: Host) -> str:
    """Everything on a host that a command may have changed."""
    return host.run(STATE, check=False).stdout


def list_steps(lab: Lab, subject: Subject) -> list[str]:
    """Run it to its end, clean up, and return the steps that it took."""
    if subject.before:
        _type(lab, subject, subject.before)
    _run(lab, subject, "")
    host = lab.host(subject.on)
    steps = host.read(STEPS).splitlines()
    clean_up(lab, subject, state(host))
    return steps


def _run(lab: Lab, subject: Subject, stop: str) -> subprocess.CompletedProcess[str]:
    variables = {
        "PYTHONPATH": f"{HOOK}:{REPOSITORY}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": "/srv/home/tmp",
        "LANDIAG_STEPS": STEPS,
        "LANDIAG_STOP": stop,
    }
    line = f"{LANDIAG} {subject.command}"
    if subject.terminal:
        line = f"script -qec '{line}' /dev/null"
    return _type(lab, subject, f"exec {line}", variables)


def _type(
    lab: Lab, subject: Subject, line: str, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    host = lab.host(subject.on)
    return host.run(line, user=subject.user, folder=PROJECT, environment=variables, check=False, timeout=120)


def try_stop(lab: Lab, subject: Subject, stop: Stop) -> list[str]:
    """Stop it there, clean up, and say what is wrong: what is left, or an end that is none of its own."""
    host = lab.host(subject.on)
    before = state(host)
    if subject.before:
        _type(lab, subject, subject.before)
    done = _run(lab, subject, stop.words)
    problems = _judge_end(stop, done)
    return problems + clean_up(lab, subject, before)


def _judge_end(stop: Stop, done: subprocess.CompletedProcess[str]) -> list[str]:
    """A killed one says nothing; an interrupted one says so in a sentence, or ends as it does by itself."""
    if stop.signal is signal.SIGKILL:
        return [] if done.returncode in (137, -9, 0, 1, 2, 3) else [f"ended with {done.returncode}"]
    problems = [] if done.returncode in (0, 1, 2, 3, 130) else [f"ended with {done.returncode}"]
    if "Traceback" in done.stderr or " bug " in done.stderr:
        problems.append(f"said {done.stderr[-600:]}")
    return problems


def clean_up(lab: Lab, subject: Subject, before: str) -> list[str]:
    """Do what is documented, and say what is still not as it was."""
    host = lab.host(subject.on)
    time.sleep(subject.deadline)
    if subject.after:
        done = _type(lab, subject, f"{LANDIAG} {subject.after}")
        if subject.told and subject.told in done.stdout + done.stderr:
            _type(lab, subject, subject.again)
        elif done.returncode not in UNDONE and subject.name != "watch":
            return [f"the clean-up ended with {done.returncode}: {done.stdout[-300:]}{done.stderr[-300:]}"]
    deadline = time.monotonic() + SECONDS
    while not (is_same := _is_as_before(before, after := state(host))) and time.monotonic() < deadline:
        time.sleep(0.1)
    return [] if is_same else [_difference(before, after)]


_INSTANCE = re.compile(r"^landiag-[0-9a-f]{12}\n", re.MULTILINE)


def _is_as_before(before: str, after: str) -> bool:
    """tracefs is the whole machine's: what another watch had there may have gone meanwhile, nothing may have come."""
    gone = set(_INSTANCE.findall(before)) - set(_INSTANCE.findall(after))
    return _INSTANCE.sub(lambda found: "" if found[0] in gone else found[0], before) == after


def _difference(before: str, after: str) -> str:
    old, new = before.splitlines(), after.splitlines()
    gone = [f"- {line}" for line in old if line not in new]
    come = [f"+ {line}" for line in new if line not in old]
    return "left behind:\n    " + "\n    ".join(
        (gone + come or ["the same lines in another order or number"])[:12]
    )
