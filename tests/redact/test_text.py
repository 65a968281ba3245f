"""Names and addresses in a text, in every form and encoding in which they may stand."""

from __future__ import annotations

import html
import json
import re
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landiag.redact.redactor import Redactor

OLD = (
    "192.168.77.10",
    "fd77:0:0:1::10",
    "52:54:00:12:34:56",
    "weberbox",
    "weberbox.moebel.example",
    "annelie",
)


def _redactor(*more: str) -> Redactor:
    redactor = Redactor()
    redactor.names.host("weberbox")
    redactor.names.user("annelie")
    for text in (*OLD, *more):
        redactor.collect(text)
    redactor.freeze()
    return redactor


@pytest.mark.parametrize(
    "text",
    [
        "listens on 192.168.77.10:5000, and more",
        "192.168.77.10.",
        "(192.168.77.10)",
        "192.168.77.10.5000",
        "192.168.77.10/24",
        "192.168.77.10/255.255.255.0",
        "ip-192-168-77-10.compute",
        "http://192.168.77.10:5000/?a=192%2E168%2E77%2E10",
        "a%3D%31%39%32%2E168.77.10",
        "%3139%322E no address",
        "10.77.168.192.in-addr.arpa",
        "10.77.168.192.IN-ADDR.ARPA.",
        "::ffff:192.168.77.10",
        "[::ffff:c0a8:4d0a]:5000",
        "64:ff9b::192.168.77.10",
        "0xc0a84d0a",
        "http://3232255242/",
        "https://ada@3232255242:5000",
        "&#49;92.168.77.10",
        "192&period;168&#46;77&#x2e;10",
        "\\u0031\\u0039\\u0032.168.77.10",
        "http%3A%2F%2F192.168.77.10%253A5000",
        "fd77:0:0:1::10 is up",
        "FD77:0000:0000:0001:0000:0000:0000:0010",
        "[fd77:0:0:1::10]:5000",
        "fd77:0:0:1::10%eth0/64",
        "fd77:0:0:1::0.0.0.16",
        "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.0.0.0.0.0.0.0.0.7.7.d.f.ip6.arpa",
        "ether 52:54:00:12:34:56 brd ff:ff:ff:ff:ff:ff",
        "52-54-00-12-34-56",
        "5254.0012.3456",
        "enx525400123456: up",
        "fe80::5054:ff:fe12:3456",
        "f47ac10b-58cc-11ee-8c99-525400123456",
        "WeberBox",
        "ssh annelie@weberbox",
        "http://weberbox.moebel.example:5000/",
        "WEBERBOX.MOEBEL.EXAMPLE.",
        "/home/annelie/shop/app.py",
        "C:\\Users\\annelie\\shop",
        "/Users/annelie/shop",
        "weberbox-printer and printer.weberbox",
        "%77eberbox",
        "&#119;eberbox",
    ],
)
def test_nothing_of_it_is_left(text: str) -> None:
    redactor = _redactor(text)
    shown = redactor.text(text)
    assert shown != text or "no address" in text
    readable = " ".join(
        [
            shown,
            unquote(unquote(shown)),
            html.unescape(shown),
            re.sub(r"\\u00(..)", lambda m: chr(int(m[1], 16)), shown),
        ]
    ).lower()
    for word in (
        *OLD,
        "525400123456",
        "5254.0012",
        "12-34-56",  # 52:54:00 says QEMU, as on every machine
        "12:3456",
        "c0a84d0a",
        "3232255242",
        "192-168-77",
        "10.77.168.192",
        "moebel",
    ):
        assert word not in readable
    assert not redactor.leaks(shown)


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1:5000 and 0.0.0.0 and ::1 and [::]:5000",
        "tcp dport 5000 accept",
        "created 2026-11-23T14:41:58+00:00, 12:34:56",
        "255.255.255.0, 224.0.0.251, ff02::fb",
        "std::vector, x::y, key: value",
        "nftables v1.0.6, Linux 6.1.0-28-amd64, Python 3.11.2",
        "net.ipv4.ip_forward = 1, app.py, index.html, server.js",
        "root, www-data, localhost, /home/web/app",
    ],
)
def test_what_names_nobody_stays(text: str) -> None:
    redactor = Redactor()
    redactor.collect(text.partition("/home")[0])
    redactor.freeze()
    assert redactor.text(text).partition("/home")[0] == text.partition("/home")[0]


