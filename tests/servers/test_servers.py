"""Servers are recognised by their command lines, and told in the user's own words to listen everywhere."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landiag.collect.exchanges.answerers import answerers, recognise_http
from landiag.model.facts import Family
from landiag.model.process import Process, Service
from landiag.redact.masking import mask_argv
from landiag.redact.secret_names import MASK
from landiag.servers.advice import RestartAdvice
from landiag.servers.invocation import invocation
from landiag.servers.kinds import server_kinds
from landiag.servers.recognise import Server, recognise
from landiag.servers.restart import restart_command

HOWS = {"option", "bind", "positional", "environment", "forward", "source", "config", "steps"}

# What the user typed as /proc shows it, the server, its port, and what makes it listen on all addresses.
LINES = [
    (
        "node /p/node_modules/.bin/vitepress dev docs",
        "vitepress",
        5173,
        "/p/node_modules/.bin/vitepress dev docs --host 0.0.0.0",
    ),
    ("vitepress preview --host localhost", "vitepress-preview", 4173, "vitepress preview --host 0.0.0.0"),
    (
        "node /p/node_modules/.bin/react-router dev",
        "react-router",
        5173,
        "/p/node_modules/.bin/react-router dev --host 0.0.0.0",
    ),
    ("remix vite:dev --port 3000", "react-router", 3000, "remix vite:dev --port 3000 --host 0.0.0.0"),
    ("rspack serve --host=localhost", "rspack", 8080, "rspack serve --host=0.0.0.0"),
    ("rsbuild dev --host 127.0.0.1", "rsbuild", 3000, "rsbuild dev --host 0.0.0.0"),
    ("wds --port 8000", "web-dev-server", 8000, "wds --port 8000 --hostname 0.0.0.0"),
    ("hexo server -i 127.0.0.1", "hexo", 4000, "hexo server -i 0.0.0.0"),
    ("docsify serve docs", "docsify", 3000, "docsify serve docs --host 0.0.0.0"),
    ("reveal-md slides.md", "reveal-md", 1948, "reveal-md slides.md --host 0.0.0.0"),
    ("prism mock -p 4010 api.yaml", "prism", 4010, "prism mock -p 4010 api.yaml --host 0.0.0.0"),
    ("verdaccio", "verdaccio", 4873, "verdaccio --listen 0.0.0.0:4873"),
    ("verdaccio -l 127.0.0.1:4873", "verdaccio", 4873, "verdaccio -l 0.0.0.0:4873"),
    ("code-server --bind-addr 127.0.0.1:8080", "code-server", 8080, "code-server --bind-addr 0.0.0.0:8080"),
    ("esbuild --servedir=www", "esbuild", 8000, "esbuild --servedir=www --serve=0.0.0.0:8000"),
    ("locust --web-host 127.0.0.1", "locust", 8089, "locust --web-host 0.0.0.0"),
    ("celery -A shop flower --address=127.0.0.1", "flower", 5555, "celery -A shop flower --address=0.0.0.0"),
    (
        "optuna-dashboard sqlite:///x.db",
        "optuna-dashboard",
        8080,
        "optuna-dashboard sqlite:///x.db --host 0.0.0.0",
    ),
    ("lektor server", "lektor", 5000, "lektor server --host 0.0.0.0"),
    ("nikola serve -a 127.0.0.1", "nikola", 8000, "nikola serve -a 0.0.0.0"),
    ("zensical serve", "zensical", 8000, "zensical serve --dev-addr 0.0.0.0:8000"),
    ("wsgidav -r . --auth anonymous", "wsgidav", 8080, "wsgidav -r . --auth anonymous --host=0.0.0.0"),
    ("wsgidav -H localhost -r .", "wsgidav", 8080, "wsgidav -H 0.0.0.0 -r ."),
    ("langgraph dev --port 2024", "langgraph", 2024, "langgraph dev --port 2024 --host 0.0.0.0"),
    ("langflow run", "langflow", 7860, "langflow run --host 0.0.0.0"),
    ("fastmcp run s.py -t http", "fastmcp", 8000, "fastmcp run s.py -t http --host 0.0.0.0"),
    ("adk web agents", "adk", 8000, "adk web agents --host=0.0.0.0"),
    ("kedro viz run", "kedro-viz", 4141, "kedro viz run --host 0.0.0.0"),
    ("aim up -h 127.0.0.1", "aim", 43800, "aim up -h 0.0.0.0"),
    ("superset run -p 8088", "superset", 8088, "superset run -p 8088 --host=0.0.0.0 --no-debugger"),
    ("python /srv/ComfyUI/main.py", "comfyui", 8188, "python /srv/ComfyUI/main.py --listen 0.0.0.0"),
    (
        "python /srv/stable-diffusion-webui/launch.py",
        "stable-diffusion",
        7860,
        "python /srv/stable-diffusion-webui/launch.py --server-name 0.0.0.0",
    ),
    (
        "rclone serve http x: --addr 127.0.0.1:8080",
        "rclone",
        8080,
        "rclone serve http x: --addr 0.0.0.0:8080",
    ),
    ("syncthing serve", "syncthing", 8384, "syncthing serve --gui-address=0.0.0.0:8384"),
    (
        "prometheus --web.listen-address=127.0.0.1:9090",
        "prometheus",
        9090,
        "prometheus --web.listen-address=0.0.0.0:9090",
    ),
    ("kiwix-serve -i 127.0.0.1 x.zim", "kiwix", 8080, "kiwix-serve -i 0.0.0.0 x.zim"),
    ("python3 /usr/bin/hg serve -a localhost", "mercurial", 8000, "/usr/bin/hg serve -a 0.0.0.0"),
    ("pocketbase serve", "pocketbase", 8090, "pocketbase serve --http=0.0.0.0:8090"),
    ("meilisearch", "meilisearch", 7700, "meilisearch --http-addr=0.0.0.0:7700"),
    ("consul agent -dev -client=127.0.0.1", "consul", 8500, "consul agent -dev -client=0.0.0.0"),
    ("nomad agent -dev", "nomad", 4646, "nomad agent -dev -bind 0.0.0.0"),
    ("vault server -dev", "vault", 8200, "vault server -dev -dev-listen-address 0.0.0.0:8200"),
    ("mdbook serve", "mdbook", 3000, "mdbook serve --hostname 0.0.0.0"),
    ("dx serve --addr 127.0.0.1", "dioxus", 8080, "dx serve --addr 0.0.0.0"),
    ("filebrowser -a 127.0.0.1", "filebrowser", 8080, "filebrowser -a 0.0.0.0"),
    ("symfony server:start", "symfony", 8000, "symfony server:start --listen-ip=0.0.0.0"),
    ("memcached -m 64 -p 11211 -l 127.0.0.1", "memcached", 11211, "memcached -m 64 -p 11211 -l 0.0.0.0"),
    ("mongod --bind_ip=127.0.0.1 --port=27017", "mongodb", 27017, "mongod --bind_ip=0.0.0.0 --port=27017"),
    (
        "/v/bin/python3 /v/bin/flask --app shop run --port 5000",
        "flask",
        5000,
        "/v/bin/flask --app shop run --port 5000 --host=0.0.0.0 --no-debugger",
    ),
    ("flask run --host 127.0.0.1 -p 5000", "flask", 5000, "flask run --host 0.0.0.0 -p 5000 --no-debugger"),
    ("flask run -h127.0.0.1", "flask", 5000, "flask run -h0.0.0.0 --no-debugger"),
    ("flask -h run --host=localhost", "flask", 5000, "flask -h run --host=0.0.0.0 --no-debugger"),
    ("flask run --host=::1 --host=127.0.0.1", "flask", 5000, "flask run --host=0.0.0.0 --no-debugger"),
    (
        "python3.11 -X dev -m flask --app 'my shop' run",
        "flask",
        5000,
        "python3.11 -X dev -m flask --app 'my shop' run --host=0.0.0.0 --no-debugger",
    ),
    ("python -u /v/bin/flask run", "flask", 5000, "python -u /v/bin/flask run --host=0.0.0.0 --no-debugger"),
    (
        "python3 /v/bin/gunicorn -w 2 shop:app",
        "gunicorn",
        8000,
        "/v/bin/gunicorn -w 2 shop:app --bind=0.0.0.0:8000",
    ),
    ("gunicorn -b127.0.0.1:8000 shop:app", "gunicorn", 8000, "gunicorn -b0.0.0.0:8000 shop:app"),
    ("gunicorn -b localhost shop:app", "gunicorn", 8000, "gunicorn -b 0.0.0.0:8000 shop:app"),
    (
        "gunicorn -b unix:/run/s.sock -b [::1]:9000 shop:app",
        "gunicorn",
        9000,
        "gunicorn -b unix:/run/s.sock -b 0.0.0.0:9000 shop:app",
    ),
    (
        "gunicorn -b 127.0.0.1:8000 -b 127.0.0.1:8001 s:a",
        "gunicorn",
        8001,
        "gunicorn -b 127.0.0.1:8000 -b 0.0.0.0:8001 s:a",
    ),
    ("hypercorn --bind=localhost:8000 a:b", "hypercorn", 8000, "hypercorn --bind=0.0.0.0:8000 a:b"),
    (
        "waitress-serve --port 8080 --call a:b",
        "waitress",
        8080,
        "waitress-serve --host=0.0.0.0 --port 8080 --call a:b",
    ),
    (
        "waitress-serve --listen=127.0.0.1:8080 a:b",
        "waitress",
        8080,
        "waitress-serve --listen=0.0.0.0:8080 a:b",
    ),
    ("python ./manage.py runserver", "django", 8000, "python ./manage.py runserver 0.0.0.0:8000"),
    (
        "python manage.py runserver -v 2 8080 --noreload",
        "django",
        8080,
        "python manage.py runserver -v 2 0.0.0.0:8080 --noreload",
    ),
    ("python manage.py runserver localhost:8080", "django", 8080, "python manage.py runserver 0.0.0.0:8080"),
    (
        "python -m http.server --bind 127.0.0.1",
        "http-server-python",
        8000,
        "python -m http.server --bind 0.0.0.0",
    ),
    (
        "node /x/node_modules/.bin/vite --host --port 3",
        "vite",
        3,
        "/x/node_modules/.bin/vite --host 0.0.0.0 --port 3",
    ),
    (
        "node /x/node_modules/vite/bin/vite.js",
        "vite",
        5173,
        "node /x/node_modules/vite/bin/vite.js --host 0.0.0.0",
    ),
    (
        "node /x/node_modules/@angular/cli/bin/ng.js serve",
        "angular",
        4200,
        "node /x/node_modules/@angular/cli/bin/ng.js serve --host 0.0.0.0",
    ),
    (
        "node /x/node_modules/.bin/react-scripts start",
        "react-scripts",
        3000,
        "HOST=0.0.0.0 /x/node_modules/.bin/react-scripts start",
    ),
    (
        "streamlit run app.py -- --user me",
        "streamlit",
        8501,
        "streamlit run app.py --server.address=0.0.0.0 -- --user me",
    ),
    ("php -S localhost:8030 -t web", "php", 8030, "php -S 0.0.0.0:8030 -t web"),
    ("ruby3.1 /usr/bin/jekyll serve", "jekyll", 4000, "/usr/bin/jekyll serve --host 0.0.0.0"),
    ("ruby bin/rails server -b 127.0.0.1", "rails", 3000, "bin/rails server -b 0.0.0.0"),
    ("zola serve -p 5000", "zola", 5000, "zola serve -p 5000 --interface 0.0.0.0"),
    ("zola serve --interface 127.0.0.1 -p 5000", "zola", 5000, "zola serve --interface 0.0.0.0 -p 5000"),
    ("docusaurus start --port 5000", "docusaurus", 5000, "docusaurus start --port 5000 --host 0.0.0.0"),
    ("trunk serve -a 127.0.0.1", "trunk", 8080, "trunk serve -a 0.0.0.0"),
    ("marimo run shop.py --host=127.0.0.1", "marimo", 2718, "marimo run shop.py --host=0.0.0.0"),
    ("mkdocs serve --dev-addr=127.0.0.1:8000", "mkdocs", 8000, "mkdocs serve --dev-addr=0.0.0.0:8000"),
    ("uwsgi --http :3031 --socket 127.0.0.1:3032", "uwsgi", 3032, "uwsgi --http :3031 --socket 0.0.0.0:3032"),
    ("ssh -N -L8000:localhost:5000 me@host", "ssh", 8000, "ssh -N -L0.0.0.0:8000:localhost:5000 me@host"),
    (
        "ssh -L 127.0.0.1:8000:db:5432 -L 9000:x:1 me@host",
        "ssh",
        9000,
        "ssh -L 127.0.0.1:8000:db:5432 -L 0.0.0.0:9000:x:1 me@host",
    ),
    (
        "kubectl port-forward svc/web 8080:80",
        "kubectl",
        8080,
        "kubectl port-forward svc/web 8080:80 --address=0.0.0.0",
    ),
    ("dotnet run --urls http://localhost:5000", "dotnet", 5000, "dotnet run --urls http://0.0.0.0:5000"),
    ("prefect server start", "prefect", 4200, "prefect server start --host=0.0.0.0"),
    (
        "/v/bin/python /v/bin/datasette serve s.db",
        "datasette",
        8001,
        "/v/bin/datasette serve s.db --host=0.0.0.0",
    ),
    ("voila shop.ipynb", "voila", 8866, "voila shop.ipynb --Voila.ip=0.0.0.0"),
    ("mitmweb --web-host 127.0.0.1", "mitmweb", 8081, "mitmweb --web-host 0.0.0.0"),
    ("llama-server -m m.gguf", "llama-server", 8080, "llama-server -m m.gguf --host=0.0.0.0"),
    ("python -m pydoc -p 5000", "pydoc", 5000, "python -m pydoc -p 5000 -n 0.0.0.0"),
    ("ollama serve", "ollama", 11434, "OLLAMA_HOST=0.0.0.0:11434 ollama serve"),
    (
        "/v/bin/python /v/bin/sqlite_web -x shop.db",
        "sqlite-web",
        8080,
        "/v/bin/sqlite_web -x shop.db --host=0.0.0.0",
    ),
]


def process(line: str, pid: int = 4321, **others: object) -> Process:
    return Process(pid, "x", tuple(shlex.split(line)), cwd="/home/u/shop", **others)  # type: ignore[arg-type]


def seen(target: Process, *others: Process, http: str | None = None) -> Server:
    server = recognise(target, {one.pid: one for one in (target, *others)}, http)
    assert server is not None
    return server


def advised(line: str, port: int, **others: object) -> RestartAdvice:
    target = process(line, 4321, **others)
    return restart_command(seen(target), target, port=port)


@pytest.mark.parametrize(("typed", "key", "port", "expected"), LINES)
def test_the_users_own_command_is_rewritten(typed: str, key: str, port: int, expected: str) -> None:
    target = process(typed)
    server = seen(target)
    assert server.key == key
    advice = restart_command(server, target, port=port)
    assert advice.commands == (expected,)
    assert (advice.cwd, advice.stop_pid) == ("/home/u/shop", 4321)


@pytest.mark.parametrize(("typed", "key", "port", "expected"), LINES)
def test_what_was_rewritten_once_stays(typed: str, key: str, port: int, expected: str) -> None:
    variables = dict(re.findall(r"(\w+)=(\S+) ", expected)) if re.match(r"[A-Z_]+=", expected) else {}
    again = process(re.sub(r"^[A-Z_]+=\S+ ", "", expected), environment=variables)
    assert restart_command(seen(again), again, port=port).commands == (expected,)


def test_ipv6_is_written_in_brackets_in_front_of_a_port() -> None:
    target = process("gunicorn -b 127.0.0.1:8000 shop:app")
    (command,) = restart_command(seen(target), target, Family.IPV6, port=8000).commands
    assert shlex.split(command) == ["gunicorn", "-b", "[::]:8000", "shop:app"]
    target = process("flask run")
    assert restart_command(seen(target), target, Family.IPV6).commands == (
        "flask run --host=:: --no-debugger",
    )


def test_variables_that_matter_stand_before_the_command() -> None:
    environment = {
        "FLASK_APP": "my shop",
        "FLASK_RUN_PORT": "5001",
        "FLASK_RUN_HOST": "127.0.0.1",
        "PATH": "/x",
    }
    advice = advised("flask run", 5001, environment=environment)
    assert advice.commands == (
        "FLASK_APP='my shop' FLASK_RUN_PORT=5001 flask run --host=0.0.0.0 --no-debugger",
    )


def test_a_bare_python_is_that_of_its_virtual_environment() -> None:
    advice = advised("python -m flask run", 5000, environment={"VIRTUAL_ENV": "/home/u/venv"})
    assert advice.commands == ("/home/u/venv/bin/python -m flask run --host=0.0.0.0 --no-debugger",)


def test_a_framework_python_of_macos_is_that_of_its_virtual_environment() -> None:
    path = (
        "/opt/homebrew/Frameworks/Python.framework/Versions/3.12/Resources/Python.app/Contents/MacOS/Python"
    )
    target = Process(1, "Python", (path, "-m", "flask", "run"), environment={"VIRTUAL_ENV": "/Users/u/venv"})
    advice = restart_command(seen(target), target)
    assert advice.commands == ("/Users/u/venv/bin/python -m flask run --host=0.0.0.0 --no-debugger",)


def test_windows_paths_are_quoted_for_powershell() -> None:
    path = r"C:\Program Files\Python312\python.exe"
    target = Process(1, "python.exe", (path, "-m", "flask", "run"), environment={"FLASK_APP": "shop"})
    (command,) = restart_command(seen(target), target).commands
    assert command == f"$env:FLASK_APP='shop'; & '{path}' -m flask run --host=0.0.0.0 --no-debugger"
    target = Process(1, "flask.exe", (r"C:\v\Scripts\python.exe", r"C:\v\Scripts\flask.exe", "run"))
    assert seen(target).key == "flask"


def test_an_open_debugger_is_named_beside_the_fix() -> None:
    assert "--no-debugger" in seen(process("flask run --debug")).production_advice
    assert "--no-debugger" in seen(process("flask run", environment={"FLASK_DEBUG": "1"})).production_advice
    assert (
        "--no-debugger" not in seen(process("flask run", environment={"FLASK_DEBUG": "0"})).production_advice
    )
    assert "waitress" in seen(process("flask run")).production_advice
    assert not seen(process("gunicorn shop:app")).production_advice
    assert "uvicorn" in seen(process("quart --app shop run")).production_advice
    assert "build the pages" in seen(process("vite --port 5000")).production_advice


def test_gunicorn_is_advised_for_applications_of_python_alone() -> None:
    advised = {
        kind.key
        for kind in server_kinds()
        if kind.development and "gunicorn" in Server(kind, Process(1, "x"), None).production_advice
    }
    assert advised == {"flask", "django", "bottle", "superset", "werkzeug", "wsgiref"}


def test_a_secret_is_never_printed() -> None:
    argv = mask_argv(("uvicorn", "shop:app", "--header", "Authorization: Bearer hunter2hunter2"))
    target = Process(1, "uvicorn", argv)
    advice = restart_command(seen(target), target)
    assert not advice.commands
    assert MASK not in " ".join(advice.steps)
    assert "--host=0.0.0.0" in advice.steps[-1]


def test_control_characters_are_never_printed() -> None:
    target = Process(1, "flask", ("flask", "--app", "x\x1b[31m", "run"))
    advice = restart_command(seen(target), target)
    assert not advice.commands
    assert all(step.isprintable() for step in advice.steps)


class TestFamilies:
    """Workers lead to the process that has to end."""

    def test_reloader(self) -> None:
        parent = process("python3 /v/bin/flask run --debug", 10)
        child = process("python3 /v/bin/flask run --debug", 11, parent=10)
        assert seen(child, parent).process == parent
        assert seen(parent).process == parent

    def test_app_run_with_reloader(self) -> None:
        parent, child = process("python app.py", 10), process("python app.py", 11, parent=10)
        server = seen(child, parent, http="werkzeug")
        assert (server.key, server.process, server.development_server) == ("werkzeug", parent, True)

    def test_spawned_worker(self) -> None:
        parent = process("python3 /v/bin/uvicorn shop:app --workers 2", 10)
        spawn = ("/v/bin/python3", "-c", "from multiprocessing.spawn import spawn_main; spawn_main(5)", "--x")
        assert seen(Process(11, "python3", spawn, parent=10), parent).process == parent

    def test_titles_without_arguments(self) -> None:
        master = Process(10, "gunicorn: maste", ("gunicorn: master [shop:app]", "", "", ""))
        worker = Process(11, "gunicorn: worke", ("gunicorn: worker [shop:app]", "", "", ""), parent=10)
        server = seen(worker, master)
        advice = restart_command(server, worker, port=8000)
        assert (server.key, server.process, advice.commands) == ("gunicorn", master, ())
        assert "--bind 0.0.0.0:8000" in advice.steps[0]

    def test_next_and_npm(self) -> None:
        npm = Process(10, "npm run dev", ("npm run dev -p 3005", "", ""))
        shell = Process(11, "sh", ("sh", "-c", "next dev -p 3005"), parent=10)
        outer = process("node /p/node_modules/.bin/next dev -p 3005", 12, parent=11)
        inner = Process(13, "next-server (v1", ("next-server (v16.4.6)", "", ""), parent=12)
        server = seen(inner, npm, shell, outer)
        assert (server.key, server.process) == ("next", outer)
        assert restart_command(server, inner).commands == ("npm run dev -- -p 3005 --hostname 0.0.0.0",)

    def test_a_title_is_completed_by_the_shell_that_started_it(self) -> None:
        shell = Process(11, "sh", ("sh", "-c", "webpack serve --mode development"))
        title = Process(12, "webpack", ("webpack", "", "", ""), parent=11, cwd="/p")
        advice = restart_command(seen(title, shell), title)
        assert advice.commands == ("webpack serve --mode development --host 0.0.0.0",)
        assert advice.stop_pid == 12

    @pytest.mark.parametrize(
        ("manager", "expected"),
        [
            ("node /usr/bin/yarn dev --port 1", "yarn dev --port 1 --host 0.0.0.0"),
            ("node /usr/lib/node_modules/pnpm/bin/pnpm.cjs run dev", "pnpm run dev --host 0.0.0.0"),
            ("node /usr/lib/node_modules/npm/bin/npm-cli.js run dev", "npm run dev -- --host 0.0.0.0"),
            ("bun run dev", "bun run dev --host 0.0.0.0"),
            ("'npm exec vite --port 1'", "npx vite --port 1 --host 0.0.0.0"),
            ("'npm start'", "npm start -- --host 0.0.0.0"),
        ],
    )
    def test_package_managers(self, manager: str, expected: str) -> None:
        above = process(manager, 10)
        shell = Process(11, "sh", ("sh", "-c", "vite"), parent=10)
        vite = process("node /p/node_modules/.bin/vite", 12, parent=11)
        assert restart_command(seen(vite, above, shell), vite).commands == (expected,)

    def test_an_address_inside_package_json_stays_a_step(self) -> None:
        npm = process("'npm run dev'", 10)
        shell = Process(11, "sh", ("sh", "-c", "vite --host localhost"), parent=10)
        vite = process("node /p/node_modules/.bin/vite --host localhost", 12, parent=11)
        advice = restart_command(seen(vite, npm, shell), vite)
        assert advice.commands == ("npm run dev",)
        assert "package.json" in advice.steps[0]

    def test_a_watcher_is_ended_with_what_it_watches(self) -> None:
        watcher = process("node /p/node_modules/.bin/nodemon server.js", 10)
        server = seen(process("node server.js", 11, parent=10), watcher)
        assert (server.key, server.process) == ("node", watcher)
        assert restart_command(server, watcher).commands == ("/p/node_modules/.bin/nodemon server.js",)

    @pytest.mark.parametrize(
        "manager", ["/usr/bin/python3 /usr/bin/supervisord -n", "'PM2 v5.3.0: God Daemon (/root/.pm2)'"]
    )
    def test_a_manager_would_start_it_as_it_was(self, manager: str) -> None:
        child = process("python3 /v/bin/gunicorn shop:app", 11, parent=10)
        advice = restart_command(seen(child, process(manager, 10)), child, port=8000)
        assert (advice.commands, advice.stop_pid, advice.needs) == ((), None, "user-action")
        assert "--bind 0.0.0.0:8000" in advice.steps[0]

    def test_a_packages_own_command_is_no_application_for_flask(self) -> None:
        child = process("/v/bin/python /v/bin/shop_web -x shop.db", 11)
        advice = restart_command(seen(child, http="werkzeug"), child, port=8080)
        assert (advice.commands, advice.stop_pid, advice.needs) == ((), None, "user-action")
        module = process("/v/bin/python -m shop", 11)
        advice = restart_command(seen(module, http="werkzeug"), module, port=8080)
        assert advice.commands[0].startswith(
            "/v/bin/python -m flask --app shop run --host=0.0.0.0 --port=8080"
        )

    def test_a_reloaders_child_is_flasks(self) -> None:
        child = process("python app.py", 11, environment={"WERKZEUG_RUN_MAIN": "true"})
        assert seen(child).key == "werkzeug"
        parent = process("python app.py", 10)
        child = process("/v/bin/python app.py", 11, parent=10, environment={"WERKZEUG_RUN_MAIN": "true"})
        assert seen(child, parent).process.pid == 10

    def test_nobody_is_blamed_for_a_strangers_child(self) -> None:
        notebook = process("python3 /v/bin/jupyter-lab", 10)
        kernel = process("python -m ipykernel_launcher -f x.json", 11, parent=10)
        app = process("python app.py", 12, parent=11)
        assert seen(app, notebook, kernel).key == "python"
        shell = Process(10, "bash", ("-bash",))
        assert seen(process("node server.js", 11, parent=10), shell).process.pid == 11
        assert recognise(Process(12, "mystery", ("/opt/mystery", "--serve")), {}) is None
        assert recognise(Process(13, "kthread"), {}) is None
        assert recognise(Process(14, "worker", ("worker: idle", "", ""), parent=10), {10: shell}) is None

    def test_a_circle_of_parents_ends(self) -> None:
        one, two = Process(1, "a", ("a: b",), parent=2), Process(2, "b", ("b: c",), parent=1)
        assert recognise(one, {1: one, 2: two}) is None


@pytest.mark.parametrize(
    ("title", "key", "speaks"),
    [
        (("postgres: writer process", "", ""), "postgresql", "postgresql"),
        (("/usr/lib/postgresql/15/bin/postgres", "-D", "/var/lib/x"), "postgresql", "postgresql"),
        (("/usr/bin/redis-server 127.0.0.1:6379", "", ""), "redis", "redis"),
        (("nginx: worker process", "", ""), "nginx", "http"),
        (("nginx:", "master", "process", "/usr/sbin/nginx", "-g", "daemon", "off;"), "nginx", "http"),
        (("gunicorn:", "master", "[shop:app]"), "gunicorn", "http"),
        (("/usr/bin/redis-server", "127.0.0.1:6379"), "redis", "redis"),
        (("next-server", "(v16.4.6)"), "next", "http"),
        (("nginx: master process nginx -g daemon off;", ""), "nginx", "http"),
        (("puma 6.4.2 (tcp://localhost:3000) [shop]", "", ""), "rails", "http"),
        (("sshd: me@pts/0", "", ""), "sshd", "forward"),
        (("sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", "", ""), "openssh", "ssh"),
        (("/usr/sbin/sshd", "-D", "-p", "2222"), "openssh", "ssh"),
        (("/usr/sbin/mysqld",), "mysql", "mysql"),
        (("/usr/bin/docker-proxy", "-proto", "tcp"), "docker-proxy", "forward"),
        (("beam.smp", "-W", "w", "--", "-s", "rabbit", "boot"), "rabbitmq", "amqp"),
        (("beam.smp", "--", "-extra", "/usr/bin/mix", "phx.server"), "phoenix", "http"),
        (("/usr/bin/Xtigervnc", ":1", "-rfbport", "5901"), "vnc", "vnc"),
        (("/usr/sbin/haproxy", "-f", "h.cfg"), "haproxy", "http"),
        (("java", "-jar", "server.jar", "nogui"), "java", "http"),
        (("/usr/share/code/code", "--type=utility"), "editor", "forward"),
    ],
)
def test_services_are_recognised(title: tuple[str, ...], key: str, speaks: str) -> None:
    exe = title[0].split()[0] if title[0].startswith("/") else None
    server = seen(Process(1, "x", title, exe=exe))
    assert (server.key, server.speaks()) == (key, speaks)


@pytest.mark.parametrize(
    ("line", "port", "spoken"),
    [
        ("flask run --cert adhoc", 5000, "https"),
        ("flask run", 5000, "http"),
        ("gunicorn --certfile=c.pem --keyfile=k.pem s:a", 8000, "https"),
        ("uvicorn a:b --ssl-keyfile k.pem", 8000, "https"),
        ("uwsgi --socket :3031 --http :3032", 3031, "uwsgi"),
        ("uwsgi --socket :3031 --http :3032", 3032, "http"),
        ("uwsgi -s 127.0.0.1:3031", 3031, "uwsgi"),
        ("uwsgi --http-socket=:3031", 3031, "http"),
        ("uwsgi --https :3031,c.pem,k.pem", 3031, "https"),
        ("uwsgi --socket :3031 --protocol=http", 3031, "http"),
    ],
)
def test_the_protocol_of_a_port(line: str, port: int, spoken: str) -> None:
    assert seen(process(line)).speaks(port) == spoken


def test_a_unit_is_changed_in_its_unit() -> None:
    target = process("/usr/bin/python3 /usr/bin/gunicorn shop:app", parent=1)
    advice = restart_command(seen(target), target, port=8000, unit=Service("shop.service"))
    assert (advice.commands, advice.needs, advice.stop_pid) == (
        ("systemctl restart shop.service",),
        "root",
        None,
    )
    assert "systemctl edit --full shop.service" in advice.steps[0]
    assert "--bind 0.0.0.0:8000" in advice.steps[0]


def test_a_container_is_published_anew() -> None:
    advice = advised(
        "docker-proxy -proto tcp -host-ip 127.0.0.1 -host-port 8080 -container-ip 172.17.0.2 -container-port 80",
        8080,
    )
    assert (advice.commands, advice.needs) == ((), "user-action")
    assert "-p 8080:80" in advice.steps[0]


@pytest.mark.parametrize("kind", server_kinds(), ids=lambda kind: kind.key)
def test_every_table_is_whole(kind: object) -> None:
    from landiag.servers.kinds import ServerKind

    assert isinstance(kind, ServerKind)
    assert kind.how in HOWS
    assert kind.programs or kind.titles or kind.library or kind.runtimes
    assert kind.options or kind.how not in {"option", "bind", "forward"}
    assert kind.variable or kind.how != "environment"
    assert kind.calls or kind.how != "source" or kind.key == "ruby"
    assert kind.style in {"equals", "space"}
    assert kind.insert in {"first", "last"}
    assert kind.pattern or kind.how != "config"
    for pattern in (*kind.titles, kind.pattern):
        re.compile(pattern)
    if kind.development:
        server = Server(kind, Process(1, "x"), None)
        assert "production" in server.production_advice or len(server.production_advice) > 40
    for step in (*kind.steps, kind.host_check, kind.origin_check, kind.production):
        assert not step or step.endswith((".", ")")), step


@pytest.mark.parametrize(
    ("headers", "body", "name"),
    [
        ({"Server": "Werkzeug/3.1.3 Python/3.12"}, "", "werkzeug"),
        ({"server": "AirTunes/870.14.1"}, "", "airplay"),
        ([("SERVER", "SimpleHTTP/0.6 Python/3.11")], "", "http-server-python"),
        ({"X-Powered-By": "Next.js"}, "", "next"),
        ({}, b'<script type="module" src="/@vite/client"></script>', "vite"),
        ({"Server": "squid/5.7", "X-Squid-Error": "ERR_ACCESS_DENIED 0"}, "", "squid"),
        ({"Server": "nginx"}, "", "nginx"),
        ({"Server": "something"}, b"\xff\xfe", None),
        ({}, "", None),
    ],
)
def test_who_answers_over_http(headers: Mapping[str, str], body: bytes | str, name: str | None) -> None:
    assert recognise_http(headers, body) == name
    assert name is None or answerers()[name].title


@given(
    st.lists(st.text(max_size=30), max_size=6),
    st.sampled_from(["flask", "python", "node", "sh", "gunicorn", "ssh"]),
)
def test_no_command_line_is_refused(words: list[str], program: str) -> None:
    target = Process(1, "x", (program, *words))
    invocation(target)
    server = recognise(target, {})
    if server is not None:
        advice = restart_command(server, target, port=5000)
        assert all(line.isprintable() for line in advice.commands)
