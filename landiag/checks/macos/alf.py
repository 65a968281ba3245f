"""The application firewall of macOS: what it blocks, and how a program gets an entry."""

from __future__ import annotations

import shlex
from pathlib import PurePosixPath

from landiag.checks.case import Case
from landiag.collect import bsd_firewalls as collected
from landiag.firewall.alf import BLOCKS_ALL, Signature, is_entry_of
from landiag.journey.journey import Journey
from landiag.journey.ways import Way
from landiag.model.report import Evidence, Finding, Fix, Outcome
from landiag.model.ruleset import TraceLine

_SOCKETFILTERFW = "/usr/libexec/ApplicationFirewall/socketfilterfw"


def allow_program(case: Case, journey: Journey) -> tuple[Fix, ...]:
    """Unblock the entry that the program has already, or add one."""
    program = journey.packet.program
    if program is None:
        return ()
    entries = collected.read_alf(case.readings).apps or ()
    known = [path for path, allowed in entries if is_entry_of(path, program) and not allowed]
    paths = [shlex.quote(path) for path in known or [program]]
    add = () if known else (f"{_SOCKETFILTERFW} --add {paths[0]}",)
    return (
        Fix(
            "Let the program that listens take connections",
            (*add, *(f"{_SOCKETFILTERFW} --unblockapp {path}" for path in paths)),
            tuple(f"{_SOCKETFILTERFW} {'--blockapp' if known else '--remove'} {path}" for path in paths),
            needs="root",
            steps=_sign_first(case, program),
            risk="the firewall of macOS knows programs, not ports: everything that this program serves is opened",
        ),
    )


def what_is_open(case: Case, journey: Journey) -> tuple[str, tuple[Fix, ...]]:
    """Why nobody can tell what it does with a program, and how a person sees it; no fix where only the signature is."""
    alf = collected.read_alf(case.readings)
    flags = ("--getglobalstate", "--getblockall", "--listapps")
    show = Fix("Show what it says", tuple(f"{_SOCKETFILTERFW} {one}" for one in flags), needs="user-action")
    if alf.state is None or alf.apps is None or alf.problems:
        return "not all that it says could be read", (show,)
    if journey.packet.program is None:
        return "which program takes the connections is not known", (show,)
    return "it has no entry for it", ()


def _sign_first(case: Case, program: str) -> tuple[str, ...]:
    """An entry for a program without any signature does not hold: the firewall knows programs by their signature."""
    if collected.read_signatures(case.readings).get(program) is not Signature.NONE:
        return ()
    line = f"codesign --force --sign - {shlex.quote(program)}"
    return (
        f"Nobody signed the program: where the commands alone do not help, sign it yourself before them: {line}",
    )


def blocked_by_alf(case: Case, way: Way, journey: Journey, line: TraceLine) -> Finding:
    """Say what the application firewall blocks: everything, or one program."""
    program = journey.packet.program or "the program"
    alf = collected.read_alf(case.readings)
    if alf.block_all or alf.state == BLOCKS_ALL:
        return Finding(
            code="firewall-drops",
            outcome=Outcome.BLOCKS,
            title="The macOS firewall blocks all incoming connections",
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
    entries = [path for path, allowed in alf.apps or () if is_entry_of(path, program) and not allowed]
    has_entry, name = bool(entries), PurePosixPath((entries or [program])[0]).name
    what = "blocks" if has_entry else "has not been told to allow"
    return Finding(
        code="firewall-blocks-program",
        outcome=Outcome.BLOCKS,
        title=f"The macOS firewall {what} {name}, so other devices can't reach it",
        detail=(
            ""
            if has_entry
            else "Nobody has answered its prompt, and the program is signed by nobody it trusts. "
        )
        + "Clients may even connect and then get no answer: it acts when the program takes the connection.",
        evidence=(Evidence("socketfilterfw --listapps", f"input: {line.rule_text}"),),
        fixes=allow_program(case, journey),
        paths=(way.id,),
    )
