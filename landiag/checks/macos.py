"""macOS and the BSDs: the application firewall, pf, and what else holds a port there."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from msgspec.structs import replace

from landiag.checks.case import Answer, Case, answer, milder, not_applicable
from landiag.checks.owners import describe_owner, owner_evidence
from landiag.collect import bsd as collected
from landiag.firewall.alf import BACKEND as ALF
from landiag.firewall.alf import Signature, lower_alf
from landiag.firewall.other_systems import join_rulesets
from landiag.firewall.pf import parse_pf
from landiag.journey.journey import Journey, follow_through
from landiag.journey.ways import Way
from landiag.model.actions import Lasts
from landiag.model.facts import ReadStatus, Unknown
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.ruleset import Ruleset, TraceLine, Verdict

_SOCKETFILTERFW = "/usr/libexec/ApplicationFirewall/socketfilterfw"
_AIRPLAY_PORTS = (5000, 7000)


def check_firewall(case: Case) -> Answer:
    """Check what pf and the application firewall do with the clients' conversation."""
    if case.way is None:
        return not_applicable("no way in")
    findings = list(_check_way(case, case.way))
    codes = {finding.code for finding in findings}
    for way in case.ways[1:]:
        findings += [milder(one, str(way.ip)) for one in _check_way(case, way) if one.code not in codes]
    findings += _extensions(case)
    return answer(findings, "lets clients pass")


def _check_way(case: Case, way: Way) -> Iterator[Finding]:
    for one in case.classes.get(way.id, ())[:1]:
        journey = one.journey
        line = journey.decided_by
        if journey.verdict is Verdict.UNKNOWN:
            yield from _undecided(case, way, journey)
        elif journey.verdict is not Verdict.ACCEPT and line is not None and line.chain is not None:
            yield (
                _blocked_by_alf(case, way, journey, line)
                if line.chain.backend == ALF
                else _blocked_by_pf(case, way, journey, line)
            )


def _undecided(case: Case, way: Way, journey: Journey) -> Iterator[Finding]:
    """Say what leaves it open: pf that only root may read, the list of programs, a signature."""
    lines = [line for line in journey.unknown if line.chain is not None]
    pf = [line for line in lines if line.chain is not None and line.chain.backend != ALF]
    alf = [line for line in lines if line not in pf]
    if pf:
        denied = case.readings.get(collected.PF_INFO.name)
        reason = pf[0].rule_text
        if denied is not None and denied.status is not ReadStatus.OK:
            reason = f"pfctl: {denied.detail or denied.status.value}"
        yield Finding(
            code="firewall-unreadable",
            outcome=Outcome.UNKNOWN,
            title=f"Whether pf lets clients pass could not be read: {reason}",
            detail="pf's rules are readable for root only.",
            evidence=tuple(Evidence("pfctl", f"input: {line.rule_text}") for line in pf[:3]),
            fixes=(
                Fix(
                    "Look again as root", (f"{case.machine.landiag} check --port {case.port}",), needs="root"
                ),
                Fix("Show its rules", ("pfctl -s info", "pfctl -a '*' -s rules"), needs="root"),
            ),
            paths=(way.id,),
        )
    if alf:
        yield Finding(
            code="firewall-unreadable",
            outcome=Outcome.UNKNOWN,
            title="Whether the application firewall lets the program in is not known",
            detail="It has no entry for the program, and lets some signed programs in by itself.",
            evidence=tuple(Evidence("socketfilterfw", f"input: {line.rule_text}") for line in alf[:3]),
            fixes=_allow_program(case, journey),
            paths=(way.id,),
        )


def _allow_program(case: Case, journey: Journey) -> tuple[Fix, ...]:
    """Unblock the entry that the program has already, or add one."""
    program = journey.packet.program
    if program is None:
        return ()
    entries = [path for path, _ in collected.read_alf(case.readings).apps or ()]
    known = next(
        (path for path in entries if program == path or program.startswith(path.rstrip("/") + "/")), None
    )
    path = shlex.quote(known or program)
    add = () if known else (f"{_SOCKETFILTERFW} --add {path}",)
    return (
        Fix(
            "Let the program that listens take connections",
            (*add, f"{_SOCKETFILTERFW} --unblockapp {path}"),
            (f"{_SOCKETFILTERFW} {'--blockapp' if known else '--remove'} {path}",),
            needs="root",
            steps=_sign_first(case, program),
            risk="the firewall of macOS knows programs, not ports: everything that this program serves is opened",
        ),
    )


def _sign_first(case: Case, program: str) -> tuple[str, ...]:
    """An entry for a program without any signature does not hold: the firewall knows programs by their signature."""
    if collected.read_signatures(case.readings).get(program) is not Signature.NONE:
        return ()
    line = f"codesign --force --sign - {shlex.quote(program)}"
    return (
        f"Where that does not help, because nobody signed the program, sign it yourself and try again: {line}",
    )


