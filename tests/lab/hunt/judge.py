"""One machine: the client's truth, landiag's verdict, and where they disagree."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from tests.lab.build import build
from tests.lab.hunt import advice
from tests.lab.hunt.machine import HUNG, LIMITED, RANDOM, SLOW, WORSE, Machine
from tests.lab.hunt.truth import IMPATIENT, Seen, burst, visit
from tests.lab.network import Lab
from tests.lab.verdicts import Answer, ask

BY_CONTRACT = frozenset({"server-silent", "own-connection-stopped", "not-http"})
"""What may stay unknown: a server that gives nothing, and one that this machine cannot try."""

FIRST_SECONDS = 1.4
CLEAR, BLOCKED, UNDETERMINED = "clear", "blocked", "undetermined"
NOT_KNOWN = "unknown"
"""What a report says that a client sees, where it says that it does not know; counted, and no wrong symptom."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a machine showed. ``wrong`` names the kind of disagreement, empty where they agree."""

    machine: Machine
    truth: str
    seen: Seen | None = None
    said: str = ""
    cause: str = ""
    sees: str = ""
    wrong: str = ""
    allowed: bool = False
    advice: advice.Outcome | None = None

    def line(self) -> str:
        """One line for the person who hunts."""
        sees = f", sees {self.sees}" if self.sees else ""
        user = " as a user" if self.machine.as_user else ""
        asked = f"{self.machine.client.who} {self.machine.client.options}".strip()
        return (
            f"seed {self.machine.seed}: {self.wrong}: the client gets {self.seen} ({self.truth}), landiag{user} "
            f"said {self.said} {self.cause}{sees} [{asked}] {self.machine.scenario().fault}"
        )


def judge(machine: Machine, *, advise: bool = True) -> Result:
    """Build the machine, measure, ask, compare, and carry the advice out."""
    with build(machine.scenario()) as lab:
        seen, answer = _measure(lab, machine)
        truth = _status(lab, machine, seen)
        result = _compare(machine, truth, seen, answer)
        if advise and not result.wrong and result.said == BLOCKED and not machine.as_user:
            return advice_of(lab, result, answer)
        return result


def _measure(lab: Lab, machine: Machine) -> tuple[Seen, Answer]:
    """The client's visit and landiag's check, side by side where neither can disturb the other."""
    scenario = machine.scenario()
    if machine.client.who == "stranger":
        lab.gateway.run(IMPATIENT)
    disturbs = machine.has(LIMITED) or machine.has(RANDOM) or machine.has(SLOW)
    with ThreadPoolExecutor(1) as beside:
        visiting = beside.submit(
            visit, lab.host(machine.client.who), machine.client.address, 5000, patience=machine.patience,
            random=machine.has(RANDOM), limited=machine.has(LIMITED),
        )  # fmt: skip
        # landiag's own questions teach the client hardware addresses: its first packets must be over by then.
        wait([visiting], None if disturbs else FIRST_SECONDS)
        answer = ask(lab, scenario, user=machine.as_user, more="--json")
        return visiting.result(), answer


def _status(lab: Lab, machine: Machine, seen: Seen) -> str:
    """The status by the contract: clear needs an answer that is not worse than localhost's."""
    if not seen.is_answered:
        return BLOCKED
    if machine.has(WORSE) and min(seen.statuses, default=0) >= 400:
        places = ("127.0.0.1", "::1", machine.client.address)  # a server on one address knows localhost there
        own = [burst(lab.server, one, 5000, patience=machine.patience, name="localhost") for one in places]
        return BLOCKED if any(status < 400 for one in own for status in one.statuses) else CLEAR
    return CLEAR


def _compare(machine: Machine, truth: str, seen: Seen, answer: Answer) -> Result:
    report = answer.report
    if not report or "Traceback" in answer.errors:
        said = f"no report, exit {answer.status}: {(answer.errors or answer.output)[-200:]}"
        return Result(machine, truth, seen, said, wrong="no report")
    verdict = report["verdict"]
    said, cause = str(verdict["status"]), str(verdict["cause"] or "")
    sees = _sees(verdict)
    wrong = ""
    if said not in (UNDETERMINED, truth):
        wrong = f"wrong {said}"
    elif said != UNDETERMINED and sees and not _symptom_is_right(verdict["client_sees"], seen):
        wrong = "wrong symptom"
    allowed = said == UNDETERMINED and _is_allowed(machine, report)
    if said == UNDETERMINED and not allowed and not machine.as_user:
        wrong = "undetermined"
        cause = cause or ", ".join(sorted(_unknown(report)))
    return Result(machine, truth, seen, said, cause, sees, wrong, allowed)


def _sees(verdict: dict[str, Any]) -> str:
    sees = verdict.get("client_sees") or {}
    words = [str(sees[word]) for word in ("outcome", "http_status", "share") if sees.get(word) is not None]
    return " ".join(words)


def _symptom_is_right(sees: dict[str, Any], seen: Seen) -> bool:
    if sees["outcome"] == NOT_KNOWN:
        return True
    status = sees.get("http_status")
    return sees["outcome"] in seen.symptoms and (
        not seen.statuses or status is None or status in seen.statuses
    )


def _unknown(report: dict[str, Any]) -> set[str]:
    return {str(finding["code"]) for finding in report["findings"] if finding["outcome"] == "unknown"}


def _is_allowed(machine: Machine, report: dict[str, Any]) -> bool:
    """Whether the contract lets this verdict stay open: nothing but the server's own answer is unknown."""
    unknown = _unknown(report)
    late = machine.has(HUNG) or machine.has(SLOW)
    return unknown <= BY_CONTRACT and (late or unknown == {"own-connection-stopped"})


def advice_of(lab: Lab, result: Result, answer: Answer) -> Result:
    """The result, with what came of the advice."""
    from dataclasses import replace

    outcome = advice.follow(lab, result.machine, answer)
    wrong = "" if outcome.kind in advice.RIGHT else f"advice: {outcome.kind}"
    return replace(result, advice=outcome, wrong=wrong, said=f"{result.said} {outcome.text}".strip())