def test_words_of_the_trade_are_names_only_where_names_stand() -> None:
    redactor = Redactor()
    redactor.names.host("filter")
    redactor.names.user("web")
    redactor.names.user("al")
    redactor.freeze()
    assert redactor.text("table inet filter; web al") == "table inet filter; web al"
    assert redactor.names.host("filter") == "host1"
    assert redactor.text("/home/web/x /home/al") == "/home/user1/x /home/user2"
    assert redactor.text("pid 12 user web python3 app.py") == "pid 12 user user1 python3 app.py"


def test_the_same_is_always_the_same() -> None:
    redactor = _redactor()
    first = redactor.text("192.168.77.10 weberbox")
    assert redactor.text("weberbox 192.168.77.10").split() == first.split()[::-1]
    assert redactor.text(first) == first


def test_comments_and_prefixes_of_rules_are_blotted_out() -> None:
    redactor = _redactor()
    for text in (
        'ip saddr 10.0.0.1 accept comment "Bob Kaminski pw=hunter2"',
        '-A INPUT -m comment --comment "Bob Kaminski" -j ACCEPT',
        "-A INPUT -m comment --comment Kaminski -j LOG --log-prefix Kaminski",
        '{"comment": "Kaminski \\"Bob\\" hunter2", "x": 1}',
        'log prefix "Kaminski: "',
        "### tuple ### allow tcp 5000 0.0.0.0/0 any 0.0.0.0/0 in comment=" + b"Kaminski".hex(),
    ):
        shown = redactor.text(text)
        assert "Kaminski" not in shown
        assert "hunter2" not in shown
        assert b"Kaminski".hex() not in shown
    assert json.loads(redactor.text('{"comment": "Kaminski \\"Bob\\"", "x": 1}')) == {
        "comment": 'xxxxxxxx "xxx"',
        "x": 1,
    }


def test_networks_of_bsd_routes_are_as_short_as_before() -> None:
    redactor = Redactor()
    text = (
        "192.168.77         link#6\n10.8/16            utun3\n0/1   utun3\n127  lo0\ndefault 192.168.77.1\n"
    )
    redactor.collect(text, layout="bsd")
    redactor.freeze()
    lines = redactor.text(text, layout="bsd").splitlines()
    network = lines[0].split()[0]
    assert network != "192.168.77"
    assert lines[4].split()[1] == f"{network}.1"
    assert lines[1].split()[0] in {f"10.{octet}/16" for octet in range(256) if octet != 8}
    assert [line.split()[0] for line in lines[2:4]] == ["0/1", "127"]


def test_kernel_tables_are_written_as_the_kernel_does() -> None:
    redactor = Redactor()
    redactor.collect("192.168.77.10")
    row = "   0: 0A4DA8C0:1388 00000000:0000 0A"
    redactor.collect(row, layout="kernel")
    redactor.freeze()
    new = redactor.text("192.168.77.10")
    assert (
        redactor.text(row, layout="kernel")
        == f"   0: 0A{int(new.split('.')[2]):02X}A8C0:1388 00000000:0000 0A"
    )


def test_secrets_in_lines_are_masked() -> None:
    shown = _redactor().line("run --password hunter2 DB_PASSWORD=tops3cret --token=abcdef0123456789abcdef")
    assert "hunter2" not in shown
    assert "tops3cret" not in shown
    assert "abcdef0123456789" not in shown


def test_vendor_is_kept_only_when_asked() -> None:
    plain, asked = Redactor(), Redactor(keeps_vendor=True)
    for redactor in (plain, asked):
        redactor.collect("3c:52:82:aa:bb:01")
        redactor.freeze()
    assert not plain.text("3c:52:82:aa:bb:01").startswith("3c:52:82")
    assert asked.text("3c:52:82:aa:bb:01").startswith("3c:52:82")
    assert "aa:bb:01" not in asked.text("3c:52:82:aa:bb:01")


