"""Causes in the server itself, and in what it answers."""

from __future__ import annotations

from landiag.model.causes.cause import Cause, Plain
from landiag.model.causes.clients import CONNECTION_RESET, OTHER_SERVER_ANSWERS
from landiag.model.report import Outcome
from landiag.model.terms import CheckName, StageName, Symptom

SERVER_SILENT = Cause(
    code="server-silent",
    check=CheckName.APPLICATION,
    stages=(StageName.APPLICATION,),
    symptoms=(Symptom.SILENT, Symptom.RESET, Symptom.STALLED),
    met=(CONNECTION_RESET,),
    phone=Plain(
        "The server takes the connection and does not answer",
        "It hangs, is stopped, or is busy: look at it on the computer, and start it again.",
    ),
)
OWN_CONNECTION_STOPPED = Cause(
    code="own-connection-stopped",
    check=CheckName.APPLICATION,
    stages=(StageName.APPLICATION,),
    symptoms=(),
    worst=Outcome.UNKNOWN,
)
SPEAKS_TLS = Cause(
    code="speaks-tls",
    check=CheckName.APPLICATION,
    stages=(StageName.APPLICATION,),
    symptoms=(Symptom.RESET, Symptom.ANSWERED, Symptom.SILENT),
    met=(CONNECTION_RESET, SERVER_SILENT),
    phone=Plain("The server speaks https", "Open it with https:// instead of http://."),
)
NOT_HTTP = Cause(
    code="not-http",
    check=CheckName.APPLICATION,
    stages=(StageName.APPLICATION,),
    symptoms=(Symptom.RESET, Symptom.ANSWERED, Symptom.SILENT),
    met=(CONNECTION_RESET, SERVER_SILENT, OTHER_SERVER_ANSWERS),
    is_useless=True,
    phone=Plain(
        "What answers on port {port} is no web server",
        "Start it so that it speaks HTTP: the computer's screen shows how.",
    ),
)
HTTP_ERROR = Cause(
    code="http-error",
    check=CheckName.APPLICATION,
    stages=(StageName.APPLICATION,),
    symptoms=(Symptom.ANSWERED,),
    phone=Plain("The server answers with an error", "Look at its messages on the computer."),
)
HOST_HEADER_REJECTED = Cause(
    code="host-header-rejected",
    check=CheckName.APPLICATION,
    stages=(StageName.APPLICATION,),
    symptoms=(Symptom.ANSWERED, Symptom.RESET),
    excludes=(HTTP_ERROR,),
    phone=Plain(
        "The server refuses visitors who do not call it localhost",
        "Allow the computer's address in the server's settings: the computer's screen shows where.",
    ),
)
CLIENT_REJECTED = Cause(
    code="client-rejected",
    check=CheckName.APPLICATION,
    stages=(StageName.APPLICATION,),
    symptoms=(Symptom.ANSWERED, Symptom.RESET),
    met=(CONNECTION_RESET,),
    excludes=(HTTP_ERROR,),
    phone=Plain(
        "The server turns away visitors from other devices",
        "Allow this network in the server's settings: the computer's screen shows where.",
    ),
)
ORIGIN_REJECTED = Cause(
    code="origin-rejected",
    check=CheckName.APPLICATION,
    stages=(StageName.APPLICATION,),
    symptoms=(Symptom.ANSWERED,),
    is_useless=True,
    phone=Plain(
        "The server answers, and refuses the page's own requests",
        "Allow the computer's address as an origin in the server's settings.",
    ),
)
PAGE_USES_LOCALHOST = Cause(
    code="page-uses-localhost",
    check=CheckName.APPLICATION,
    stages=(StageName.APPLICATION,),
    symptoms=(Symptom.ANSWERED,),
    is_useless=True,
    phone=Plain(
        "The page loads its data from localhost, which is this device itself",
        "The page's address of its data has to be the computer's.",
    ),
)
REDIRECTS_ELSEWHERE = Cause(
    code="redirects-elsewhere",
    check=CheckName.APPLICATION,
    stages=(StageName.APPLICATION,),
    symptoms=(Symptom.ANSWERED,),
    is_useless=True,
    phone=Plain(
        "The server sends visitors to an address that they cannot reach",
        "The address is set in the server: the computer's screen shows it.",
    ),
)
PORT_UNSAFE_IN_BROWSERS = Cause(
    code="port-unsafe-in-browsers",
    check=CheckName.PORT,
    stages=(StageName.APPLICATION,),
    symptoms=(Symptom.ANSWERED,),
    is_clients_own=True,
    is_useless=True,
    phone=Plain(
        "Browsers refuse port {port} by themselves",
        "Let the server use another port, such as 8000.",
    ),
)
DEBUGGER_EXPOSED = Cause(
    code="debugger-exposed",
    check=CheckName.APPLICATION,
    stages=(),
    symptoms=(),
    worst=Outcome.WARNS,
)
DEVELOPMENT_SERVER = Cause(
    code="development-server",
    check=CheckName.APPLICATION,
    stages=(),
    symptoms=(),
    worst=Outcome.WARNS,
)

ANSWERS = (
    *(SERVER_SILENT, OWN_CONNECTION_STOPPED, SPEAKS_TLS, NOT_HTTP, HOST_HEADER_REJECTED, CLIENT_REJECTED),
    *(ORIGIN_REJECTED,),
    *(PAGE_USES_LOCALHOST, REDIRECTS_ELSEWHERE, HTTP_ERROR, PORT_UNSAFE_IN_BROWSERS),
)
"""What the server does with the connection."""

EXPOSED = (DEBUGGER_EXPOSED, DEVELOPMENT_SERVER)
"""What stops nobody, and should not be open."""