def _blocked_by_alf(case: Case, way: Way, journey: Journey, line: TraceLine) -> Finding:
    program = journey.packet.program or "the program"
    if "all incoming connections are blocked" in line.rule_text:
        return Finding(
            code="firewall-drops",
            outcome=Outcome.BLOCKS,
            title="The firewall of macOS blocks all incoming connections",
            detail="Only services of the system itself get through, whatever the list of programs says.",
            evidence=(Evidence("socketfilterfw --getblockall", f"input: {line.rule_text}"),),
            fixes=(
                Fix(
                    "Let the list of programs count again",
                    needs="user-action",
                    steps=(
                        "In System Settings > Network > Firewall > Options, switch off 'Block all incoming'.",
                    ),
                ),
            ),
            paths=(way.id,),
        )
    has_entry = "(Block incoming" in line.rule_text
    fixes = tuple(
        replace(fix, verified=_unblocks(case, journey) or None) for fix in _allow_program(case, journey)
    )
    return Finding(
        code="firewall-blocks-program",
        outcome=Outcome.BLOCKS,
        title=f"The firewall of macOS {'blocks' if has_entry else 'has no entry for'} {program}",
        detail=(
            ""
            if has_entry
            else "Nobody has answered its prompt, and the program is signed by nobody it trusts. "
        )
        + "Clients may even connect and then get no answer: it acts when the program takes the connection.",
        evidence=(Evidence("socketfilterfw --listapps", f"input: {line.rule_text}"),),
        fixes=fixes,
        paths=(way.id,),
    )


def _unblocks(case: Case, journey: Journey) -> bool:
    """Whether the conversation passes once the program has an entry that allows it."""
    program = journey.packet.program
    if program is None:
        return False
    alf = collected.read_alf(case.readings)
    others = tuple(
        one for one in alf.apps or () if one[0] != program and not program.startswith(one[0] + "/")
    )
    changed = lower_alf(replace(alf, apps=((program, True), *others)))
    ruleset = join_rulesets([collected.read_pf(case.readings).lower(), changed])
    return follow_through(case.facts, ruleset, journey.packet).verdict is Verdict.ACCEPT


def _blocked_by_pf(case: Case, way: Way, journey: Journey, line: TraceLine) -> Finding:
    is_reject = journey.verdict is Verdict.REJECT
    answers = journey.leg in ("syn-ack", "answer")
    code = "firewall-drops-replies" if answers else "firewall-rejects" if is_reject else "firewall-drops"
    verb = "rejects" if is_reject else "drops"
    what = f"the server's answers from port {case.port}" if answers else f"connections to port {case.port}"
    return Finding(
        code=code,
        outcome=Outcome.BLOCKS,
        title=f"pf {verb} {what}: {line.rule_text}",
        detail="Clients are refused at once." if is_reject else "Clients wait and time out.",
        evidence=(Evidence("pfctl -s rules", f"input: {line.rule_text}"),),
        fixes=_pf_fixes(case, way, journey),
        paths=(way.id,),
    )


def _pf_fixes(case: Case, way: Way, journey: Journey) -> tuple[Fix, ...]:
    family = "inet" if way.ip.version == 4 else "inet6"
    rule = f"pass in quick {family} proto tcp from {way.network} to any port {case.port}"
    if case.facts.os == "macos":
        mended = _mended_in_anchor(case, journey, rule)
        # In a shell of its own: what asks for root's rights would else ask for those of printf alone.
        command = f"sh -c \"echo '{rule}' | pfctl -a com.apple/landiag -f -\""
        undo = "pfctl -a com.apple/landiag -F rules"
        if mended:
            return (
                Fix(
                    "Let clients of the subnet in, until the next start",
                    (command,),
                    (undo,),
                    needs="root",
                    verified=True,
                    lasts=Lasts.UNTIL_RESTART,
                    keep=f"write {rule} into /etc/pf.conf, before the first rule that begins with block or pass",
                ),
            )
    before = _mended_in_front(case, journey, rule)
    if not before:
        return ()
    steps = (
        f"Write the line '{rule}' into /etc/pf.conf, before the first rule that begins with block or pass.",
        "Run pfctl -nf /etc/pf.conf to see whether it is right, then pfctl -f /etc/pf.conf.",
    )
    return (
        Fix(
            "Let clients of the subnet in",
            ("pfctl -nf /etc/pf.conf",),
            needs="root",
            verified=True,
            steps=steps,
        ),
    )


def _mended_in_front(case: Case, journey: Journey, rule: str) -> bool:
    system = collected.read_pf(case.readings)
    system.texts.insert(0, parse_pf(rule))
    return _passes(case, journey, system.lower())


