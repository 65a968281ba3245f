"""Real servers: started on loopback, recognised by what /proc shows, started again as landiag prints it.

Each runs in a network namespace of its own. Servers that are not installed are skipped, by name.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from landiag.collect.machine import parse_processes
from landiag.host.calls import processes
from landiag.model.process import Process
from landiag.servers.recognise import Server, recognise
from landiag.servers.restart import http_command, restart_command
from landiag.servers.source_edit import edit_files, find_edit

LAN_ADDRESS = "192.0.2.1"
TOOLS = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"], "/usr/sbin", "/sbin"])

FLASK = """from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return "shop"


if __name__ == "__main__":
    app.run({arguments})
"""
ASGI = """async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"shop"})
"""
FASTAPI = "from fastapi import FastAPI\n\napp = FastAPI()\n"
DJANGO = """import sys

from django.conf import settings
from django.core.management import execute_from_command_line

settings.configure(DEBUG=True, SECRET_KEY="x", ROOT_URLCONF=__name__)
urlpatterns = []
execute_from_command_line(sys.argv)
"""
NODE = """const hostname = '127.0.0.1';
require('node:http').createServer((q, r) => r.end('shop')).listen(5000, hostname);
"""
PACKAGE = '{\n  "name": "shop",\n  "scripts": {\n    "dev": "%s"\n  }\n}\n'
SHOP = {"shop.py": FLASK.replace("{arguments}", "")}
NGINX = """user root;
error_log stderr;
events {}
http {
    access_log off;
    client_body_temp_path tmp;
    proxy_temp_path tmp;
    fastcgi_temp_path tmp;
    uwsgi_temp_path tmp;
    scgi_temp_path tmp;
    server { listen 127.0.0.1:8051; }
    server {
        listen 127.0.0.1:8050;
        root .;
    }
}
"""
REACT = "export default function Home() { return <p>shop</p> }"
WEBPACK = {
    "package.json": '{"scripts": {"dev": "webpack serve --mode development --host localhost --port 8081"}}',
    "src/index.js": "console.log(1)",
}
QUART = "from quart import Quart\n\napp = Quart(__name__)\n"
SANIC = """from sanic import Sanic, text

app = Sanic("shop")


@app.get("/")
async def index(request):
    return text("shop")
