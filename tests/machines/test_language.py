"""What is printed on a system is typed on that system: no command, quoting or path of another one."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from landiag.collect.machine import system_name
from landiag.model.actions import End, Run
from landiag.model.lines import powershell_word, shell_line
from landiag.model.report import Fix, HostInfo, Report
from landiag.render.html import render_html
from landiag.render.markdown import render_markdown
from landiag.render.text import render_text
from landiag.render.typed import command_lines, undo_lines
from tests.cases import NAMES, report_of
from tests.machines import bsd, windows
from tests.machines.bsd_cases import CASES as BSD
from tests.machines.case import Made
from tests.machines.exchanges import Synthetic
from tests.machines.macos_cases import CASES as MACOS
from tests.machines.made import examine
from tests.machines.situations import SITUATIONS
from tests.machines.windows_cases import CASES as WINDOWS
from tests.machines.wsl_cases import CASES as WSL
from tests.servers.test_servers import LINES

LINUX = (
    r"\b(systemctl|journalctl|ufw|firewall-cmd|nft|ip6?tables\S*|nmcli|conntrack|sysctl -w net\.\w+4)\b"
    r"|(?:^|[ (`'])(ss -\w|ip (addr|route|link|neigh|rule)\b)"
    r"|/etc/(docker|nginx|default|ufw|sysctl)|/proc/|CAP_NET"
)
POSIX = (
    r"\b(sudo|doas|lsof|fuser|ifconfig|sysctl|pfctl|chmod|launchctl|sockstat)\b"
    r"|(?:^|[ (`'])(kill|ps|cat|grep|export|sh|printf|echo) |SIGSTOP|/etc/|/usr/|&& |^[A-Z_]+=\S+ |~/"
)
MAC = r"\b(launchctl|socketfilterfw|networksetup|scutil|brew|System Settings|defaults write)\b"
WIN = (
    r"\b(netsh|taskkill|tasklist|ipconfig|powershell|resmon|reg query|wsl|\w+-Net\w+|\w+-Service)\b"
    r"|\$env:|\.exe\b|\bnet (stop|start)\b"
)
FOREIGN = {
    "windows": re.compile(f"{LINUX}|{POSIX}|{MAC}"),
    "macos": re.compile(f"{LINUX}|{WIN}|\\b(doas|sockstat|rcctl)\\b"),
    "freebsd": re.compile(f"{LINUX}|{WIN}|{MAC}|\\b(doas|rcctl)\\b"),
    "openbsd": re.compile(f"{LINUX}|{WIN}|{MAC}|\\b(sudo|sockstat)\\b"),
    "linux": re.compile(f"{WIN}|{MAC}|\\b(doas|sockstat|pfctl)\\b"),
}
"""Commands and paths of other systems, by system."""


ON_THE_HOST = "Forward the port on the host"
"""What is typed on the machine around a guest, whose system is another one."""


def typed(fix: Fix, host: HostInfo) -> Iterator[str]:
    """What a person types, and what is said around it."""
    yield from command_lines(fix, host)
    yield from undo_lines(fix, host)
    yield from fix.commands
    yield from fix.undo
    yield fix.title
    yield from fix.steps
    yield fix.risk or ""


def said(report: Report) -> Iterator[str]:
    """Everything that a report says in words of its own."""
    for check in report.checks:
        yield check.summary
    for finding in report.findings:
        yield finding.title
        yield finding.detail
        yield from (evidence.source for evidence in finding.evidence)
        for fix in finding.fixes:
            if fix.title != ON_THE_HOST:
                yield from typed(fix, report.host)


def foreign(report: Report) -> list[str]:
    """The lines that are of another system."""
    os = system_name(report.host.os)
    if report.host.environment in ("wsl1", "wsl2"):
        return [line for line in said(report) if re.search(r"(sudo|doas) .*(netsh|wsl|\w+-Net)", line)]
    return [line for line in said(report) if FOREIGN[os].search(line)]


def test_a_recorded_case_speaks_its_systems_language() -> None:
    found = {name: lines for name in NAMES if (lines := foreign(report_of(name)))}
    assert found == {}


MADE = {**WINDOWS, **MACOS, **WSL, **BSD, **SITUATIONS}


@pytest.mark.parametrize("name", sorted(MADE))
def test_a_synthetic_machine_speaks_its_systems_language(name: str) -> None:
    made = MADE[name]
    _, report = examine(made)
    assert (report.verdict.status.value, report.verdict.cause) == (made.status, made.cause)
    assert foreign(report) == []
    if report.host.os == "win32":
        for text in (render_text(report), render_markdown(report), render_html(report)):
            assert "sudo " not in text
            assert not re.search(r"\bkill -?\w+", text)


def _host(os: str, line: str, port: int, exe: str | None = None) -> Any:
    """A machine on which this command line listens on its loopback address."""
    words = shlex.split(line)
    if os == "windows":
        program = exe or rf"C:\Program Files\my tools\{words[0].rpartition('/')[2]}.exe"
        server = windows.process(exe=program, argv=words)
        return windows.host(listen=[{"address": "127.0.0.1", "port": port, "pid": windows.PID}], processes=[server],
                            http="refused")  # fmt: skip
    server = {**bsd.process(exe=exe or "/opt/homebrew/bin/x", argv=words, name=words[0]), "parent": 1}
    if os == "macos":
        return bsd.mac(
            listeners=bsd.netstat((f"127.0.0.1.{port}", bsd.PID)), processes=[server], http="refused"
        )
    made = bsd.bsd(texts={f"processes pids={bsd.PID}": json.dumps([server])}, http="refused")
    sockets = bsd.SOCKSTAT + f"anna     x {bsd.PID}  3   tcp4   127.0.0.1:{port}                *:*\n"
    return Synthetic({**made.texts, "sockstat": sockets}, http="refused")


SERVICES = [
    (f"{name} -x /some/where", name, port, "")
    for name, port in [
        ("nginx", 8080), ("caddy", 2019), ("httpd", 8081), ("lighttpd", 8082), ("postgres", 5432), ("mysqld", 3306),
        ("redis-server", 6379), ("mongod", 27017), ("memcached", 11211), ("mosquitto", 1883), ("sshd", 2222),
        ("rabbitmq-server", 5672), ("ollama", 11434), ("com.docker.backend", 8083), ("limactl", 8084),
        ("cupsd", 631), ("Code", 8085), ("wslrelay", 8086), ("unheard-of", 8087),
    ]
]  # fmt: skip
STARTED = [
    pytest.param(os, one[0], one[2])
    for os in ("windows", "macos", "freebsd")
    for one in [*LINES, *SERVICES]
    if not (os == "windows" and one[1] == "uwsgi")  # which runs on POSIX systems only
]


@pytest.mark.parametrize(("os", "line", "port"), STARTED)
def test_starting_a_server_anew_is_said_in_the_systems_language(os: str, line: str, port: int) -> None:
    _, report = examine(
        Made("a server on loopback", _host(os, line, port or 5000), "blocked", port=port or 5000)
    )
    assert report.verdict.status.value in ("blocked", "undetermined")
    own = [word for word in shlex.split(line) if "/" in word]
    assert [text for text in foreign(report) if not any(word in text for word in own)] == []
    for finding in report.findings:
        for fix in finding.fixes:
            for command in fix.commands if os == "windows" else ():
                assert '"' not in re.sub(r"'[^']*'", "", command), "PowerShell words stand in single quotes"


POWERSHELL = [
    ("plain", "plain"),
    ("--host=0.0.0.0", "--host=0.0.0.0"),
    ("0.0.0.0:5000", "0.0.0.0:5000"),
    (r"C:\Python\python.exe", r"C:\Python\python.exe"),
    (r"C:\my notes\it's.py", r"'C:\my notes\it''s.py'"),
    ("--", "'--'"),
    ("-b.c", "'-b.c'"),
    ("a,b", "'a,b'"),
    ("$env:X", "'$env:X'"),
    ("(x)", "'(x)'"),
    ("a;b", "'a;b'"),
    ("@x", "'@x'"),
    ('say "hi"', "'say \\\"hi\\\"'"),
    ("my folder\\", "'my folder\\\\'"),
    ("", "'\"\"'"),
]


@pytest.mark.parametrize(("word", "written"), POWERSHELL)
def test_a_word_for_powershell(word: str, written: str) -> None:
    assert powershell_word(word) == written


def test_a_line_for_powershell() -> None:
    line = shell_line(("npm", "run", "dev", "--", "--host", "0.0.0.0"), {"PORT": "it's"}, powershell=True)
    assert line == "$env:PORT='it''s'; npm run dev '--' --host 0.0.0.0"
    assert shell_line((r"C:\a b\x.exe", "-m"), {}) == r"& 'C:\a b\x.exe' -m"


def test_a_restart_ends_the_whole_server_and_changes_the_folder() -> None:
    fix = Fix(
        "x", ("python -m flask run",), needs="restart-server", cwd=r"C:\Users\anna\my notes", stop_pid=9
    )
    assert command_lines(fix, _of("win32")) == [
        "taskkill /f /t /pid 9", r"cd 'C:\Users\anna\my notes'", "python -m flask run",
    ]  # fmt: skip
    assert command_lines(fix, _of("linux"))[:2] == ["kill 9", r"cd 'C:\Users\anna\my notes'"]
    root = Fix("x", ("pfctl -d",), ("pfctl -e",), needs="root")
    assert command_lines(root, _of("openbsd7")) == ["doas pfctl -d"]
    assert undo_lines(root, _of("darwin")) == ["sudo pfctl -e"]


def test_who_types_as_root_already_types_no_sudo() -> None:
    root = Fix("x", ("pfctl -d",), ("pfctl -e",), needs="root")
    for os in ("linux", "darwin", "openbsd7"):
        host = replace(_of(os), privileged=True, root_shell=True)
        assert command_lines(root, host) == ["pfctl -d"]
        assert undo_lines(root, host) == ["pfctl -e"]
        behind_sudo = replace(host, root_shell=False)
        assert command_lines(root, behind_sudo) != ["pfctl -d"]


def test_a_server_of_root_is_started_anew_by_root() -> None:
    end, anew = End(7, user="root"), Run(("flask", "run"), "/srv", detached=True)
    fix = Fix("x", ("flask run",), needs="restart-server", cwd="/srv", stop_pid=7, actions=(end, anew))
    behind_sudo = replace(_of("linux"), privileged=True)
    assert command_lines(fix, behind_sudo) == ["sudo kill 7", "cd /srv", "sudo flask run"]
    assert command_lines(fix, replace(behind_sudo, root_shell=True)) == ["kill 7", "cd /srv", "flask run"]
    adas = replace(fix, actions=(replace(end, user="ada"), anew))
    assert command_lines(adas, behind_sudo) == ["kill 7", "cd /srv", "flask run"]


def _of(os: str) -> HostInfo:
    return HostInfo(os, os, os, "host", privileged=False, environment="bare")
