"""One more name in the list of those that an application answers to."""

from __future__ import annotations

import pytest

from landiag.servers.host_edit import host_edit

HOST = "192.168.77.10"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ALLOWED_HOSTS = []", 'ALLOWED_HOSTS = ["localhost", "127.0.0.1", "192.168.77.10"]'),
        ("ALLOWED_HOSTS = ['shop.local']", 'ALLOWED_HOSTS = ["shop.local", "192.168.77.10"]'),
        ("ALLOWED_HOSTS=['a', 'b',]  # für alle", 'ALLOWED_HOSTS=["a", "b", "192.168.77.10"]  # für alle'),
        (
            "settings.configure(\n    ALLOWED_HOSTS=[],\n)",
            '    ALLOWED_HOSTS=["localhost", "127.0.0.1", "192.168.77.10"],',
        ),
    ],
)
def test_the_host_is_written_into_the_list(before: str, after: str) -> None:
    edit = host_edit("ALLOWED_HOSTS", "/srv/settings.py", f"DEBUG = True\n{before}\n", HOST)
    assert edit is not None
    assert edit.replace == after
    assert edit.line is not None
    assert before.splitlines()[edit.line - 2] == edit.find


@pytest.mark.parametrize(
    "text",
    [
        "ALLOWED_HOSTS = ['192.168.77.10']",
        "ALLOWED_HOSTS = []\nALLOWED_HOSTS = ['a']",
        "ALLOWED_HOSTS = []\nALLOWED_HOSTS += ['a']",
        "ALLOWED_HOSTS = [\n    'a',\n]",
        "ALLOWED_HOSTS = os.environ['HOSTS'].split()",
        "ALLOWED_HOSTS = [os.environ['HOST']]",
        "for ALLOWED_HOSTS in ([], []): pass",
        "settings.configure(SECRET_KEY='s3cret', ALLOWED_HOSTS=[])",
        "SECRET_KEY = 's3cret'; ALLOWED_HOSTS = []",
        "ALLOWED_HOSTS = [",
        "",
    ],
)
def test_what_is_not_one_plain_list_is_left_to_the_person(text: str) -> None:
    assert host_edit("ALLOWED_HOSTS", "/srv/settings.py", text, HOST) is None
