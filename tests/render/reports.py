"""Reports for the tests of the formats: one of each kind, and one whose every text is hostile."""

from __future__ import annotations

from enum import Enum
from typing import Any, TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

from landiag.model.report import (
    CheckResult,
    Edit,
    Evidence,
    Finding,
    Fix,
    HostInfo,
    Outcome,
    Path,
    ReadingNote,
    Report,
    SeeAlso,
    Stage,
    Status,
    Target,
    Verdict,
)
from landiag.model.surroundings import Attachment, Gateway, Option, Surroundings
from landiag.model.terms import CheckName, StageName

T = TypeVar("T")

HOST = HostInfo("linux", "Debian GNU/Linux 12 (bookworm)", "Linux 6.1.0-28-amd64", "alpha", True, "bare")

_STAGES = tuple(StageName)[:6]


def blocked() -> Report:
    """A report of a machine whose nftables drops, and whose server listens on loopback only behind that."""
    loopback = Finding(
        code="bound-to-loopback",
        outcome=Outcome.BLOCKS,
        title="Flask (pid 4711) listens on 127.0.0.1:5000 only: this machine itself can connect, nobody else",
        detail="Connections to 192.168.77.10:5000 are refused.",
        evidence=(
            Evidence("ss -H -lntpe", "127.0.0.1:5000; pid 4711 user alice flask run in /home/alice/shop"),
        ),
        fixes=(
            Fix(
                title="Let Flask listen on all addresses",
                commands=("flask --app shop run --port 5000 --host=0.0.0.0",),
                needs="restart-server",
                verified=True,
                risk="the development server is then visible to the whole LAN; better gunicorn or waitress",
                cwd="/home/alice/shop",
                stop_pid=4711,
            ),
        ),
        id="f1",
        paths=("way1",),
    )
    drops = Finding(
        code="firewall-drops",
        outcome=Outcome.BLOCKS,
        title="nftables drops the client's packets: policy of chain input in table inet filter",
        detail="No rule before it accepts TCP port 5000.",
        evidence=(
            Evidence(
                "nft -j list ruleset", "chain input { type filter hook input priority 0; policy drop; }"
            ),
        ),
        fixes=(
            Fix(
                title="Let the LAN in to port 5000",
                commands=(
                    "nft insert rule inet filter input ip saddr 192.168.77.0/24 tcp dport 5000 accept",
                ),
                undo=("nft delete rule inet filter input handle 7",),
                needs="root",
                verified=True,
            ),
            Fix(
                title="Write it into the saved ruleset too",
                steps=("Open the file.", "Add the rule before the last line."),
                needs="user-action",
                edit=Edit(
                    "/etc/nftables.conf", 12, "\tct state established accept", "\ttcp dport 5000 accept"
                ),
            ),
        ),
        id="f2",
        hidden_by="f1",
        paths=("way1",),
    )
    blocks = {CheckName.LISTENING: loopback, CheckName.FIREWALL: drops}
    return Report(
        command="check",
        created="2026-11-23T14:00:00+00:00",
        tool_version="0.1.0",
        target=Target(5000, peer="192.168.77.20"),
        host=HOST,
        verdict=Verdict(Status.BLOCKED, loopback.title[:1].upper() + loopback.title[1:], "bound-to-loopback"),
        checks=tuple(
            CheckResult(name, Outcome.BLOCKS, blocks[name].title, (blocks[name].id,))
            if name in blocks
            else CheckResult(name, Outcome.OK, f"nothing wrong with {name}")
            for name in CheckName
        ),
        findings=(loopback, drops),
        surroundings=Surroundings(
            "Werkzeug/3.1.3 Python/3.13.5",
            (Option("path", "/shop"), Option("no-http")),
            (
                Attachment("eth0", "ethernet", True, ("192.168.77.10/24", "fd77::10/64")),
                Attachment("wg0", "vpn", False, ("10.8.0.2/32",)),
            ),
            (Gateway("192.168.77.1", "eth0"), Gateway("10.8.0.1")),
        ),
        paths=(
            Path(
                "way1", "eth0", "192.168.77.10", 4, "http://192.168.77.10:5000/", Outcome.BLOCKS,
                (*(Stage(name, Outcome.OK, f"{name} is fine") for name in _STAGES),
                 Stage(StageName.INPUT, Outcome.BLOCKS, "policy drop", "inet filter input policy"),
                 Stage(StageName.SOCKET, Outcome.BLOCKS, "127.0.0.1:5000 only", "pid 4711")),
            ),
            Path("way2", "eth0", "fd77::10", 6, "http://[fd77::10]:5000/", Outcome.OK,
                 (Stage(StageName.LINK, Outcome.OK),)),
        ),
        see_also=(SeeAlso("client", "nc -vz 192.168.77.10 5000", "'succeeded': the port is open"),),
        readings=(
            ReadingNote("ss-listeners", ("ss", "-H", "-lntpe"), "ok", 0.0121),
            ReadingNote("nft-ruleset", ("nft", "list", "ruleset"), "denied", 0.003, "Operation not permitted"),
        ),
    )  # fmt: skip


