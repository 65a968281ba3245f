"""What another user's process says is never root's to run: a hostile listener for every kind of fix."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from landiag.host import Recording
from landiag.host.calls import edit
from landiag.model.actions import Run
from landiag.model.report import Report
from landiag.render.terminal import Style, render_terminal
from landiag.render.typed import command_lines
from tests.cases import load, replay

MARK = "/tmp/never-run-by-root"
EVIL = [
    "; touch " + MARK,
    "$(touch " + MARK + ")",
    "`touch " + MARK + "`",
    "'\"; touch " + MARK + "; #",
    "--flag=a b",
    "x && touch " + MARK,
]
COMMANDS = {
    "flask": ["/tmp/evil/flask", "--app", "x", "run", "--port", "5000"],
    "gunicorn": ["/tmp/evil/gunicorn", "-b", "127.0.0.1:5000", "x:app"],
    "runserver": ["/tmp/evil/python3", "manage.py", "runserver", "5000"],
    "program": ["/tmp/evil/python3", "app.py"],
    "ollama": ["/tmp/evil/ollama", "serve"],
    "uwsgi": ["/tmp/evil/uwsgi", "--http", "127.0.0.1:5000"],
    "ssh": ["/tmp/evil/ssh", "-L", "5000:localhost:80", "host"],
    "nginx": ["nginx: master process /tmp/evil/nginx -c /tmp/evil/nginx.conf"],
    "redis": ["/tmp/evil/redis-server", "/tmp/evil/redis.conf"],
    "node": ["/tmp/evil/node", "server.js"],
    "equals": ["/tmp/evil/A=b/flask", "run"],
    "dash": ["-flask", "run"],
}


def hostile(argv: list[str], user: str = "nobody", uid: int = 65534, cwd: str = "/tmp/evil") -> Recording:
    """A recording made by root, in which this user's process holds the port on loopback."""
    recording = load("linux-bound-to-loopback").recording
    machine = recording.readings["machine"]
    as_root = json.loads(machine.text) | {"privileged": True, "user_id": 0}
    source = next(name for name in recording.readings if name.startswith("processes "))
    (process, *others) = json.loads(recording.readings[source].text)
    environment = {"FLASK_APP": "x" + EVIL[0], "PORT": "5000", "GUNICORN_CMD_ARGS": EVIL[1]}
    process |= {"argv": argv, "user": user, "uid": uid, "cwd": cwd, "environment": environment}
    return replace(
        recording,
        readings={
            **recording.readings,
            "machine": replace(machine, data=json.dumps(as_root).encode()),
            source: replace(recording.readings[source], data=json.dumps([process, *others]).encode()),
        },
    )


def from_the_process(line: str) -> bool:
    """Whether a line holds something that the process said."""
    return any(word in line for word in ("evil", "never-run", "GUNICORN", "FLASK_APP", "flask"))


def root_lines(report: Report) -> list[str]:
    """Every line that root would paste, as its shell takes it apart."""
    fixes = [fix for finding in report.findings for fix in finding.fixes]
    return [line for fix in fixes for line in command_lines(fix, report.host)]


@pytest.mark.parametrize("kind", COMMANDS)
@pytest.mark.parametrize("more", ["", *EVIL])
def test_root_is_given_nothing_of_the_process(kind: str, more: str) -> None:
    argv = [*COMMANDS[kind], *([more] if more else [])]
    report = replay(hostile(argv))
    for line in root_lines(report):
        words = shlex.split(line)
        if from_the_process(line):
            assert words[:4] == ["runuser", "-u", "nobody", "--"], line
        assert "cd" not in words[:1], line
        assert ";" not in words
    for finding in report.findings:
        for fix in finding.fixes:
            runs = [action for action in fix.actions if isinstance(action, Run) and action.detached]
            assert all(run.for_user == "nobody" for run in runs)


@pytest.mark.parametrize("odd", ["\n", "\r", "\x1b[2J", "\x00", "\u202e", "\ud800"])
@pytest.mark.parametrize("where", ["argv", "cwd", "program"])
def test_what_cannot_be_shown_is_not_shown_as_a_command(odd: str, where: str) -> None:
    argv = list(COMMANDS["flask"])
    cwd = "/tmp/evil"
    if where == "argv":
        argv.append(f"x{odd}touch {MARK}")
    elif where == "program":
        argv[0] = f"/tmp/evil{odd}/flask"
    else:
        cwd = f"/tmp/evil{odd}touch {MARK}"
    report = replay(hostile(argv, cwd=cwd))
    shown = render_terminal(report, Style(200), verbose=True)
    assert odd not in shown.replace("\n", "") or odd == "\n"
    assert not [line for line in root_lines(report) if from_the_process(line)]
    assert not [line for line in shown.splitlines() if line.strip().startswith(("touch", "$("))]


@pytest.mark.parametrize("user", ["x; touch /tmp/x", "-u", "12345", "a b", "", "x\ny"])
def test_a_name_that_is_no_users_name_is_not_put_into_a_command(user: str) -> None:
    report = replay(hostile(COMMANDS["flask"], user=user, uid=12345))
    assert not [line for line in root_lines(report) if from_the_process(line)]
    steps = [step for finding in report.findings for fix in finding.fixes for step in fix.steps]
    assert any("12345" in step for step in steps)


