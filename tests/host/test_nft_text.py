"""nft's own reading of rules as text: in a namespace of its own, and of any length where the kernel lets it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from landiag.host.nft_text import TOO_LARGE, read_nft_text
from landiag.model.facts import ParseError

RULES = "".join(f"tcp dport {1000 + i} ip saddr 10.0.{i % 250}.0/24 accept\n" for i in range(1200))
LARGE = (
    f"table inet of_a_test {{ chain input {{ type filter hook input priority 0; policy drop;\n{RULES}}}; }}\n"
)
ASK = """import sys
from landiag.host.nft_text import read_nft_text
read_nft_text(sys.stdin.buffer.read())
print('all')
"""

IS_HOSTS_ROOT = os.geteuid() == 0 and Path("/proc/self/uid_map").read_text().split() == [
    "0",
    "0",
    "4294967295",
]

pytestmark = pytest.mark.skipif(
    not shutil.which("nft")
    or subprocess.run(("unshare", "-U", "-r", "-n", "true"), check=False).returncode != 0,
    reason="needs nft and namespaces",
)


@pytest.mark.skipif(not IS_HOSTS_ROOT, reason="only the host's root may load so many")
def test_root_loads_a_large_text_and_the_rules_of_this_host_stay_as_they_are() -> None:
    found = read_nft_text(LARGE.encode())
    assert found is not None
    assert found.count(b'"accept"') == 1200
    tables = subprocess.run(("nft", "list", "tables"), capture_output=True, text=True, check=False).stdout
    assert "of_a_test" not in tables


def test_whoever_is_not_the_hosts_root_is_told_what_to_do_and_the_text_is_not_blamed() -> None:
    argv = ("unshare", "-U", "-r", sys.executable, "-c", ASK)
    done = subprocess.run(argv, input=LARGE, capture_output=True, text=True, check=False)
    assert TOO_LARGE in done.stderr or done.stdout == "all\n"
    assert "nft refuses" not in done.stderr


def test_a_text_that_nft_does_not_take_is_refused_with_nfts_words() -> None:
    with pytest.raises(ParseError, match="nft refuses it: line:1"):
        read_nft_text(b"table inet x { chain y { tcp dport nonsense accept } }")