def _mended_in_anchor(case: Case, journey: Journey, rule: str) -> bool:
    system = collected.read_pf(case.readings)
    system.anchors["com.apple/landiag"] = parse_pf(rule).items  # type: ignore[assignment]
    return _passes(case, journey, system.lower())


def _passes(case: Case, journey: Journey, pf: Ruleset) -> bool:
    parts = [pf]
    if case.facts.os == "macos":
        parts.append(lower_alf(collected.read_alf(case.readings), collected.read_signatures(case.readings)))
    found = follow_through(case.facts, join_rulesets(parts), journey.packet)
    stopped_by_pf = found.decided_by is not None and found.decided_by.chain is not None
    stopped_by_pf = stopped_by_pf and found.decided_by.chain.backend == "pf"  # type: ignore[union-attr]
    return found.verdict is Verdict.ACCEPT or not stopped_by_pf


def _extensions(case: Case) -> list[Finding]:
    """Content filters of other makers (Little Snitch, LuLu, VPNs): active ones may stop connections unseen."""
    reading = case.readings.get(collected.MAC_EXTENSIONS.name)
    if reading is None or reading.status in (ReadStatus.MISSING, ReadStatus.NOT_RECORDED):
        return []
    if reading.status is not ReadStatus.OK or not reading.data.strip():
        said = reading.detail or (
            "it said nothing" if reading.status is ReadStatus.OK else reading.status.value
        )
        return [
            Finding(
                code="other-firewall",
                outcome=Outcome.UNKNOWN,
                title="Whether a firewall of another maker is active could not be read",
                evidence=(Evidence("systemextensionsctl list", said),),
                fixes=(Fix("Show them", ("systemextensionsctl list",), needs="user-action"),),
            )
        ]
    lines = [line for line in reading.text.splitlines() if "[activated enabled]" in line]
    filters = [line for line in lines if any(word in line.lower() for word in _FILTERS)]
    return [
        Finding(
            code="other-firewall",
            outcome=Outcome.UNKNOWN,
            title=f"A firewall of another maker is active: {_extension_name(line)}",
            detail="Its rules cannot be read from here.",
            evidence=(Evidence("systemextensionsctl list", line.strip()),),
        )
        for line in filters[:2]
    ]


_FILTERS = ("littlesnitch", "little snitch", "lulu", "radiosilence", "vallum", "murus", "handsoff")


def _extension_name(line: str) -> str:
    columns = [column.strip() for column in line.split("\t") if column.strip()]
    return columns[-2] if len(columns) >= 2 else line.strip()


def check_port(case: Case) -> list[Finding]:
    """Check whether AirPlay Receiver holds the port."""
    if case.port not in _AIRPLAY_PORTS or isinstance(case.facts.sockets, Unknown):
        return []
    ours = case.listeners
    held = [one for one in ours if any(_is_airplay(owner.name) for owner in case.owners(one))]
    if not held:
        held = [one for one in ours if one.pids and _lsof_says_airplay(case, one.pids)]
    if not held:
        hidden = ours and not any(case.owners(one) for one in ours)
        return [_hidden_owner(case)] if hidden else []
    mine = [one for one in ours if one not in held]
    beside = f", beside {describe_owner(case, mine[0])}" if mine else ""
    return [
        Finding(
            code="port-taken",
            outcome=Outcome.BLOCKS,
            title=f"AirPlay Receiver of macOS holds port {case.port}{beside}: clients reach it, not your server",
            detail="It answers every request with 403 Forbidden and the header Server: AirTunes.",
            evidence=tuple(owner_evidence(case, one) for one in (*held, *mine)),
            fixes=(
                Fix(
                    "Switch AirPlay Receiver off, or use another port",
                    needs="user-action",
                    steps=(
                        "In System Settings > General > AirDrop & Handoff, switch AirPlay Receiver off.",
                        f"Or start the server on another port, for example {case.port + 1}.",
                    ),
                ),
            ),
        )
    ]


def _hidden_owner(case: Case) -> Finding:
    return Finding(
        code="port-taken",
        outcome=Outcome.UNKNOWN,
        title=f"Who holds port {case.port} is not visible: on a Mac it is often AirPlay Receiver",
        detail="An answer of 403 Forbidden with the header Server: AirTunes would be its sign.",
        fixes=(Fix("See who holds it", (f"lsof -nP -iTCP:{case.port} -sTCP:LISTEN",), needs="root"),),
    )


def _is_airplay(name: str) -> bool:
    return name.replace(" ", "").startswith("ControlCe")


def _lsof_says_airplay(case: Case, pids: tuple[int, ...]) -> bool:
    reading = case.readings.get(collected.MAC_LSOF.name)
    if reading is None:
        return False
    return any(_is_airplay(line.split()[0]) and line.split()[1] in map(str, pids)
               for line in reading.text.splitlines() if len(line.split()) > 2)  # fmt: skip
