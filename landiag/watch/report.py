"""The report of a watch: the diagnosis of the machine, overruled by what was seen. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field
from msgspec.structs import replace

from landiag.model.causes.firewall import OTHER_FIREWALL
from landiag.model.causes.listening import NOTHING_LISTENING
from landiag.model.report import Evidence, Finding, Fix, Outcome, Path, Report, Status, Verdict
from landiag.render.escape import escape_text
from landiag.verdict.algebra import decisive, demote, draw_lines, in_order, number, rename, unite, verdict_of
from landiag.verdict.symptom import client_sees
from landiag.watch.conclude import Attempt

MAX_CLIENTS = 1000
"""Clients that are remembered; those beyond are counted only."""

AT_ONCE = 5.0
"""Seconds within which attempts by both families count as one of the same device."""


class Tally(Struct):
    """What is kept of all attempts: the last one of each client and address, and how many there were."""

    last: dict[tuple[str, str], Attempt] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    forgotten: int = 0

    def add(self, attempt: Attempt) -> None:
        """Count an attempt; a scan's thousands of sources do not fill the memory."""
        self.counts[attempt.outcome] = self.counts.get(attempt.outcome, 0) + 1
        key = (attempt.client, attempt.address)
        if key not in self.last and len(self.last) >= MAX_CLIENTS:
            self.forgotten += 1
            return
        self.last.pop(key, None)
        self.last[key] = attempt


class Watched(Struct, frozen=True):
    """What a watch has to say beside its attempts. ``seconds`` is how long it watched."""

    seconds: float
    tally: Tally
    traced: bool = False
    lost: int = 0
    local: int = 0
    others: int = 0
    seekers: tuple[str, ...] = ()


def make_report(base: Report, watched: Watched) -> Report:
    """Put what was seen above what was predicted; ``base`` is the report of ``check`` for the same port."""
    attempts = list(watched.tally.last.values())
    overtaken = [one for one in attempts if _is_overtaken(one, attempts)]
    counted = [one for one in attempts if one not in overtaken]
    said = [one.finding for one in counted if one.finding is not None]
    said += [_milder(one) for one in overtaken if one.finding is not None]
    seen = in_order(unite(said, lambda one: (one.code, one.title)))
    if not attempts and not _is_deserted(base):
        seen = [_nothing_arrived(base, watched)]
    numbered = number((_with_fixes(one, base.findings) for one in seen), "w")
    is_reached = any(one.outcome == "connected" for one in attempts)
    base = rename(base, "m")
    kept = [_overruled(one, numbered, is_reached, bool(attempts)) for one in base.findings]
    findings = (*numbered, *(one for one in kept if one is not None))
    return replace(
        base,
        command="watch",
        verdict=_verdict(counted, numbered, base),
        checks=draw_lines(base.checks, findings, numbered, f"not what stopped clients of {base.target.port}"),
        findings=findings,
        paths=tuple(_path(path, attempts) for path in base.paths),
        notes=(*base.notes, *_notes(watched, attempts)),
    )


def _is_deserted(base: Report) -> bool:
    """Whether nobody listens: that answers for itself, whatever packets come or do not."""
    return base.verdict.cause == NOTHING_LISTENING.code and base.verdict.status is Status.BLOCKED


def _is_overtaken(one: Attempt, attempts: list[Attempt]) -> bool:
    """Whether the same device got through by the other family at once, as browsers try it (RFC 8305)."""
    return one.finding is not None and any(
        other.outcome == "connected"
        and other.mac is not None
        and other.mac == one.mac
        and (":" in other.client) != (":" in one.client)
        and abs(other.at - one.at) < AT_ONCE
        for other in attempts
    )


def _milder(attempt: Attempt) -> Finding:
    assert attempt.finding is not None
    family = "IPv6" if ":" in attempt.client else "IPv4"
    title = f"{family} only, the device got through by the other family: {attempt.finding.title}"
    return replace(attempt.finding, outcome=Outcome.WARNS, title=title)


def _with_fixes(finding: Finding, predicted: Iterable[Finding]) -> Finding:
    """Take the fixes of the check's finding of the same code, where the observation has none of its own."""
    same = next((one for one in predicted if one.code == finding.code and one.fixes), None)
    return finding if finding.fixes or same is None else replace(finding, fixes=same.fixes)


def _overruled(
    finding: Finding, seen: tuple[Finding, ...], is_reached: bool, is_seen: bool
) -> Finding | None:
    """What becomes of a prediction: left out where it was seen, a warning where clients got through all the same."""
    if any(one.code == finding.code for one in seen):
        return None
    if finding.outcome is not Outcome.BLOCKS:
        return replace(finding, hidden_by=None)
    if is_reached:
        return demote(finding, "not seen while watching")
    return replace(finding, hidden_by=seen[0].id if is_seen and seen else None)


