"""PowerShell and netsh: every form in which people save rules, and several files of one machine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from landiag.firewall.other_systems import parse_other
from landiag.firewall.saved import parse_saved
from landiag.firewall.saved_file import SavedFile
from landiag.firewall.windows import decode, parse_policy
from landiag.model.facts import ParseError
from landiag.model.ruleset import Verdict
from tests.firewall.test_windows import ALLOW, judge, packet, reg

ACCEPT, DROP, UNKNOWN = Verdict.ACCEPT, Verdict.DROP, Verdict.UNKNOWN

WHOLE: dict[str, Any] = {
    "Name": "r1", "DisplayName": "R 1", "Enabled": "True", "Direction": "Inbound", "Action": "Allow",
    "Profile": "Private, Domain", "Protocol": "TCP", "LocalPort": "5000", "RemotePort": "Any",
    "LocalAddress": "Any", "RemoteAddress": "LocalSubnet", "Program": "Any", "Service": "Any",
    "InterfaceAlias": "Any", "InterfaceType": "Any",
}  # fmt: skip


def verdict(*texts: str | bytes, **changes: Any) -> Verdict:
    files = [SavedFile(f"file {at}", text.encode() if isinstance(text, str) else text)
             for at, text in enumerate(texts)]  # fmt: skip
    return judge(parse_other(files), packet(**changes)).verdict


def as_json(**changes: Any) -> str:
    return json.dumps([{**WHOLE, **changes}])


def as_csv(delimiter: str, **changes: Any) -> str:
    row = {**WHOLE, **changes}
    return (
        delimiter.join(f'"{name}"' for name in row)
        + "\n"
        + delimiter.join(f'"{one}"' for one in row.values())
        + "\n"
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ACCEPT),
        ({"LocalPort": ["80", "5000"]}, ACCEPT),
        ({"LocalPort": "80,4990-5010"}, ACCEPT),
        ({"LocalPort": "RPC"}, UNKNOWN),
        ({"Enabled": 1, "Direction": 1, "Action": 2, "Profile": 2}, ACCEPT),
        ({"Enabled": 2}, DROP),
        ({"Enabled": 1, "Direction": 2}, DROP),
        ({"Action": 4}, DROP),
        ({"Profile": 4}, DROP),
        ({"Profile": 0}, ACCEPT),
        ({"Profile": "Any"}, ACCEPT),
        ({"Profile": "Homenet"}, UNKNOWN),
        ({"RemoteAddress": "10.0.0.0/255.0.0.0"}, DROP),
        ({"RemoteAddress": ["10.0.0.1", "192.168.77.1-192.168.77.99"]}, ACCEPT),
        ({"Program": r"%SystemRoot%\py.exe"}, DROP),
        ({"Program": r"C:\PYTHON312\Python.exe"}, ACCEPT),
        ({"Service": "Spooler"}, UNKNOWN),
        ({"InterfaceType": "Wireless"}, UNKNOWN),
        ({"Protocol": "UDP"}, DROP),
        ({"Protocol": "Any", "LocalPort": "Any"}, ACCEPT),
        ({"Package": "S-1-15-2-1"}, DROP),
        ({"Authentication": "Required"}, DROP),
        ({"Action": 0}, UNKNOWN),
    ],
)
def test_powershell_objects(changes: dict[str, Any], expected: Verdict) -> None:
    assert verdict(as_json(**changes)) is expected


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_powershell_tables(delimiter: str) -> None:
    assert verdict(as_csv(delimiter)) is ACCEPT
    assert verdict(as_csv(delimiter, LocalPort="80,443")) is DROP


@pytest.mark.parametrize(
    "name", ["Protocol", "LocalPort", "RemoteAddress", "Program", "Service", "InterfaceAlias"]
)
def test_a_filter_that_is_not_there_is_unknown(name: str) -> None:
    row = {key: value for key, value in WHOLE.items() if key != name}
    assert verdict(json.dumps([row])) is UNKNOWN
    assert verdict(json.dumps([{**row, "Enabled": "False"}])) is DROP


def test_a_list_without_filters_is_unknown_and_encodings_do_not_matter() -> None:
    text = "".join(f"{name:<14}: {value}\r\n" for name, value in WHOLE.items()) + "\r\n"
    assert verdict(text) is ACCEPT
    assert verdict(text.encode("utf-16")) is ACCEPT
    assert verdict("\r\n".join(text.splitlines()[:6]) + "\r\n") is UNKNOWN


PROFILE = "Name : {}\nEnabled : {}\nDefaultInboundAction : {}\nAllowInboundRules : {}\n\n"


def test_profiles_in_a_file_of_their_own() -> None:
    rule = as_json()
    assert verdict(rule, PROFILE.format("Private", "True", "NotConfigured", "NotConfigured")) is ACCEPT
    assert verdict(rule, PROFILE.format("Private", "True", "Block", "False")) is DROP
    assert (
        verdict(as_json(LocalPort="1"), PROFILE.format("Private", "False", "NotConfigured", "True")) is ACCEPT
    )
    assert verdict(as_json(LocalPort="1"), PROFILE.format("Private", "True", "Allow", "True")) is ACCEPT
    assert verdict(as_json(LocalPort="1"), PROFILE.format("Public", "False", "Allow", "True")) is DROP
    assert verdict(PROFILE.format("Private", "False", "NotConfigured", "NotConfigured")) is ACCEPT


NETSH = {
    "en": ("Rule Name", "Enabled", "Yes", "Direction", "In", "Profiles", "Private,Public", "LocalIP", "Any",
    "RemoteIP",
           "Protocol", "LocalPort", "RemotePort", "Program", "Action", "Allow", "Block"),
    "es": ("Nombre de regla", "Habilitada", "Sí", "Dirección", "Dentro", "Perfiles", "Privada,Pública", "LocalIP",
           "Cualquiera", "RemoteIP", "Protocolo", "LocalPort", "RemotePort", "Programa", "Acción", "Permitir",
           "Bloquear"),
    "de": ("Regelname", "Aktiviert", "Ja", "Richtung", "Eingehend", "Profile", "Privat,Öffentlich", "LokaleIP",
           "Beliebig", "RemoteIP", "Protokoll", "Lokaler Port", "Remoteport", "Programm", "Aktion", "Zulassen",
           "Blockieren"),
    "pt": ("Nome da Regra", "Habilitado", "Sim", "Direção", "Entrada", "Perfis", "Particular,Público", "LocalIP",
           "Qualquer", "RemoteIP", "Protocolo", "LocalPort", "RemotePort", "Programa", "Ação", "Permitir",
           "Bloquear"),
    "ja": ("規則名", "有効", "はい", "方向", "入力", "プロファイル", "プライベート,パブリック",
           "ローカル IP", "任意", "リモート IP",
           "プロトコル", "ローカル ポート", "リモート ポート", "プログラム", "操作", "許可", "ブロック"),
    "zh": ("规则名称", "已启用", "是", "方向", "入", "配置文件", "专用,公用",
           "本地 IP", "任何", "远程 IP", "协议", "本地端口",
           "远程端口", "程序", "操作", "允许", "阻止"),
    "ru": ("Имя правила", "Включено", "Да", "Направление", "Входящие", "Профили", "Частный,Общий",
    "Локальный IP-адрес",
           "Любой", "Удаленный IP-адрес", "Протокол", "Локальный порт", "Удаленный порт", "Программа", "Действие",
           "Разрешить", "Блокировать"),
}  # fmt: skip
PAGES = {
    "en": "cp437",
    "es": "cp850",
    "de": "cp850",
    "pt": "cp850",
    "ja": "cp932",
    "zh": "gbk",
    "ru": "cp866",
}


def netsh(language: str, *, verbose: bool = True, blocks: bool = False) -> str:
    words = NETSH[language]
    program = r"C:\Python312\python.exe"
    pairs = [(words[1], words[2]), (words[3], words[4]), (words[5], words[6]), (words[7], words[8]),
             (words[9], "192.168.77.0/255.255.255.0"), (words[10], "TCP"), (words[11], "4999,5000"),
             (words[12], words[8])]  # fmt: skip
    pairs += [(words[13], program)] if verbose else []
    pairs += [(words[14], words[16] if blocks else words[15])]
    lines = [
        f"{words[0]}:    My server",
        "-" * 70,
        *(f"{label}:     {value}" for label, value in pairs),
        "",
        "Ok.",
        "",
    ]
    return "\r\n" + "\r\n".join(lines)


@pytest.mark.parametrize("language", NETSH)
def test_netsh_in_its_language_and_code_page(language: str) -> None:
    for text in (
        netsh(language).encode(PAGES[language]),
        netsh(language).encode(),
        netsh(language).encode("utf-16"),
    ):
        assert verdict(text) is ACCEPT
        assert verdict(text, profile="domain") is DROP
        assert verdict(text, program=r"C:\other.exe") is DROP
    assert verdict(netsh(language, blocks=True).encode(PAGES[language])) is DROP
    assert verdict(netsh(language, verbose=False).encode(PAGES[language])) is UNKNOWN


def test_utf8_that_a_console_read_as_its_code_page_is_repaired() -> None:
    mojibake = netsh("es").encode().decode("cp850").encode("utf-16")
    assert "Dirección" in decode(mojibake)
    assert verdict(mojibake) is ACCEPT


def test_an_unknown_language_is_unknown_never_no_rule() -> None:
    words = {"Rule Name": "Regluheiti", "Enabled": "Virkt", "Direction": "Stefna", "Profiles": "Snid",
    "Action": "Verk",
             "LocalIP": "Her", "RemoteIP": "Thar", "Protocol": "Mal", "LocalPort": "Gatt", "RemotePort": "Fjar",
             "Program": "Forrit"}  # fmt: skip
    text = netsh("en")
    for old, new in words.items():
        text = text.replace(f"{old}:", f"{new}:")
    assert verdict(text) is UNKNOWN
    assert verdict(netsh("en").replace("Allow", "Leyfa")) is UNKNOWN
    assert verdict(netsh("en").replace(":     In\r", ":     Inn\r")) is UNKNOWN


SECTIONS = """
Domain Profile Settings:
----------------------------------------------------------------------
State                                 ON
Firewall Policy                       BlockInbound,AllowOutbound
LocalFirewallRules                    N/A (GPO-store only)