@pytest.mark.parametrize(
    "cgroup",
    [
        "/system.slice/docker-0123456789ab.scope",
        "/docker/0123456789ab",
        "/machine.slice/libpod-0123456789ab.scope",
        "/kubepods.slice/kubepods-besteffort.slice/cri-containerd-0123.scope",
        "/lxc.payload.web/init.scope",
    ],
)
def test_what_a_container_said_is_not_run_on_the_machine(cgroup: str) -> None:
    """Root inside a container with the host's network is not root's own process."""
    recording = hostile(COMMANDS["flask"], user="root", uid=0)
    sockets = recording.readings["ss-listeners"]
    moved = replace(sockets, data=sockets.text.replace("cgroup:/", f"cgroup:{cgroup}").encode())
    report = replay(replace(recording, readings={**recording.readings, "ss-listeners": moved}))
    assert not [line for line in root_lines(report) if from_the_process(line)]
    steps = [step for finding in report.findings for fix in finding.fixes for step in fix.steps]
    assert any("Inside the container" in step and "--no-debugger" in step for step in steps)


@pytest.mark.parametrize(
    "cgroup", ["/", "/system.slice/docker.service", "/user.slice/user-0.slice/session-1.scope"]
)
def test_what_runs_on_the_machine_itself_is_in_no_container(cgroup: str) -> None:
    recording = hostile(COMMANDS["flask"], user="root", uid=0)
    sockets = recording.readings["ss-listeners"]
    moved = replace(sockets, data=sockets.text.replace("cgroup:/", f"cgroup:{cgroup}").encode())
    report = replay(replace(recording, readings={**recording.readings, "ss-listeners": moved}))
    steps = [step for finding in report.findings for fix in finding.fixes for step in fix.steps]
    assert not any("Inside the container" in step for step in steps)


def test_the_same_for_roots_own_process_is_a_plain_command() -> None:
    report = replay(hostile(COMMANDS["flask"], user="root", uid=0))
    assert any(line.endswith("run --port 5000 --host=0.0.0.0 --no-debugger") for line in root_lines(report))
    assert "cd /tmp/evil" in root_lines(report)
    assert not [line for line in root_lines(report) if "runuser" in line]


def test_the_printed_line_runs_as_that_user(tmp_path: Path) -> None:
    """Carried out by a real shell, where this user may become another one."""
    if os.getuid() != 0:
        pytest.skip("only root may become another user")
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents:
        if parent.is_relative_to("/tmp") and parent != Path("/tmp"):
            parent.chmod(0o755)
    folder = tmp_path / "a b;c"
    folder.mkdir()
    folder.chmod(0o777)
    program = folder / "flask"
    program.write_text('#!/bin/sh\nid -un > who\npwd > where\nprintf "%s\\n" "$@" > what\n')
    program.chmod(0o755)
    report = replay(hostile([str(program), "--app", "$(id)", "run", "'"], cwd=str(folder)))
    (line,) = [line for line in root_lines(report) if "runuser" in line]
    subprocess.run(["sh", "-c", line], check=True, cwd="/")
    assert (folder / "who").read_text() == "nobody\n"
    assert (folder / "where").read_text() == f"{folder}\n"
    assert (folder / "what").read_text().splitlines()[:4] == ["--app", "$(id)", "run", "'"]


@pytest.mark.parametrize("kind", ["own", "link", "hard-link", "of-root", "pipe", "folder"])
def test_a_file_to_edit_is_the_users_own_and_no_link(kind: str, tmp_path: Path) -> None:
    """A process of ``nobody`` names a file: only a plain file of ``nobody`` is looked into for root."""
    if os.getuid() != 0:
        pytest.skip("only root is asked to look into other users' files")
    text = "from flask import Flask\napp = Flask(__name__)\napp.run(host='127.0.0.1', port=5000)\n"
    target, named = tmp_path / "target.py", tmp_path / "app.py"
    target.write_text(text)
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents:
        if parent.is_relative_to("/tmp") and parent != Path("/tmp"):
            parent.chmod(0o755)
    if kind == "link":
        named.symlink_to(target)
    elif kind == "hard-link":
        named.hardlink_to(target)
    elif kind == "pipe":
        os.mkfifo(named)
    elif kind == "folder":
        named.mkdir()
    else:
        named.write_text(text)
    if kind in ("own", "pipe", "folder"):
        os.chown(named, 65534, 65534)
    waits = "import time; time.sleep(60)"
    argv = ["runuser", "-u", "nobody", "--", "/usr/bin/env", "python3", "-c"]
    starter = f"import os; os.chdir({str(tmp_path)!r}); os.execvp('python3', ['python3', 'app.py'])"
    if kind in ("own", "link", "hard-link", "of-root"):
        named_text = f"import time\n{waits.replace('import time; ', '')}\n{text}"
        (target if kind in ("link", "hard-link") else named).write_text(named_text)
    else:
        starter = f"import os, time; os.chdir({str(tmp_path)!r}); time.sleep(60)"
    with subprocess.Popen([*argv, starter], stdout=subprocess.DEVNULL) as child:
        try:
            found = _edit_of_child(child.pid)
        finally:
            for pid in (*_children(child.pid), child.pid):
                os.kill(pid, signal.SIGKILL)
    assert (found is not None) == (kind == "own")


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


def _edit_of_child(pid: int) -> object:
    """What the door says of the process that the starter became, once it is there."""
    import time

    for _ in range(100):
        children = _children(pid)
        argv = Path(f"/proc/{children[0]}/cmdline").read_bytes() if children else b""
        if argv.endswith(b"app.py\0") or b"time.sleep" in argv:
            break
        time.sleep(0.05)
    params = {"pid": str(children[0]), "port": "5000", "family": "4", "answers": "werkzeug"}
    return json.loads(edit(params, 5.0))
