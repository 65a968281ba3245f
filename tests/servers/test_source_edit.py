"""The line where an address stands is found, and only when it is beyond doubt."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landiag.model.facts import Family
from landiag.model.process import Process
from landiag.servers.recognise import Server, recognise
from landiag.servers.restart import restart_command
from landiag.servers.source_edit import edit_files, find_edit

# What answers over HTTP, the line as it stands, and as it should stand.
PYTHON = [
    ("werkzeug", "app.run()", 'app.run(host="0.0.0.0", use_debugger=False)'),
    ("werkzeug", "app.run(debug=True)", 'app.run(host="0.0.0.0", use_debugger=False, debug=True)'),
    ("werkzeug", "app.run(", 'app.run(host="0.0.0.0", use_debugger=False,'),
    ("werkzeug", "app.run('127.0.0.1', 5000)", "app.run('0.0.0.0', 5000, use_debugger=False)"),
    (
        "werkzeug",
        'app.run(port=5000, host="localhost")',
        'app.run(port=5000, host="0.0.0.0", use_debugger=False)',
    ),
    ("werkzeug", 'run_simple("localhost", 5000, app)', 'run_simple("0.0.0.0", 5000, app)'),
    ("uvicorn", 'uvicorn.run("shop:app", port=8000)', 'uvicorn.run("shop:app", host="0.0.0.0", port=8000)'),
    ("uvicorn", "uvicorn.run(make())", 'uvicorn.run(make(), host="0.0.0.0")'),
    ("waitress", "serve(app, host='127.0.0.1', port=8080)", "serve(app, host='0.0.0.0', port=8080)"),
    ("wsgiref", "make_server('localhost', 8000, app)", "make_server('0.0.0.0', 8000, app)"),
    ("http-server-python", "HTTPServer(('127.0.0.1', 80), H)", "HTTPServer(('0.0.0.0', 80), H)"),
    ("tornado", "app.listen(8888, address='127.0.0.1')", "app.listen(8888, address='0.0.0.0')"),
    (None, "sock.bind(('127.0.0.1', 5000))", "sock.bind(('0.0.0.0', 5000))"),
    (None, 'demo.launch(server_name="127.0.0.1")', 'demo.launch(server_name="0.0.0.0")'),
]
DOUBTFUL = [
    ("werkzeug", "app.run(host=HOST)"),
    ("werkzeug", "app.run(HOST, 5000)"),
    ("werkzeug", "app.run(**settings)"),
    ("werkzeug", "app.run(host='127.0.0.1', **settings)"),
    ("werkzeug", "app.run(\n    host='127.0.0.1',\n    use_debugger=True,\n)"),
    ("werkzeug", "app.wsgi_app = DebuggedApplication(app.wsgi_app, True)\napp.run()"),
    (None, "from shop import app\napp.run(host='127.0.0.1')"),
    (None, "from flask import Flask\napp = make()\napp.run(host='127.0.0.1')"),
    (
        None,
        "import gevent, werkzeug.debug\nWSGIServer(('127.0.0.1', 1), werkzeug.debug.DebuggedApplication(a))",
    ),
    ("werkzeug", "app.run()\nother.run()"),
    ("werkzeug", "subprocess.run(['ls'])"),
    ("werkzeug", "app.run(host='192.168.1.10')"),
    ("waitress", "serve(app)"),
    (None, "app.run()"),
    (None, "this is (not python"),
    (None, "x = '\\d'\nnull = '\0'"),
]


def server_of(http: str | None, *argv: str) -> Server:
    found = recognise(Process(7, "x", argv, cwd="/home/u/shop"), {}, http)
    assert found is not None
    return found


@pytest.mark.parametrize(("http", "before", "after"), PYTHON)
def test_python_source(http: str | None, before: str, after: str) -> None:
    rest = "    debug=True)\n" if before.endswith("(") else ""
    text = f"import x\n\nif True:\n    {before}\n{rest}"
    edit = find_edit(server_of(http, "python", "app.py"), "/home/u/shop/app.py", text)
    assert edit is not None
    assert (edit.file, edit.line) == ("/home/u/shop/app.py", 4)
    assert (edit.find.strip(), edit.replace.strip()) == (before, after)
    ast.parse(text.replace(edit.find, edit.replace))


FLASK = "from flask import Flask\napp = Flask(__name__)\n"
QUIET = [
    (
        None,
        FLASK,
        "app.run(host='127.0.0.1', debug=True)",
        "app.run(host='0.0.0.0', debug=True, use_debugger=False)",
    ),
    ("werkzeug", FLASK, "app.run(debug=DEBUG)", 'app.run(host="0.0.0.0", use_debugger=False, debug=DEBUG)'),
    ("werkzeug", FLASK, "app.run('127.0.0.1', 5, True)", "app.run('0.0.0.0', 5, True, use_debugger=False)"),
    ("werkzeug", FLASK, "app.run(use_debugger=True)", 'app.run(host="0.0.0.0", use_debugger=False)'),
    ("werkzeug", FLASK, "app.run(use_debugger=False)", 'app.run(host="0.0.0.0", use_debugger=False)'),
    ("werkzeug", "import flask\n", "flask.Flask('x').run()", ""),
    (
        "werkzeug",
        "from dash import Dash\na = Dash()\n",
        "a.run(debug=True)",
        'a.run(host="0.0.0.0", debug=False)',
    ),
    (
        None,
        "import bottle\n",
        "bottle.run(host='localhost', debug=True)",
        "bottle.run(host='0.0.0.0', debug=True)",
    ),
    ("werkzeug", "", "run_simple('localhost', 1, a, True, True)", "run_simple('0.0.0.0', 1, a, True, False)"),
    (
        "werkzeug",
        "",
        "run_simple('::1', 1, a, use_debugger=X())",
        "run_simple('0.0.0.0', 1, a, use_debugger=False)",
    ),
]


@pytest.mark.parametrize(("http", "head", "before", "after"), QUIET)
def test_edit_switches_the_debugger_off(http: str | None, head: str, before: str, after: str) -> None:
    edit = find_edit(server_of(http, "python", "app.py"), "app.py", f"{head}{before}\n")
    assert (edit.replace if edit else "") == after


@pytest.mark.parametrize(
    ("hosts", "is_edited"),
    [("", True), ("debugtoolbar.hosts = 127.0.0.1 ::1\n", True), ("debugtoolbar.hosts=0.0.0.0/0\n", False)],
)
def test_debug_toolbar_that_others_may_use_is_left_to_a_person(hosts: str, *, is_edited: bool) -> None:
    text = f"[app:main]\n{hosts}[server:main]\nlisten = localhost:6543\n"
    edit = find_edit(server_of(None, "pserve", "development.ini"), "development.ini", text, port=6543)
    assert (edit is not None) == is_edited


@pytest.mark.parametrize(("http", "text"), DOUBTFUL)
def test_doubtful_source_is_left_to_a_person(http: str | None, text: str) -> None:
    server = server_of(http, "python", "app.py")
    assert find_edit(server, "app.py", text) is None
    advice = restart_command(server, server.process, port=5001)
    flask = "python -m flask --app app.py run --host=0.0.0.0 --port=5001 --no-debugger"
    assert advice.commands == (flask if http == "werkzeug" else "python app.py",)
    assert "in app.py" in advice.steps[0].replace("In", "in")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("const hostname = '127.0.0.1';\nserver.listen(3000, hostname);", "const hostname = '0.0.0.0';"),
        ("app.listen(3000, `localhost`)", "app.listen(3000, `0.0.0.0`)"),
        ("serve({ hostname: '::1', port: 1 })", "serve({ hostname: '0.0.0.0', port: 1 })"),
    ],
)
def test_javascript_source(text: str, line: str) -> None:
    edit = find_edit(server_of(None, "node", "server.js"), "server.js", text)
    assert edit is not None
    assert edit.replace == line


@pytest.mark.parametrize(
    "text", ["app.listen(3000)", "a.listen(1,'localhost');\nb.listen(2,'localhost')", "x='localhost'"]
)
def test_doubtful_javascript_is_left_to_a_person(text: str) -> None:
    assert find_edit(server_of(None, "node", "server.js"), "server.js", text) is None


@pytest.mark.parametrize(
    ("argv", "port", "before", "after"),
    [
        (
            ("nginx: master process nginx -c x.conf", "", ""),
            8080,
            "  listen 127.0.0.1:8080 default_server;",
            "  listen 0.0.0.0:8080 default_server;",
        ),
        (
            ("nginx: master process nginx -c x.conf", "", ""),
            8080,
            "listen [::1]:8080;",
            "listen 0.0.0.0:8080;",
        ),
        (("apache2", "-k", "start"), 80, "Listen 127.0.0.1:80", "Listen 0.0.0.0:80"),
        (("/usr/bin/redis-server", "/etc/redis/redis.conf"), 6379, "bind 127.0.0.1 -::1", "bind 0.0.0.0"),
        (
            ("postgres", "-D", "x"),
            5432,
            "#listen_addresses = 'localhost'\t# what IP",
            "listen_addresses = '*'\t# what IP",
        ),
        (("mysqld",), 3306, "bind-address            = 127.0.0.1", "bind-address            = 0.0.0.0"),
        (("mongod",), 27017, "  bindIp: 127.0.0.1", "  bindIp: 0.0.0.0"),
        (("uwsgi", "shop.ini"), 5000, "http = 127.0.0.1:5000", "http = 0.0.0.0:5000"),
        (("uwsgi", "shop.ini"), 5000, "http-socket=localhost:5000", "http-socket=0.0.0.0:5000"),
        (("caddy", "run"), 8080, "http://localhost:8080 {", "http://:8080 {"),
        (("memcached", "-u", "m"), 11211, "-l 127.0.0.1", "-l 0.0.0.0"),
        (("pserve", "development.ini"), 6543, "listen = localhost:6543", "listen = 0.0.0.0:6543"),
    ],
)
def test_configuration_files(argv: tuple[str, ...], port: int, before: str, after: str) -> None:
    server = server_of(None, *argv)
    text = f"# a comment about 127.0.0.1\n\n{before}\nlast\n"
    edit = find_edit(server, "/etc/x.conf", text, port=port)
    assert edit is not None
    assert (edit.line, edit.find, edit.replace) == (3, before, after)
    assert find_edit(server, "/etc/x.conf", "nothing of the kind\n", port=port) is None


def test_another_port_of_a_configuration_stays() -> None:
    server = server_of(None, "uwsgi", "shop.ini")
    assert find_edit(server, "shop.ini", "http = 127.0.0.1:5000\n", port=5001) is None


@pytest.mark.parametrize(
    ("line", "is_edited"),
    [
        ("s = socket.create_server(('127.0.0.1', 5000))", False),
        ("s.bind(('127.0.0.1', 5000))", False),
        ("HTTPServer(('127.0.0.1', 5000), Handler).serve_forever()", False),
        ("serve(app, host='127.0.0.1', port=5000)", True),
    ],
)
def test_a_socket_of_ipv4_gets_no_address_of_ipv6(line: str, *, is_edited: bool) -> None:
    edit = find_edit(server_of(None, "python", "app.py"), "/home/u/app.py", line, Family.IPV6, 5000)
    assert (edit is not None) is is_edited


def test_ipv6_is_written_as_the_file_needs_it() -> None:
    edit = find_edit(server_of(None, "uwsgi", "s.ini"), "s.ini", "http = 127.0.0.1:5000", Family.IPV6, 5000)
    assert edit is not None
    assert edit.replace == "http = [::]:5000"


def test_the_files_worth_reading() -> None:
    assert edit_files(server_of(None, "python", "app.py")) == ("/home/u/shop/app.py",)
    assert edit_files(server_of(None, "python", "/srv/app.py")) == ("/srv/app.py",)
    assert edit_files(server_of(None, "python", "-m", "shop.web")) == (
        "/home/u/shop/shop/web.py",
        "/home/u/shop/shop/web/__main__.py",
    )
    assert edit_files(server_of(None, "uwsgi", "--ini", "/etc/uwsgi/shop.ini")) == ("/etc/uwsgi/shop.ini",)
    assert edit_files(server_of(None, "flask", "run")) == ()
    assert edit_files(server_of(None, "postgres", "-c", "config_file=/x/p.conf")) == ("/x/p.conf",)
    assert edit_files(server_of(None, "postgres", "-D", "x")) == ("/home/u/shop/postgresql.conf",)


def test_package_json() -> None:
    npm = Process(10, "npm", ("npm run dev", "", ""))
    shell = Process(11, "sh", ("sh", "-c", "vite --host 127.0.0.1 --port 1"), parent=10)
    argv = ("node", "/p/node_modules/.bin/vite", "--host", "127.0.0.1", "--port", "1")
    vite = Process(12, "node", argv, parent=11, cwd="/p")
    server = recognise(vite, {10: npm, 11: shell})
    assert server is not None
    assert edit_files(server) == ("/p/package.json",)
    text = '{\n "scripts": {\n  "build": "vite build",\n  "dev" : "vite --host 127.0.0.1 --port 1"\n }\n}\n'
    edit = find_edit(server, "/p/package.json", text)
    assert edit is not None
    assert (edit.line, edit.replace) == (4, '  "dev" : "vite --host 0.0.0.0 --port 1"')
    advice = restart_command(server, vite, edit=edit)
    assert (advice.commands, advice.steps) == (("npm run dev",), ())
    edit = find_edit(server, "/p/package.json", '{"scripts": {"dev":"vite --host 127.0.0.1"}, "x": 1}')
    assert edit is not None
    assert edit.replace == '{"scripts": {"dev":"vite --host 0.0.0.0"}, "x": 1}'
    assert find_edit(server, "/p/package.json", '{"scripts": {"dev": "vite"}}') is None
    assert find_edit(server, "/p/package.json", "[]") is None


@given(st.text(max_size=300), st.sampled_from(["app.py", "server.js", "package.json", "x.conf"]))
def test_no_file_is_refused(text: str, path: str) -> None:
    for server in (server_of("werkzeug", "python", "app.py"), server_of(None, "uwsgi", "s.ini")):
        edit = find_edit(server, path, text)
        assert edit is None or edit.find != edit.replace