def test_a_gateway_that_is_named_by_its_own_address_goes_with_it() -> None:
    redactor = _redactor("? (10.9.2.2) at 52:55:0a:09:02:02 on em0; 52:54:00:12:35:02")
    assert redactor.text("10.9.2.2 52:55:0a:09:02:02") == "10.128.0.2 52:55:0a:80:00:02"
    assert redactor.text("52:54:00:12:35:02") == "52:54:00:12:35:02"  # of every VirtualBox


@pytest.mark.parametrize(
    "text", ["10.0.2.15 10.0.2.2", "192.168.122.7/24 192.168.122.1", "10.211.55.5 10.211.55.1"]
)
def test_the_network_that_a_product_gives_every_guest_stays(text: str) -> None:
    assert _redactor(text).text(text) == text


@pytest.mark.parametrize("text", ["10.0.2.15", "10.0.2.15/16 10.0.2.2", "192.168.122.7/28 192.168.122.1"])
def test_without_its_gateway_or_across_another_network_it_is_anybodys(text: str) -> None:
    first = text.split(maxsplit=1)[0]
    assert _redactor(text).text(first) != first


@given(st.text(alphabet="0123456789abcdef.:%&#;/\\ux-[]@ \n", max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    redactor = _redactor(text)
    redactor.text(text)


@given(st.ip_addresses(network="10.0.0.0/8") | st.ip_addresses(network="192.168.0.0/16"))
def test_any_address_goes_in_any_encoding(address: object) -> None:
    word = str(address)
    encoded = "".join(f"%{ord(char):02X}" for char in word)
    redactor = Redactor()
    redactor.collect(f"{word} {encoded} {quote(word, safe='')}")
    redactor.freeze()
    new = redactor.text(word)
    if new != word:
        assert unquote(redactor.text(encoded)) == new
        assert html.unescape(redactor.text("".join(f"&#{ord(char)};" for char in word))) == new


def _line(text: str, *ports: str) -> str:
    redactor = Redactor()
    redactor.ports |= set(ports)
    redactor.collect(text)
    redactor.freeze()
    return redactor.line(text)


def test_an_address_inside_a_name_is_replaced_as_an_address() -> None:
    done = _line(
        "http://192.168.77.10.nip.io:5000/ serves 192.168.77.20 and 192.168.77.10, app-192-168-77-9.nip.io"
    )
    address = re.search(r"http://([\d.]+)\.domain\d\.io:5000/", done)
    assert address is not None
    assert f"and {address[1]}," in done
    assert f"serves {address[1].rpartition('.')[0]}.20" in done
    assert "77" not in done


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cd /srv/acmecorp/shop", "cd /srv/name1/shop"),
        ("/data/acmecorp/weber/x.py", "/data/name1/name2/x.py"),
        ("table inet acme_fw { set acme_bad }", "table inet name1_fw { set name1_bad }"),
        ("jump ACME-in", "jump name1-in"),
        (r"\\acmesrv\acmeshare\x", r"\\name1\name2\x"),
        ("S-1-5-21-3623811015-3361044348-30300820-1013", "S-1-5-21-0-0-0-1000"),
        ("AcmeStation.fritz.box", "name1.fritz.box"),
        ("tool -z hunter2 -w 12345678 -p 5000", "tool -z name1 -w 00000000 -p 5000"),
        ("tool -w=4711471 -x12345 -y 50", "tool -w=0000000 -x00000 -y 50"),
        (
            "eth0 wlan0 docker0 enp3s0 wg-acmecorp veth1a2b3c4",
            "eth0 wlan0 docker0 enp3s0 wg-name1 veth0000002",
        ),
        ("tcp dport 5000 accept, pid 4711, 10s", "tcp dport 5000 accept, pid 4711, 10s"),
        ("%2Fsrv%2Facmecorp &lt;acmecorp&gt;", "%2Fsrv%2Fname1 &#60;name1&#62;"),
    ],
)
def test_a_word_that_nobody_knows_is_replaced(text: str, expected: str) -> None:
    assert _line(text, "5000") == expected


def test_new_words_stay_new_and_collide_with_none() -> None:
    once = _line("name1 acmecorp host1 user1 name2")
    assert once == "name1 name3 host1 user1 name2"
    assert _line(once) == once
