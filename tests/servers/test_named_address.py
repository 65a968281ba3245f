"""A command line that names the address that its server listens on, whatever the program is."""

from __future__ import annotations

import shlex

import pytest

from landiag.model.process import Process, Service
from landiag.model.report import Edit
from landiag.servers.named_address import named_address
from landiag.servers.recognise import recognise, unknown_program
from landiag.servers.restart import restart_command
from landiag.servers.told import address_in_command

NAMED = [
    ("syncthing serve --gui-address=127.0.0.1:5000", "syncthing serve --gui-address=0.0.0.0:5000"),
    ("prometheus --web.listen-address=localhost:5000", "prometheus --web.listen-address=0.0.0.0:5000"),
    ("minio server /data --address 127.0.0.1:5000", "minio server /data --address 0.0.0.0:5000"),
    ("glances -w -B 127.0.0.1 -p 5000", "glances -w -B 0.0.0.0 -p 5000"),
    ("shop --redis-host localhost --bind ::1", "shop --redis-host localhost --bind 0.0.0.0"),
    ("shop serve 127.0.0.1:5000", "shop serve 0.0.0.0:5000"),
    ("shop --listen [::1]:5000 --peer 127.0.0.1:5000", "shop --listen 0.0.0.0:5000 --peer 127.0.0.1:5000"),
    (
        "etcd --listen-client-urls http://127.0.0.1:5000 --advertise-client-urls http://127.0.0.1:5000",
        "etcd --listen-client-urls http://0.0.0.0:5000 --advertise-client-urls http://127.0.0.1:5000",
    ),
    (
        "socat TCP-LISTEN:5000,bind=127.0.0.1,fork TCP:127.0.0.1:8000",
        "socat TCP-LISTEN:5000,bind=0.0.0.0,fork TCP:127.0.0.1:8000",
    ),
    (
        "twist web --listen tcp:5000:interface=127.0.0.1",
        "twist web --listen tcp:5000:interface=0.0.0.0",
    ),
    (
        "java -jar shop.jar --server.address=127.0.0.1",
        "java -jar shop.jar --server.address=0.0.0.0",
    ),
    (
        "java -Dserver.address=127.0.0.1 -jar shop.jar",
        "java -Dserver.address=0.0.0.0 -jar shop.jar",
    ),
]


@pytest.mark.parametrize(("typed", "expected"), NAMED)
def test_the_address_in_the_command_is_changed(typed: str, expected: str) -> None:
    process = Process(17, "x", tuple(shlex.split(typed)), cwd="/srv")
    server = recognise(process, {17: process}) or unknown_program(process)
    assert server is not None
    advice = restart_command(server, process, port=5000)
    assert (advice.commands, advice.stop_pid, advice.complete) == ((expected,), 17, True)
    unit = restart_command(server, process, port=5000, unit=Service("shop.service"))
    assert " in place of " in unit.steps[0]


@pytest.mark.parametrize(
    "line",
    [
        "--db-host 127.0.0.1",
        "--allowed-hosts localhost",
        "--advertise-address 127.0.0.1:5000",
        "--base-url=http://localhost:5000",
        "--bind 127.0.0.1:80",
        "--host 127.0.0.1 --bind 127.0.0.1",
        "--listen 127.0.0.10.example",
        "http://127.0.0.1:5000",
        "--host 0.0.0.0",
        "--inspect=127.0.0.1:5000",
        "--debug-address 127.0.0.1:5000",
        "-agentlib:jdwp=transport=dt_socket,address=127.0.0.1:5000",
    ],
)
def test_what_may_be_another_address_or_opens_a_debugger_stays(line: str) -> None:
    assert named_address(tuple(shlex.split(line)), "0.0.0.0", 5000) is None


@pytest.mark.parametrize(
    "line",
    [
        "dlv debug --headless --listen=127.0.0.1:5000",
        "python -m debugpy --listen 5000 s.py",
        "node --inspect=127.0.0.1:5000 s.js",
        "node --inspect-brk=5000 s.js",
        "java -agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:5000 Shop.java",
        "java -Xdebug -Xrunjdwp:server=y,transport=dt_socket,address=5000,suspend=n -jar shop.jar",
        "chromium --headless --remote-debugging-port=5000 http://localhost/",
        "shop --remote-debugging-port 5000",
        "rdbg --open --port 5000 shop.rb",
    ],
)
def test_a_debugger_is_never_opened_to_the_network(line: str) -> None:
    process = Process(17, "x", tuple(shlex.split(line)), cwd="/srv")
    server = recognise(process, {17: process}) or unknown_program(process)
    assert server is not None
    edit = Edit("/srv/s.js", 1, "listen(80, '127.0.0.1')", "listen(80, '0.0.0.0')")
    for unit in (None, Service("shop.service")):
        advice = restart_command(server, process, port=5000, unit=unit, edit=edit)
        assert (advice.commands, advice.edit, advice.needs) == ((), None, "user-action")
        assert advice.stays
        assert "ssh -L 5000:127.0.0.1:5000" in advice.steps[0]


@pytest.mark.parametrize(
    "line",
    [
        "node --inspect=127.0.0.1:9229 s.js",
        "java -agentlib:jdwp=address=5005 Shop.java",
        "node --inspect s.js",
    ],
)
def test_the_port_of_a_program_that_has_a_debugger_is_the_programs(line: str) -> None:
    process = Process(17, "x", tuple(shlex.split(line)), cwd="/srv")
    server = recognise(process, {17: process})
    assert server is not None
    assert "ssh -L" not in " ".join(restart_command(server, process, port=5000).steps)


def test_a_program_of_the_users_own_may_have_a_debugger_that_the_command_leaves_on() -> None:
    process = Process(17, "x", ("python", "shop.py", "--host", "127.0.0.1"), cwd="/srv")
    server = recognise(process, {17: process})
    assert server is not None
    advice = restart_command(server, process, port=5000)
    assert (advice.commands, advice.complete) == (("python shop.py --host 0.0.0.0",), False)
    assert "debug=False" in advice.steps[0]
    werkzeug = recognise(process, {17: process}, "werkzeug")
    assert werkzeug is not None
    assert address_in_command(werkzeug, "0.0.0.0", 5000) is None


def test_a_program_that_a_package_brought_is_not_edited() -> None:
    process = Process(17, "x", ("/v/bin/python3", "/v/bin/shopd", "serve"), cwd="/srv")
    server = recognise(process, {17: process})
    assert server is not None
    advice = restart_command(server, process, port=5000)
    assert (advice.commands, advice.stop_pid, advice.needs) == ((), None, "user-action")
    assert advice.steps[0].startswith("Look for the option or the setting of shopd")
