"""No advice makes a debugger reachable: real servers with a debugger, started again as printed, asked by a client."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.servers.test_restart_real import (
    FLASK,
    LAN_ADDRESS,
    Case,
    Running,
    carry_out,
    make_ready,
    namespace,
    running,
    seen_server,
)

__all__ = ["namespace", "running"]

BROKEN = '@app.get("/broken")\ndef broken():\n    raise RuntimeError("planted")\n'
APP = FLASK.replace("if __name__", f"{BROKEN}\n\nif __name__")
RUN_SIMPLE = APP.replace("app.run({arguments})", "run_simple({arguments})").replace(
    "import Flask", "import Flask\nfrom werkzeug.serving import run_simple"
)
SOCKETIO = APP.replace("app.run({arguments})", "socketio.run({arguments})").replace(
    "app = Flask(__name__)",
    'from flask_socketio import SocketIO\n\napp = Flask(__name__)\nsocketio = SocketIO(app, async_mode="threading")',
)
DASH = f"""from dash import Dash, html

dashboard = Dash(__name__)
dashboard.layout = html.P("shop")
app = dashboard.server


{BROKEN}

if __name__ == "__main__":
    dashboard.run({{arguments}})
"""
DJANGO = """import sys

from django.conf import settings
from django.core.management import execute_from_command_line
from django.urls import path


def broken(request):
    raise RuntimeError("planted")


settings.configure(
    DEBUG=True, SECRET_KEY="x", ROOT_URLCONF=__name__, STATIC_URL="x/",
    INSTALLED_APPS=["django_extensions"], ALLOWED_HOSTS=["*"]
)
urlpatterns = [path("broken", broken), path("", lambda request: __import__("django.http").http.HttpResponse("shop"))]
execute_from_command_line(sys.argv)
"""


def source(text: str, arguments: str = "") -> dict[str, str]:
    return {"shop.py": text.replace("{arguments}", arguments)}


CASES = [
    Case("flask --app shop run --debug --port 5101", "flask", 5101, source(APP)),
    Case("flask --debug --app shop run --port 5102", "flask", 5102, source(APP)),
    Case("flask --app shop run --debugger --port 5103", "flask", 5103, source(APP)),
    Case("flask --app shop run --port 5104", "flask", 5104, source(APP), {"FLASK_DEBUG": "1"}),
    Case("flask --app shop run --port 5105", "flask", 5105, source(APP), {"FLASK_RUN_DEBUGGER": "1"}),
    *(
        Case("python shop.py", "werkzeug", 5110 + number, source(APP, arguments), http="werkzeug", needs="flask")
        for number, arguments in enumerate(
            (
                "debug=True, port=5110",
                '"127.0.0.1", 5111, True',
                'host="127.0.0.1", port=5112, debug=True',
                'use_debugger=True, host="127.0.0.1", port=5113',
                "\n        port=5114,\n        debug=True,\n    ",
                '\n        "localhost",\n        5115,\n        debug=True,\n    ',
                'debug=True, host="127.0.0.1",\n        port=5116, use_debugger=True',
            )
        )
    ),
    Case(
        "python shop.py",
        "werkzeug",
        5120,
        source(RUN_SIMPLE, '"127.0.0.1", 5120, app, use_debugger=True'),
        http="werkzeug",
        needs="flask",
    ),
    Case(
        "python shop.py",
        "werkzeug",
        5121,
        source(SOCKETIO, "app, port=5121, debug=True, allow_unsafe_werkzeug=True"),
        http="werkzeug",
        needs="flask_socketio",
    ),
    Case(
        "python shop.py",
        "werkzeug",
        5122,
        source(DASH, 'host="127.0.0.1", port=5122, debug=True'),
        http="werkzeug",
        needs="dash",
    ),
    Case(
        "python manage.py runserver_plus 5123", "django", 5123, {"manage.py": DJANGO}, needs="django_extensions"
    ),
]  # fmt: skip


def ask(run: Running, url: str, *options: str) -> str:
    argv = run.inside("curl", "-s", "--noproxy", "*", "-m", "10", *options, url)
    return subprocess.run(argv, check=False, capture_output=True).stdout.decode("utf-8", "replace")


def exposed(run: Running, host: str, port: int) -> list[str]:
    """What a client gets of a debugger at this address, whatever Host it claims."""
    found = []
    for options in ((), ("-H", f"Host: 127.0.0.1:{port}"), ("-H", f"Host: localhost:{port}")):
        for path in ("/console", "/broken", "/?__debugger__=yes&cmd=resource&f=style.css"):
            text = ask(run, f"http://{host}:{port}{path}", *options)
            if re.search(r"SECRET = \"|EVALEX = true|CONSOLE_MODE|div\.debugger", text):
                found.append(f"{path} {options}")
    return found


@pytest.mark.parametrize("case", CASES, ids=[f"{case.port} {case.command}" for case in CASES])
def test_the_advice_makes_no_debugger_reachable(case: Case, running: Running) -> None:
    make_ready(case, running.folder)
    running.start(case.command, case.environment)
    server, process = seen_server(running.wait(case.port, up=True), case.http)
    assert server.key == case.key
    running.wait_until_it_serves(case.port)
    assert exposed(running, "localhost", case.port), "there is no debugger: nothing is tested"
    command = carry_out(case, running, server, process)
    again = running.wait(case.port, up=True)
    running.wait_until_it_serves(case.port)
    assert not exposed(running, LAN_ADDRESS, case.port), f"{command}\n{again}"
    assert not exposed(running, "localhost", case.port), command
