"""One more name in the list of those that an application answers to."""

from __future__ import annotations

import ast
import time

import pytest

from landiag.servers.host_edit import host_edit

HOST = "192.168.77.10"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ALLOWED_HOSTS = []", 'ALLOWED_HOSTS = ["localhost", "127.0.0.1", "192.168.77.10"]'),
        ("ALLOWED_HOSTS = ['shop.local']", "ALLOWED_HOSTS = ['shop.local', \"192.168.77.10\"]"),
        ("ALLOWED_HOSTS=['ä', 'b',]  # für alle", "ALLOWED_HOSTS=['ä', 'b', \"192.168.77.10\",]  # für alle"),
        ("ALLOWED_HOSTS = [\n    'a'\n    'b',\n]", "    'b', \"192.168.77.10\","),
        ("ALLOWED_HOSTS = [\n    'a',\n    'b',\n]", "    'b', \"192.168.77.10\","),
        ("ALLOWED_HOSTS = [\n    'a', 'b'  # both\n]", "    'a', 'b', \"192.168.77.10\"  # both"),
        ("ALLOWED_HOSTS = ['a',\n                 'b']", "                 'b', \"192.168.77.10\"]"),
        ("ALLOWED_HOSTS = ['a',\n]", "ALLOWED_HOSTS = ['a', \"192.168.77.10\","),
        (
            "ALLOWED_HOSTS = [  # none yet\n    # 'shop.local',\n]",
            'ALLOWED_HOSTS = ["localhost", "127.0.0.1", "192.168.77.10"  # none yet',
        ),
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
    lines = before.splitlines()
    assert lines[edit.line - 2] == edit.find
    lines[edit.line - 2] = edit.replace
    assert _hosts("\n".join(lines)) == [*(_hosts(before) or ["localhost", "127.0.0.1"]), HOST]


def _hosts(source: str) -> list[str]:
    """The names in the only list of a source."""
    (found,) = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.List))
    return [ast.literal_eval(one) for one in found.elts]


@pytest.mark.parametrize(
    "text",
    [
        "ALLOWED_HOSTS = ['192.168.77.10']",
        "ALLOWED_HOSTS = []\nALLOWED_HOSTS = ['a']",
        "ALLOWED_HOSTS = []\nALLOWED_HOSTS += ['a']",
        "ALLOWED_HOSTS = [\n    'a', os.environ['HOST'],\n]",
        "settings.configure(SECRET_KEY='s3cret', ALLOWED_HOSTS=['a',\n])",
        "settings.configure(ALLOWED_HOSTS=[\n'a'], SECRET_KEY='s3cret')",
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


@pytest.mark.parametrize("text", ["f({0}1, ALLOWED_HOSTS=['a'])", "ALLOWED_HOSTS = [{0}'a'{0}]{0};{0}x = 1"])
def test_a_line_that_is_nearly_a_list_takes_no_time(text: str) -> None:
    source = text.format(" " * 20_000)
    began = time.process_time()
    assert host_edit("ALLOWED_HOSTS", "/srv/settings.py", source, HOST) is None
    assert time.process_time() - began < 2