def _verdict(attempts: list[Attempt], findings: tuple[Finding, ...], base: Report) -> Verdict:
    if not attempts:
        return replace(verdict_of(findings[0]), likely=base.verdict.cause) if findings else base.verdict
    first = decisive(findings)
    if first is not None and first.outcome is Outcome.BLOCKS:
        met = {one.client for one in attempts if one.cause == first.code}
        sees = client_sees(findings, who=met.pop() if len(met) == 1 else "")
        return replace(verdict_of(first, confirmed_by="watch"), client_sees=sees)
    if all(one.outcome in ("connected", "silent") for one in attempts):
        reached = _names([one.client for one in attempts])
        return Verdict(
            Status.CLEAR, f"Clients reach port {attempts[0].port}: {reached}", confirmed_by="watch"
        )
    stuck = next(one for one in attempts if one.outcome not in ("connected", "silent"))
    code = findings[0].code if findings else OTHER_FIREWALL.code
    return Verdict(Status.UNDETERMINED, stuck.summary, code, likely=base.verdict.cause)


def _names(clients: list[str]) -> str:
    unique = list(dict.fromkeys(clients))
    return ", ".join(unique[:3]) + (f" and {len(unique) - 3} more" if len(unique) > 3 else "")


def _path(path: Path, attempts: list[Attempt]) -> Path:
    """A way in that a client has used is not blocked, whatever was predicted."""
    if not any(one.address == path.address and one.outcome == "connected" for one in attempts):
        return path
    stages = tuple(
        replace(stage, outcome=Outcome.WARNS) if stage.outcome is Outcome.BLOCKS else stage
        for stage in path.stages
    )
    return replace(path, outcome=Outcome.OK, stages=stages)


def _notes(watched: Watched, attempts: list[Attempt]) -> list[str]:
    counted = ", ".join(f"{number} {outcome}" for outcome, number in watched.tally.counts.items())
    notes = [f"Watched for {watched.seconds:.0f} s: {counted}."] if counted else []
    notes += _attempt_notes(attempts)
    if not watched.traced:
        notes.append("The kernel's own drop reasons could not be read (tracefs): counters were used instead.")
    if watched.lost:
        notes.append(f"{watched.lost} packets came faster than they could be read.")
    if watched.others:
        notes.append(f"{watched.others} attempts of other clients were left out (--peer).")
    return [escape_text(note) for note in notes]


def _attempt_notes(attempts: list[Attempt]) -> list[str]:
    return [f"{one.client} to {one.address}: {one.summary}" for one in attempts[-20:]]


def without_attempts(report: Report, tally: Tally) -> Report:
    """The report without its lines on the attempts, for who has read them as they came."""
    told = {escape_text(note) for note in _attempt_notes(list(tally.last.values()))}
    return replace(report, notes=tuple(note for note in report.notes if note not in told))


def _nothing_arrived(base: Report, watched: Watched) -> Finding:
    """Say that nothing came, and what to try next, in order."""
    port = base.target.port
    title = f"No packet for port {port} arrived in {watched.seconds:.0f} s"
    client_place = next((path.place for path in base.paths if path.place), None)
    place = next((path for path in base.paths), None)
    evidence = [Evidence("capture", f"no SYN for port {port} from another device")]
    if watched.local:
        text = f"{watched.local} connections of this machine to itself, which prove nothing about the network"
        evidence.append(Evidence("capture on lo", text))
    if watched.seekers:
        text = f"{', '.join(watched.seekers[:5])} looked for this machine: they share its network"
        evidence.append(Evidence("ARP and ND", text))
    exactly = f"exactly {client_place}" if client_place else "the address that landiag check prints"
    how = ", with http:// and the port," if client_place is None or "://" in client_place else ""
    network = f" ({place.interface}, {place.address})" if place else ""
    steps = (
        f"On the client type {exactly}{how} while this runs again.",
        f"Put the client into the same network as this machine{network}: no guest Wi-Fi, mobile data off, VPN off.",
        "Try another client: if that one arrives, the first one's own firewall, proxy or VPN keeps it back.",
        "The browser arrives and an app does not: on Android 17 and later allow the app Nearby devices, on Apple's"
        " systems Local Network (landiag explain android-local-network, local-network-privacy).",
        "A page from the internet calls this server: the browser must be allowed to (landiag explain"
        " browser-local-network).",
        "Look for client isolation (AP isolation, guest network) in the router's settings, and switch it off.",
        f"On the client run: landiag probe {place.address if place else 'ADDRESS'} --port {port}",
    )
    fix = Fix("Try these in order", needs="user-action", steps=steps)
    detail = (
        "If one tried, what stops it stands before this machine: a wrong address, isolation, another network, or the"
        " client's own block."
    )
    if base.verdict.cause is not None:
        detail += f" Besides, check finds: {base.verdict.summary}"
    return Finding("nothing-arrived", Outcome.UNKNOWN, title, detail, tuple(evidence), (fix,))