Private Profile Settings:
----------------------------------------------------------------------
State                                 {}
Firewall Policy                       {}
LocalFirewallRules                    {}
"""


@pytest.mark.parametrize(
    ("state", "policy", "merge", "expected"),
    [("ON", "BlockInbound,AllowOutbound", "N/A (GPO-store only)", ACCEPT),
     ("ON", "BlockInboundAlways,AllowOutbound", "N/A (GPO-store only)", DROP),
     ("ON", "BlockInbound,AllowOutbound", "Disable", DROP),
     ("ON", "BlockInbound,AllowOutbound", "Hmm", UNKNOWN),
     ("ON", "BlockInbound,AllowOutb\nound", "N/A (GPO-store only)", ACCEPT)],
)  # fmt: skip
def test_profiles_of_netsh(state: str, policy: str, merge: str, expected: Verdict) -> None:
    assert verdict(netsh("en"), SECTIONS.format(state, policy, merge)) is expected


def test_a_state_in_an_unknown_word_is_not_off() -> None:
    off = SECTIONS.format("OFF", "BlockInbound,AllowOutbound", "N/A (GPO-store only)")
    assert verdict(netsh("en"), off, port=81) is ACCEPT
    assert verdict(netsh("en"), off.replace("OFF", "SLOKKT"), port=81) is UNKNOWN


def test_registry_and_powershell_of_one_machine_add_up() -> None:
    key = r"[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules]"
    rules = reg(key, f'"x"="{ALLOW}"')
    assert verdict(rules) is ACCEPT
    assert verdict(rules, as_json(Action="Block")) is DROP


@pytest.mark.parametrize(
    "text", ["", "\n", "Windows IP Configuration\n\n", "No rules match the specified criteria.\n"]
)
def test_what_holds_no_rules_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        parse_policy(text.encode())
    with pytest.raises(ParseError):
        parse_saved([SavedFile("x", text.encode())], lambda _: None)
