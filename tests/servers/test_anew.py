"""A server that reads its settings when it starts is started again as it was, by whoever started it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from landiag.checks.case import Case
from landiag.checks.fixes import hosts, restart
from landiag.model.process import Process
from landiag.model.report import Fix
from tests.checks.asked import case_of
from tests.journey.world import LISTENER, host

DJANGO = ("/v/bin/python3", "manage.py", "runserver", "0.0.0.0:5000")
BOKEH = ("/v/bin/python3", "/v/bin/bokeh", "serve", "plot.py", "--address=0.0.0.0", "--port=5000")
NAME = "192.168.77.10"
SUPERVISED = ("/usr/bin/python3", "/usr/bin/supervisord")
USERS = "/user.slice/user-1000.slice/user@1000.service"


def _case(argv: tuple[str, ...], parent: tuple[str, ...] = ("bash",), cgroup: str | None = None) -> Case:
    server = Process(17, argv[0].rpartition("/")[2], argv, parent=9, uid=0, user="root", cwd="/srv/shop")
    starter = Process(9, parent[0], parent, parent=1)
    socket = replace(LISTENER, cgroup=cgroup)
    return case_of(host(sockets=(socket,), processes={17: server, 9: starter}))


def _fix(case: Case) -> Fix:
    (fix,) = hosts.host_fixes(case, case.facts.sockets[0], f"{NAME}:5000")  # type: ignore[index]
    return fix


def test_what_a_person_started_is_typed_again() -> None:
    fix = _fix(_case(DJANGO))
    assert fix.steps == (
        f'In settings.py add "{NAME}" to ALLOWED_HOSTS (Django answers 400 to every host that is not in it).',
    )
    assert (fix.commands, fix.stop_pid, fix.cwd) == (
        ("/v/bin/python3 manage.py runserver 0.0.0.0:5000",),
        17,
        "/srv/shop",
    )


def test_landiag_never_does_it_by_itself() -> None:
    """What a person has to write first is not there yet."""
    fix = _fix(_case(DJANGO))
    assert (fix.actions, fix.verified, fix.lasts) == ((), None, None)


@pytest.mark.parametrize(
    ("case", "commands", "says"),
    [
        (_case(DJANGO, cgroup="/system.slice/shop.service"), ("systemctl restart shop.service",), ""),
        (_case(DJANGO, cgroup="/web.slice/shop.service"), ("systemctl restart shop.service",), ""),
        (
            _case(DJANGO, cgroup=f"{USERS}/app.slice/shop.service"),
            (),
            "systemctl --user restart shop.service",
        ),
        (_case(DJANGO, parent=SUPERVISED), (), "supervisord"),
        (_case(DJANGO, parent=SUPERVISED, cgroup="/system.slice/supervisor.service"), (), "supervisord"),
        (_case(DJANGO, cgroup="/docker/0123456789ab"), (), "Then create the container anew."),
        (_case(("/opt/shop",)), (), "Then start it anew."),
    ],
    ids=("unit", "unit-of-a-slice", "unit-of-a-user", "manager", "manager-in-a-unit", "container", "unknown"),
)
def test_what_something_else_started_is_started_by_that(
    case: Case, commands: tuple[str, ...], says: str
) -> None:
    fix = _fix(case)
    assert (fix.commands, fix.stop_pid) == (commands, None)
    assert says in fix.steps[-1]


def test_option_that_names_the_origin_stands_in_the_command() -> None:
    case = _case(BOKEH)
    (fix,) = restart.origin_fixes(case, case.facts.sockets[0], f"{NAME}:5000")  # type: ignore[index]
    assert fix.commands[0].endswith(f"--port=5000 --allow-websocket-origin={NAME}:5000")
    assert fix.steps[0].startswith(f"Start it with --allow-websocket-origin={NAME}:5000 too")
