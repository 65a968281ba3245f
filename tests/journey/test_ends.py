"""What a client sees of each packet that is stopped, and where: what lab clients got, leg by leg."""

from __future__ import annotations

import pytest

from landiag.firewall.engine.crossing import Stopped
from landiag.journey.ends import end_of_stop
from landiag.model.ruleset import TraceLine, Verdict

SEEN = """
input       question drop    link       unreachable
output      reply    drop    link       unreachable
input       reply    reject  link       unreachable
ingress     syn      drop    ingress    timeout
prerouting  syn      drop    prerouting timeout
forward     syn      drop    forward    timeout
postrouting syn      drop    reply      timeout
input       syn      reject  input      refused
output      syn-ack  drop    reply      timeout
postrouting syn-ack  drop    reply      timeout
input       data     drop    input      silent
input       data     reject  input      reset
output      answer   drop    reply      silent
egress      answer   drop    reply      silent
output      answer   reject  reply      reset
input       syn      unknown input      unknown
"""
"""``hook leg verdict``, then ``stage symptom``; who rejects does so by a RST."""


@pytest.mark.parametrize("line", SEEN.strip().splitlines())
def test_a_stopped_packet_ends_the_attempt_at_its_stage_and_as_the_client_sees_it(line: str) -> None:
    hook, leg, name, stage, symptom = line.split()
    verdict = Verdict(name)
    end = end_of_stop(Stopped(leg, verdict, TraceLine(hook, name, leg=leg), "tcp reset"))
    assert (end.stage.value, end.symptom.value) == (stage, symptom)
