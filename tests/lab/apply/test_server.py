"""A server that ``check --fix`` starts anew: its own user's only, only as it was read, and back again by ``undo``."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.lab.apply.terminal import client_gets, converse, prepare
from tests.lab.hosts import PROJECT, REPOSITORY
from tests.lab.network import build_lab
from tests.lab.servers import Server, flask, node

pytestmark = pytest.mark.lab

LISTENERS = "ss -Hlntp sport = :5000"
LOGS = "/srv/home/.local/state/landiag"
SERVE = """
import http.server
http.server.ThreadingHTTPServer(("127.0.0.1", 5000), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def test_a_user_restarts_the_own_server() -> None:
    """Nobody but root reads the firewall: the last verdict says so, and the server is reached all the same."""
    with build_lab() as lab:
        prepare(lab, (), flask("--host 127.0.0.1", FLASK_RUN_PORT="5000"))
        fixed = converse(lab, "check --port 5000 --fix", user=True)
        assert (client_gets(lab), fixed.status) == ("served", 3), fixed.text
        assert f"What it says goes to {LOGS}/server-" in " ".join(fixed.text.split())
        assert "Running on all addresses" in lab.server.run(f"cat {LOGS}/*.log").stdout
        assert lab.server.run(f"stat -c %a {LOGS}").stdout == "700\n"
        assert converse(lab, "undo", user=True).status == 0
        assert client_gets(lab) == "refused"
        assert "127.0.0.1:5000" in lab.server.run(LISTENERS).stdout


CONSOLE = "curl -sm 5 -H 'Host: 127.0.0.1:5000' 'http://192.168.77.10:5000/console'"
WRAPPED = "import werkzeug.debug as own\napp.wsgi_app = own.DebuggedApplication(app.wsgi_app, evalex=True)\n"


@pytest.mark.parametrize(
    ("name", "more", "gets"),
    [("own", WRAPPED, "refused"), ("none", "", "served")],
    ids=("wraps itself", "does not"),
)
def test_a_server_in_debug_mode_is_opened_without_a_console(name: str, more: str, gets: str) -> None:
    """``--no-debugger`` leaves the application's own console where it is: then nothing is opened."""
    app = flask().files["shop.py"].replace("app = Flask(__name__)\n", f"app = Flask(__name__)\n{more}")
    assert (name == "own") == ("DebuggedApplication" in app)
    with build_lab() as lab:
        prepare(lab, (), flask("--host 127.0.0.1 --debug", app))
        inside = lab.server.run(CONSOLE.replace("192.168.77.10", "127.0.0.1")).stdout
        assert "SECRET" in inside, "there is no console: nothing is tested"
        said = converse(lab, "check --port 5000 --fix", user=True)
        assert client_gets(lab) == gets, said.text
        assert "SECRET" not in lab.client.run(CONSOLE, check=False).stdout, said.text


def test_a_server_that_does_not_end_is_not_killed() -> None:
    deaf = f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{flask().files['shop.py']}"
    with build_lab() as lab:
        prepare(lab, (), flask("--host 127.0.0.1", deaf))
        before = lab.server.run(LISTENERS).stdout
        said = converse(lab, "check --port 5000 --fix", user=True)
        assert (said.status, lab.server.run(LISTENERS).stdout) == (1, before), said.text
        assert "did not end within 10 s" in said.text
        assert converse(lab, "undo", user=True).status == 2


def test_a_line_of_a_file_is_edited_and_put_back() -> None:
    with build_lab() as lab:
        prepare(lab, (), node('5000, "127.0.0.1"'))
        before = lab.server.read(f"{PROJECT}/server.js")
        fixed = converse(lab, "check --port 5000 --fix", user=True)
        assert client_gets(lab) == "served", fixed.text
        assert lab.server.read(f"{PROJECT}/server.js") == before.replace("127.0.0.1", "0.0.0.0")
        undone = converse(lab, "undo", user=True)
        assert (undone.status, lab.server.read(f"{PROJECT}/server.js")) == (0, before), undone.text
        assert client_gets(lab) == "refused"


def test_a_file_behind_a_link_is_not_edited() -> None:
    with build_lab() as lab:
        link = "mv server.js real.js; ln -s real.js server.js; exec node server.js"
        prepare(lab, (), Server(link, node('5000, "127.0.0.1"').files))
        before = lab.server.read(f"{PROJECT}/real.js")
        said = converse(lab, "check --port 5000 --fix", user=True)
        assert (said.status, lab.server.read(f"{PROJECT}/real.js")) == (1, before), said.text
        assert "link" in said.text
        assert client_gets(lab) == "refused"


def test_a_command_with_a_secret_is_left_to_the_person() -> None:
    with build_lab() as lab:
        prepare(lab, (), Server("python server.py --password=hunter2", {"server.py": SERVE}))
        before = lab.server.run(LISTENERS).stdout
        said = converse(lab, "check --port 5000 --fix --yes", user=True)
        assert (said.status, lab.server.run(LISTENERS).stdout) == (1, before), said.text
        assert "landiag can't do this by itself" in said.text
        assert "hunter2" not in said.text


def test_nothing_of_another_users_server_runs_as_root() -> None:
    """A process of nobody's that has the port offers root a command line, a folder, an environment and a file."""
    if os.geteuid() != 0:
        pytest.skip("needs root: the server and landiag have to be two users")
    done = subprocess.run(
        ("unshare", "-n", "-m", "-p", "-u", "--fork", "--mount-proc", "--kill-child", "sh", "-c", HOSTILE),
        env={"PATH": os.environ["PATH"], "PYTHON": sys.executable, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd="/",
    )
    said = done.stdout + done.stderr
    assert "STATUS 1" in said, said
    assert "runuser -u nobody -- env -C /srv/evil 'FLASK_APP=$(touch /srv/owned)' " in said
    assert "another user's" in said
    assert "OWNED" not in said
    assert said.count("LISTENS 127.0.0.1:5000") == 1
    assert "UNDO 2" in said


HOSTILE = r"""
set -e
mount -t tmpfs -o mode=755 tmpfs /srv; mount -t tmpfs -o mode=755 tmpfs /var/lib
ip link set lo up; ip link add eth0 type veth peer name far0
ip addr add 192.168.77.10/24 dev eth0; ip link set eth0 up; ip link set far0 up
mkdir -p /srv/evil/bin; touch /srv/app.py; ln -s /srv/app.py /srv/evil/app.py
cat > /srv/evil/bin/flask <<'END'
import http.server, os
if os.getuid() == 0:
    open("/srv/owned", "w").close()
http.server.ThreadingHTTPServer(("127.0.0.1", 5000), http.server.SimpleHTTPRequestHandler).serve_forever()
END
cd /srv/evil
env -i PATH="$PATH" FLASK_APP='$(touch /srv/owned)' setpriv --reuid nobody --regid nogroup --clear-groups \
  /usr/bin/python3 -I /srv/evil/bin/flask run --host 127.0.0.1 '; touch /srv/owned' > /dev/null 2>&1 &
for try in $(seq 50); do ss -Hlnt | grep -q :5000 && break; sleep 0.1; done
set +e
"$PYTHON" -m landiag check --port 5000 --fix --yes; echo "STATUS $?"
ss -Hlnt | awk '{print "LISTENS " $4}'
[ -e /srv/owned ] && echo OWNED
"$PYTHON" -m landiag undo --yes; echo "UNDO $?"
true
"""