def clear() -> Report:
    """A report that found nothing but a warning."""
    exposed = Finding(
        "development-server", Outcome.WARNS, "a development server is visible to the LAN", id="f1",
        fixes=(Fix("Use a production server", steps=("pip install waitress",), needs="user-action"),),
    )  # fmt: skip
    return Report(
        command="check",
        created="2026-11-23T14:00:00+00:00",
        tool_version="0.1.0",
        target=Target(5000),
        host=HOST,
        verdict=Verdict(
            Status.CLEAR, "Nothing found on this machine that stops LAN clients: http://192.168.77.10:5000/"
        ),
        checks=tuple(CheckResult(name, Outcome.OK, "fine") for name in CheckName),
        findings=(exposed,),
        paths=(Path("way1", "eth0", "192.168.77.10", 4, "http://192.168.77.10:5000/", Outcome.OK, ()),),
    )


def undetermined() -> Report:
    """A report of a normal user, who may not read the firewall."""
    unreadable = Finding(
        "firewall-unreadable", Outcome.UNKNOWN, "Probably ufw (on, denies incoming); to be sure, look as root", id="f1",
        evidence=(Evidence("nft -j list ruleset", "Operation not permitted"),),
        fixes=(Fix("Look as root", ("/opt/landiag/bin/landiag check --port 5000",), needs="root"),),
    )  # fmt: skip
    way = Path(
        "way1", "wlan0", "10.1.2.3", 4, "http://10.1.2.3:5000/", Outcome.UNKNOWN,
        (Stage(StageName.LINK, Outcome.OK, "up"), Stage(StageName.INPUT, Outcome.UNKNOWN, "could not be read"),
         Stage(StageName.SOCKET, Outcome.OK)),
    )  # fmt: skip
    return Report(
        command="check",
        created="2026-11-23T14:00:00+00:00",
        tool_version="0.1.0",
        target=Target(5000),
        host=replace(HOST, privileged=False),
        verdict=Verdict(
            Status.UNDETERMINED, unreadable.title, "firewall-unreadable", likely="firewall-drops"
        ),
        checks=(CheckResult(CheckName.FIREWALL, Outcome.UNKNOWN, unreadable.title, ("f1",)),),
        findings=(unreadable,),
        paths=(way,),
        notes=("A note.",),
        surroundings=Surroundings(),
    )


KINDS = {"blocked": blocked, "clear": clear, "undetermined": undetermined}


def with_text(value: T, text: str) -> T:
    """The same report with this text in every place where any text may stand."""
    return cast("T", _replaced(value, text))


_FIXED = {
    "id",
    "created",
    "hidden_by",
    "paths",
    "needs",
    "check",
    "status",
    "code",
    "cause",
    "likely",
    "command",
}


def _replaced(value: Any, text: str) -> Any:
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return text
    if isinstance(value, tuple):
        return tuple(_replaced(item, text) for item in value)
    if isinstance(value, Struct):
        changed = {
            name: _replaced(getattr(value, name), text)
            for name in value.__struct_fields__
            if name not in _FIXED or (name == "paths" and isinstance(value, Report))
        }
        return replace(value, **changed)
    return value
