"""Is it listening, where, who: bind addresses, families, devices, owners."""

from __future__ import annotations

from tests.lab.scenario import CLEAR, Scenario, blocked
from tests.lab.servers import app_run, asgi, django, flask, http_server, node, uwsgi, wsgi

LOOPBACK = blocked("bound-to-loopback")

SCENARIOS = (
    Scenario(
        "flask-run",
        fault="flask run listens on 127.0.0.1 unless it is told otherwise",
        servers=(flask(),),
        truth="refused",
        expected=LOOPBACK,
        fixable=True,
    ),
    Scenario(
        "flask-run-debug-reloader",
        fault="the same with the reloader: two processes, one socket",
        servers=(flask("--debug"),),
        truth="refused",
        expected=LOOPBACK,
        fixable=True,
    ),
    Scenario(
        "app-run",
        fault="app.run() listens on 127.0.0.1; its host stands in the program",
        servers=(app_run(),),
        truth="refused",
        expected=LOOPBACK,
    ),
    Scenario(
        "gunicorn-default",
        fault="gunicorn -b :5000 would do; this one says 127.0.0.1",
        servers=(wsgi("gunicorn -b 127.0.0.1:5000 shop:app"),),
        truth="refused",
        expected=LOOPBACK,
        fixable=True,
    ),
    Scenario(
        "waitress-loopback",
        fault="waitress told to listen on 127.0.0.1",
        servers=(wsgi("waitress-serve --listen=127.0.0.1:5000 shop:app"),),
        truth="refused",
        expected=LOOPBACK,
        fixable=True,
    ),
    Scenario(
        "uvicorn-default",
        fault="uvicorn listens on 127.0.0.1 unless it is told otherwise",
        servers=(asgi("uvicorn shop:app --port 5000"),),
        truth="refused",
        expected=LOOPBACK,
        fixable=True,
    ),
    Scenario(
        "hypercorn-loopback",
        fault="hypercorn bound to 127.0.0.1",
        servers=(asgi("hypercorn shop:app --bind 127.0.0.1:5000"),),
        truth="refused",
        expected=LOOPBACK,
        fixable=True,
    ),
    Scenario(
        "uwsgi-http-loopback",
        fault="uWSGI's HTTP router bound to 127.0.0.1",
        servers=(uwsgi("--plugins http,python3 --http 127.0.0.1:5000"),),
        truth="refused",
        expected=LOOPBACK,
        fixable=True,
    ),
    Scenario(
        "django-default",
        fault="runserver listens on 127.0.0.1 when it is given a port only",
        servers=(django("5000"),),
        truth="refused",
        expected=LOOPBACK,
        fixable=True,
    ),
    Scenario(
        "http-server-loopback",
        fault="http.server bound to 127.0.0.1",
        servers=(http_server("--bind 127.0.0.1"),),
        truth="refused",
        expected=LOOPBACK,
        fixable=True,
    ),
    Scenario(
        "node-ipv6-loopback",
        fault="localhost is ::1 for Node since version 17: not even 127.0.0.1 answers",
        servers=(node('5000, "::1"'),),
        truth="refused",
        expected=LOOPBACK,
    ),
    Scenario(
        "flask-all-addresses",
        fault="nothing: the server listens on all addresses",
        servers=(flask("--host 0.0.0.0"),),
        truth="served",
        expected=CLEAR,
    ),
    Scenario(
        "node-dual-stack",
        fault="nothing: a dual-stack socket shows as [::], and serves IPv4 as well",
        servers=(node("5000"),),
        truth="served",
        expected=CLEAR,
    ),
)