"""
LITESTAR = "from litestar import Litestar\n\napp = Litestar()\n"
AIOHTTP = "from aiohttp import web\n\n\ndef start(argv):\n    return web.Application()\n"
PAGE = {"index.html": "shop"}


@dataclass(frozen=True, slots=True)
class Case:
    """A command as a user types it, the port it listens on, and the server that landiag should see."""

    command: str
    key: str
    port: int = 5000
    files: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    needs: str = ""
    http: str | None = None

    @property
    def program(self) -> str:
        return self.needs or self.command.split(maxsplit=1)[0]


def app_run(arguments: str) -> dict[str, str]:
    return {"shop.py": FLASK.replace("{arguments}", arguments)}


CASES = [
    Case("flask --app shop run", "flask", files=SHOP),
    Case("flask --app shop run --port 5003 --host 127.0.0.1", "flask", 5003, SHOP),
    Case("flask run", "flask", 5004, SHOP, {"FLASK_APP": "shop", "FLASK_RUN_PORT": "5004"}),
    Case("flask --app shop run --debug", "flask", files=SHOP),
    Case("python -m flask --app shop run -h localhost", "flask", files=SHOP),
    Case("python shop.py", "werkzeug", files=app_run(""), http="werkzeug"),
    Case("python shop.py", "werkzeug", 5009, app_run("debug=True, port=5009"), http="werkzeug"),
    Case("python shop.py", "werkzeug", 5009, app_run('"127.0.0.1", 5009'), http="werkzeug"),
    Case("python shop.py", "werkzeug", files=app_run('host="localhost"'), http="werkzeug"),
    Case("gunicorn shop:app", "gunicorn", 8000, SHOP),
    Case("wsgidav --no-config -r .", "wsgidav", 8080),
    Case("wsgidav --no-config -r . -H localhost", "wsgidav", 8080),
    Case("gunicorn -w 2 -b 127.0.0.1:8000 shop:app", "gunicorn", 8000, SHOP),
    Case("gunicorn --bind=localhost:8000 --bind 127.0.0.1:8001 shop:app", "gunicorn", 8001, SHOP),
    Case("gunicorn shop:app", "gunicorn", 8002, SHOP, {"GUNICORN_CMD_ARGS": "--bind=127.0.0.1:8002"}),
    Case("uvicorn shop:app", "uvicorn", 8000, {"shop.py": ASGI}),
    Case("uvicorn shop:app --reload --port 8001", "uvicorn", 8001, {"shop.py": ASGI}),
    Case("uvicorn --host localhost --workers 2 shop:app", "uvicorn", 8000, {"shop.py": ASGI}),
    Case("hypercorn shop:app", "hypercorn", 8000, {"shop.py": ASGI}),
    Case("hypercorn -b localhost:8004 shop:app", "hypercorn", 8004, {"shop.py": ASGI}),
    Case("daphne -p 8003 shop:app", "daphne", 8003, {"shop.py": ASGI}),
    Case("waitress-serve --host 127.0.0.1 --port 8080 shop:app", "waitress", 8080, SHOP),
    Case("waitress-serve --listen=127.0.0.1:8081 shop:app", "waitress", 8081, SHOP),
    Case("python manage.py runserver", "django", 8000, {"manage.py": DJANGO}, needs="django-admin"),
    Case("python manage.py runserver -v 2 8005", "django", 8005, {"manage.py": DJANGO}, needs="django-admin"),
    Case("fastapi dev shop.py", "fastapi-dev", 8000, {"shop.py": FASTAPI}),
    Case("fastapi run shop.py --host 127.0.0.1", "fastapi", 8000, {"shop.py": FASTAPI}),
    Case("python -m http.server 8010 --bind 127.0.0.1", "http-server-python", 8010, PAGE),
    Case("python -m http.server -b localhost", "http-server-python", 8000, PAGE),
    Case(
        "uwsgi --plugin python3 --http-socket 127.0.0.1:8020 --wsgi-file shop.py --callable app",
        "uwsgi",
        8020,
    ),
    Case("uwsgi --plugin python3,http --http localhost:8021 --wsgi-file shop.py", "uwsgi", 8021),
    Case("php -S localhost:8030", "php", 8030, PAGE),
    Case("node server.js", "node", 5000, {"server.js": NODE}),
    Case("npm run dev", "node", 5000, {"server.js": NODE, "package.json": PACKAGE % "node server.js"}),
    Case("hugo server --port 1314", "hugo", 1314, {"config.toml": "", "layouts/index.html": "shop"}),
    Case("jekyll serve --skip-initial-build --port 4001", "jekyll", 4001, PAGE),
    Case("caddy file-server --listen 127.0.0.1:8040", "caddy-command", 8040, PAGE),
    Case(
        "streamlit run shop.py --server.address localhost --server.headless true",
        "streamlit",
        8501,
        {"shop.py": ""},
    ),
    Case("jupyter-lab --no-browser --allow-root --port 8890", "jupyter", 8890),
    Case("jupyter lab --no-browser --allow-root --ip 127.0.0.1", "jupyter", 8888),
    Case("vite --port 5180", "vite", 5180, PAGE),
    Case("vite preview --host 127.0.0.1 --outDir .", "vite-preview", 4173, PAGE),
    Case("npm run dev", "vite", 5173, PAGE | {"package.json": PACKAGE % "vite"}, needs="vite"),
    Case("npm run dev -- --port 5181", "vite", 5181, PAGE | {"package.json": PACKAGE % "vite"}, needs="vite"),
    Case(
        "npm run dev", "vite", 5173, PAGE | {"package.json": PACKAGE % "vite --host 127.0.0.1"}, needs="vite"
    ),
    Case("next dev -H 127.0.0.1 -p 3005", "next", 3005, {"pages/index.js": REACT}),
    Case("npm run dev", "webpack-dev-server", 8081, WEBPACK, needs="webpack-dev-server"),
    Case(
        "mkdocs serve --dev-addr localhost:8060",
        "mkdocs",
        8060,
        {"mkdocs.yml": "site_name: shop", "docs/index.md": "x"},
    ),
    Case(
        "sphinx-autobuild --port 8061 . out",
        "sphinx-autobuild",
        8061,
        {"conf.py": "", "index.rst": "Shop\n===="},
    ),
    Case(
        "marimo run --headless --no-token -p 8099 shop.py",
        "marimo",
        8099,
        {"shop.py": "import marimo\napp = marimo.App()\n"},
    ),
    Case("pelican -l -p 8062 -o .", "pelican", 8062, PAGE | {"pelicanconf.py": "", "content/x.md": ""}),
    Case("quart --app shop run --port 8063", "quart", 8063, {"shop.py": QUART}),
    Case("sanic shop:app --port 8064 --single-process", "sanic", 8064, {"shop.py": SANIC}),
    Case("granian --interface asgi shop:app --port 8065", "granian", 8065, {"shop.py": ASGI}),
    Case("litestar --app shop:app run --port 8066", "litestar", 8066, {"shop.py": LITESTAR}),
    Case("bottle.py -b localhost:8067 shop:app", "bottle", 8067, SHOP),
    Case("python -m aiohttp.web -P 8068 shop:start", "aiohttp", 8068, {"shop.py": AIOHTTP}, needs="aiohttp"),
    Case("bokeh serve --address 127.0.0.1 --port 8069 shop.py", "bokeh", 8069, {"shop.py": ""}),
    Case("sqlite_web -x -p 8070 shop.db", "sqlite-web", 8070, {"shop.db": ""}),
    Case("nginx -p . -c n.conf -g 'daemon off; pid n.pid;'", "nginx", 8050, {"n.conf": NGINX}),
    Case("http-server -p 8090 -a 127.0.0.1", "http-server-node", 8090, PAGE),
    Case("serve -l tcp://127.0.0.1:3007", "serve", 3007, PAGE),
]


@pytest.fixture(scope="module")
def namespace() -> Iterator[int]:
    """A network with one address that is not loopback; gone when its process ends."""
    setup = f"ip link set lo up && ip address add {LAN_ADDRESS}/32 dev lo && echo ready && exec sleep 1000"
    argv = ["unshare", "--map-root-user", "--net", "sh", "-c", setup]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        if holder.stdout.readline() != "ready\n":
            pytest.skip("this kernel gives no network namespaces to this user")
        yield holder.pid
        holder.kill()


@dataclass(slots=True)
class Running:
    """A shell line that runs inside the namespace, in a folder, with few variables."""

    namespace: int
    folder: Path
    child: subprocess.Popen[bytes] | None = None

    def inside(self, *argv: str) -> list[str]:
        return [
            "nsenter",
            "-t",
            str(self.namespace),
            "--user",
            "--preserve-credentials",
            "--net",
            "--",
            *argv,
        ]

    def start(self, line: str, environment: dict[str, str]) -> None:
        variables = {"PATH": TOOLS, "HOME": str(self.folder), "LANG": "C.UTF-8", **environment}
        log = (self.folder / "log").open("ab")
        with log:
            self.child = subprocess.Popen(
                self.inside("sh", "-c", line if re.match(r"\w+=", line) else f"exec {line}"),
                cwd=self.folder,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def listeners(self, port: int) -> str:
        argv = self.inside("ss", "-lntpH", f"sport = :{port}")
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout

    def wait(self, port: int, *, up: bool) -> str:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            seen = self.listeners(port)
            if ("pid=" in seen) if up else not seen:
                return seen
            if up and self.child and self.child.poll() is not None:
                break
            time.sleep(0.2)
        log = (self.folder / "log").read_text("utf-8", "replace")[-2000:]
        pytest.fail(f"port {port} did not {'open' if up else 'close'}:\n{log}")

    def wait_until_it_serves(self, port: int) -> None:
        deadline = time.monotonic() + 30
        while not self.answers(port, "localhost"):
            assert time.monotonic() < deadline, "it listens and never answers"
            time.sleep(0.2)

    def answers(self, port: int, host: str = LAN_ADDRESS) -> bool:
        url = f"http://{host}:{port}/"
        argv = self.inside("curl", "-s", "--noproxy", "*", "-m", "10", "-o", "/dev/null", url)
        return subprocess.run(argv, check=False).returncode == 0

    def end(self) -> None:
        if self.child:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()
            # Its workers die a moment later: the next server must not be taken for them.
            deadline = time.monotonic() + 10
            while subprocess.run(self.inside("ss", "-lntH"), capture_output=True, check=True).stdout:
                assert time.monotonic() < deadline, "something still listens"
                time.sleep(0.02)


@pytest.fixture
def running(namespace: int, tmp_path: Path) -> Iterator[Running]:
    run = Running(namespace, tmp_path)
    yield run
    run.end()


def seen_server(seen: str, http: str | None) -> tuple[Server, Process]:
    """What landiag recognises from the owners of a socket, read as it reads them."""
    pids = re.findall(r"pid=(\d+)", seen)
    known = parse_processes(processes({"pids": ",".join(pids)}, 5).decode())
    for pid in map(int, pids):
        if server := recognise(known[pid], known, http):
            return server, known[pid]
    pytest.fail(f"nobody recognised: {[known[int(pid)].argv for pid in pids]}")


def write_files(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def make_ready(case: Case, folder: Path) -> None:
    for program in (case.program, case.command.split(maxsplit=1)[0], "unshare", "nsenter", "ss", "curl"):
        module = importlib.util.find_spec(program) if program.isidentifier() else None
        importable = module is not None and module.origin is not None  # a folder of that name is no module
        if shutil.which(program, path=TOOLS) is None and not importable:
            pytest.skip(f"{program} is not installed")
    write_files(folder, case.files or SHOP)
    if case.key in {"vite", "vite-preview", "next", "webpack-dev-server"}:
        modules = Path(str(shutil.which("vite", path=TOOLS))).parent.parent
        (folder / "node_modules").symlink_to(modules)


@pytest.mark.parametrize("case", CASES, ids=[f"{case.command} {case.environment or ''}" for case in CASES])
def test_the_printed_command_listens_on_all_addresses(case: Case, running: Running) -> None:
    make_ready(case, running.folder)
    running.start(case.command, case.environment)
    server, process = seen_server(running.wait(case.port, up=True), case.http)
    assert server.key == case.key
    running.wait_until_it_serves(case.port)
    assert not running.answers(case.port), "the server is reachable already: nothing to mend"
    command = carry_out(case, running, server, process)
    if command is None:
        return
    again = running.wait(case.port, up=True)
    assert re.search(rf"(0\.0\.0\.0|\*|\[::\]):{case.port}\b", again), f"{command}\n{again}"
    assert running.answers(case.port), command


def carry_out(case: Case, running: Running, server: Server, process: Process) -> str | None:
    """End the server and start it again as printed, with the edit that is printed; None where only steps are."""
    edit = next(
        (
            found
            for path in edit_files(server)
            if Path(path).is_file()
            and (found := find_edit(server, path, Path(path).read_text(), port=case.port))
        ),
        None,
    )
    advice = restart_command(server, process, port=case.port, edit=edit)
    assert advice.cwd == str(running.folder)
    assert advice.stop_pid is not None
    os.kill(advice.stop_pid, signal.Signals[f"SIG{advice.stop_signal}"])
    running.wait(case.port, up=False)
    if edit is not None:
        path = Path(edit.file)
        lines = path.read_text().splitlines()
        assert edit.line is not None
        assert lines[edit.line - 1] == edit.find
        lines[edit.line - 1] = edit.replace
        path.write_text("\n".join(lines) + "\n")
    if server.invocation is None:
        assert not advice.commands
        assert re.search(r"command line is not visible.* use -\S+ 0\.0\.0\.0", advice.steps[0])
        return None
    assert advice.commands, advice.steps
    (command,) = advice.commands
    running.end()
    running.start(command, {})
    return command


@pytest.mark.parametrize("arguments", ["port=5009, debug=True", "port=5009"])
def test_a_flask_program_can_be_started_without_touching_it(arguments: str, running: Running) -> None:
    case = Case("python shop.py", "werkzeug", 5009, app_run(arguments), needs="flask")
    make_ready(case, running.folder)
    running.start(case.command, {})
    server, process = seen_server(running.wait(5009, up=True), "werkzeug")
    running.wait_until_it_serves(5009)
    advice = restart_command(server, process, port=5009)
    assert advice.stop_pid is not None
    os.kill(advice.stop_pid, signal.SIGTERM)
    running.wait(5009, up=False)
    assert advice.commands, advice.steps
    (command,) = advice.commands
    running.end()
    running.start(command, {})
    running.wait(5009, up=True)
    assert running.answers(5009)


def test_uwsgi_is_told_to_speak_http(running: Running) -> None:
    case = Case(
        "uwsgi --plugin python3 --socket 127.0.0.1:8022 --wsgi-file shop.py --callable app", "uwsgi", 8022
    )
    make_ready(case, running.folder)
    running.start(case.command, {})
    server, _ = seen_server(running.wait(8022, up=True), None)
    assert server.speaks(8022) == "uwsgi"
    (command,) = http_command(server, 8022).commands
    assert command.split()[3:5] == ["--http-socket", "127.0.0.1:8022"]
    running.end()
    running.start(command, {})
    running.wait(8022, up=True)
    running.wait_until_it_serves(8022)
