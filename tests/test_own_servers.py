"""Which of a person's servers is meant: of this folder, for developers, and where its command says that it listens."""

from __future__ import annotations

from landiag.own_servers import OwnServer, likely

UWSGI = ("uwsgi", "--http", "127.0.0.1:5000", "--module", "shop:app")
OUTER = OwnServer(5000, 30, "uWSGI", is_here=True, is_development=False, command=UWSGI)
INNER = OwnServer(39533, 29, "uWSGI", is_here=True, is_development=False, command=UWSGI)
FLASK = OwnServer(8000, 40, "Flask", is_here=False, is_development=True, command=("flask", "run"))
OTHER = OwnServer(9000, 41, "nginx", is_here=False, is_development=False, command=("nginx",))


def test_a_port_that_a_command_names_stands_for_those_that_it_opens_for_itself() -> None:
    assert likely((OUTER, INNER)) == (OUTER,)


def test_a_port_that_no_command_names_is_a_server_of_its_own() -> None:
    assert likely((INNER,)) == (INNER,)
    assert likely((FLASK, OTHER)) == (FLASK,)


def test_this_folder_comes_before_what_is_for_developers() -> None:
    assert likely((FLASK, OUTER, OTHER)) == (OUTER,)
    assert likely((OTHER,)) == (OTHER,)
