"""The servers of the scenarios: real programs, started as their users start them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.lab.hosts import PROJECT
from tests.lab.older import FLASK_23, VITE

SHOP = """
from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return "<h1>Shop</h1>"


if __name__ == "__main__":
    app.run(%s)
"""

DJANGO = """
import os
import sys

from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse
from django.urls import path

settings.configure(DEBUG=True, SECRET_KEY="lab", ROOT_URLCONF=__name__, ALLOWED_HOSTS=%s)
settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
urlpatterns = [path("", lambda request: HttpResponse("shop"))]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
"""

ASGI = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"shop"})
"""

WSGI = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"shop"]
"""

SOCKETS = """
import socket, time

ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\nConnection: close\\r\\n\\r\\nshop"
%s
while not %s:
    time.sleep(60)
while True:
    client, _ = s.accept()
    client.recv(65536)
    client.sendall(ANSWER)
    client.close()
"""

NGINX = """
daemon off;
pid nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path /srv/home; proxy_temp_path /srv/home; fastcgi_temp_path /srv/home;
  uwsgi_temp_path /srv/home; scgi_temp_path /srv/home;
  %s
}
"""

NODE = """
require("http").createServer((request, answer) => answer.end("shop")).listen(%s);
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A program that the user starts in the project's folder. ``user`` False: it runs as root.

    ``port`` is where it will listen (None: it never does). ``on`` is the host or container it runs on.
    """

    command: str
    files: Mapping[str, str] = field(default_factory=dict)
    port: int | None = 5000
    user: bool = True
    folder: str = PROJECT
    environment: Mapping[str, str] = field(default_factory=dict)
    on: str = "server"


def flask(options: str = "", app: str = SHOP % "", **environment: str) -> Server:
    """``flask --app shop run OPTIONS``."""
    return Server(f"flask --app shop run {options}".rstrip(), {"shop.py": app}, environment=environment)


def flask_23(options: str, app: str) -> Server:
    """The same with Flask 2.3."""
    files = {"shop.py": app}
    return Server(
        f"python -m flask --app shop run {options}", files, environment={"PYTHONPATH": str(FLASK_23)}
    )


def vite(options: str) -> Server:
    """``vite OPTIONS`` on a page of its own."""
    return Server(f"{VITE}/node_modules/.bin/vite {options}", {"index.html": "<h1>shop</h1>"})


def app_run(arguments: str = "", **environment: str) -> Server:
    """``python shop.py``, which calls ``app.run(ARGUMENTS)``."""
    return Server("python shop.py", {"shop.py": SHOP % arguments}, environment=environment)


def wsgi(command: str) -> Server:
    """A WSGI server that is given ``shop:app``."""
    return Server(command, {"shop.py": SHOP % ""})


def uwsgi(options: str) -> Server:
    """Debian's uWSGI, whose Python knows no Flask: it is given a bare WSGI application."""
    return Server(f"uwsgi {options} --module shop:app", {"shop.py": WSGI})


def asgi(command: str) -> Server:
    """An ASGI server that is given ``shop:app``."""
    return Server(command, {"shop.py": ASGI})


def tls(command: str) -> Server:
    """A server that is given a certificate of its own, ``cert.pem`` and ``key.pem``."""
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=shop"
    return Server(f"{make} -keyout key.pem -out cert.pem 2>/dev/null && {command}", {"shop.py": SHOP % ""})


def django(address: str, allowed_hosts: str = '["*"]', options: str = "--noreload") -> Server:
    """``python manage.py runserver ADDRESS``."""
    return Server(f"python manage.py runserver {options} {address}", {"manage.py": DJANGO % allowed_hosts})


DJANGO_MANAGE = """
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
from django.core.management import execute_from_command_line

execute_from_command_line(sys.argv)
"""
DJANGO_SETTINGS = """
DEBUG = True
SECRET_KEY = "lab"
ROOT_URLCONF = "shop.urls"
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
ALLOWED_HOSTS = []
"""
DJANGO_URLS = """
from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("", lambda request: HttpResponse("shop"))]
"""


def django_project(options: str = "") -> Server:
    """A project as ``django-admin startproject`` makes one: its settings are a module, which lets nobody in."""
    files = {
        "manage.py": DJANGO_MANAGE,
        "shop/__init__.py": "",
        "shop/settings.py": DJANGO_SETTINGS,
        "shop/urls.py": DJANGO_URLS,
    }
    return Server(f"python manage.py runserver {options} 0.0.0.0:5000", files)


def node(listen: str) -> Server:
    """``node server.js``, which calls ``listen(LISTEN)``."""
    return Server("node server.js", {"server.js": NODE % listen})


def nginx(listen: str, location: str = "return 200 shop;") -> Server:
    """nginx with one server of its own configuration."""
    return nginx_of(f"server {{ listen {listen}; location / {{ {location} }} }}")


def nginx_of(servers: str, before: str = "") -> Server:
    """nginx with these servers in its configuration; ``before`` is typed in front of it."""
    return Server(
        f"{before}/usr/sbin/nginx -p /srv/shop -c nginx.conf -e stderr", {"nginx.conf": NGINX % servers}
    )


def http_server(options: str = "") -> Server:
    """``python -m http.server 5000 OPTIONS``."""
    return Server(f"python -m http.server 5000 {options}".rstrip())


OPEN = http_server("--bind 0.0.0.0")
"""The server that is soonest ready, where the fault is not the server's."""


def script(
    text: str, *, port: int | None = 5000, user: bool = True, name: str = "server.py", on: str = "server"
) -> Server:
    """A server that the user wrote: a Python script."""
    return Server(f"python {name}", {name: text}, port=port, user=user, on=on)


def sockets(setup: str, *, serve: bool = True, **options: Any) -> Server:
    """A server of a few lines: ``setup`` makes the listening socket ``s``; with ``serve`` it answers HTTP."""
    return script(SOCKETS % (setup, "True" if serve else "False"), **options)
