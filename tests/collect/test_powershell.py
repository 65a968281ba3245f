"""The scripts that landiag sends to PowerShell: their shape everywhere, and what a real PowerShell prints of them.

A real one (``pwsh``) runs them with the cmdlets replaced by functions that return recorded objects.
"""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from landiag.collect.windows_rules import RULES_SCRIPT
from landiag.collect.windows_state import STATE, WindowsState, parse_state
from landiag.firewall.windows.hyperv_settings import WSL_CREATOR
from landiag.firewall.windows.powershell import parse_powershell
from landiag.model.facts import Reading, ReadStatus
from tests.powershell import syntax_errors

SCRIPTS = {"state": STATE.argv[-1], "rules": RULES_SCRIPT}
PWSH = shutil.which("pwsh") or shutil.which("powershell")

ONE_OF_EACH = r"""
function Get-NetConnectionProfile { [pscustomobject]@{InterfaceAlias='Küche [2.4 GHz]';InterfaceIndex=12;Name='Heim';
  NetworkCategory='Private'} }
function Get-CimInstance { param($Namespace,$ClassName,$Filter)
  if ($ClassName -eq 'FirewallProduct') { [pscustomobject]@{displayName='Norton';productState=266240} }
  else { [pscustomobject]@{Name='iphlpsvc';ProcessId=3300} } }
function Get-NetFirewallHyperVVMSetting { param($PolicyStore) [pscustomobject]@{Name='CREATOR';Enabled='True';
  DefaultInboundAction='Block';AllowHostPolicyMerge='NotConfigured'} }
function Get-NetFirewallHyperVProfile { param($PolicyStore) }
function Get-NetFirewallHyperVRule { param($PolicyStore) [pscustomobject]@{Name='web';Direction='Inbound';
  Enabled='True';
  Action='Allow';Protocol='TCP';LocalPorts=@('5000');RemoteAddresses=@('Any');VMCreatorId='CREATOR';Profiles='Any';
  RemotePorts=@('Any');LocalAddresses=@('Any');RulePriority=2} }
function Get-Service { [pscustomobject]@{Status='Running'} }
function Get-NetAdapter { param([switch]$IncludeHidden) [pscustomobject]@{Name='Küche [2.4 GHz]';ifIndex=12;
  InterfaceGuid='{1B2C3D4E-0000-4000-8000-0000000000F1}';InterfaceDescription='Card';MacAddress='3C-52-82-AA-BB-CC';
  Status='Up'} }
function Get-NetIPAddress { [pscustomobject]@{InterfaceIndex=12;IPAddress='192.168.77.10';PrefixLength=24} }
function Get-NetRoute { [pscustomobject]@{DestinationPrefix='0.0.0.0/0';InterfaceIndex=12;NextHop='192.168.77.1'} }
function Select-String { param($LiteralPath,$Pattern) }
function Get-Process { }
""".replace("CREATOR", WSL_CREATOR)

ONE_RULE = r"""
$filters = @{ Port='Protocol','LocalPort','RemotePort','IcmpType'; Application='Program','Package';
  Address='LocalAddress','RemoteAddress'; Service=,'Service'; Interface=,'InterfaceAlias';
  InterfaceType=,'InterfaceType';
  Security='Authentication','Encryption','LocalUser','RemoteUser','RemoteMachine' }
function Any($kind) { $one=@{InstanceID='r1'}; foreach ($name in $filters[$kind]) { $one[$name]='Any' }
  if ($kind -eq 'Port') { $one.Protocol='TCP'; $one.LocalPort='5000' } elseif ($kind -eq 'Security') {
  $one.Authentication='NotRequired'; $one.Encryption='NotRequired' }; [pscustomobject]$one }
foreach ($kind in @($filters.Keys)) {
  Invoke-Expression "function Get-NetFirewall${kind}Filter { param(`$PolicyStore) Any '$kind' }" }
function Get-NetFirewallRule { param($PolicyStore) [pscustomobject]@{InstanceID='r1';Name='r1';DisplayName='Küche';
  Enabled='True';Direction='Inbound';Action='Allow';Profile='Private';PolicyStoreSourceType='Local'} }
function Get-NetFirewallProfile { param($PolicyStore) [pscustomobject]@{Name='Private';Enabled='True';
  DefaultInboundAction='Block';AllowInboundRules='True';AllowLocalFirewallRules='True';NotifyOnListen='True';
  DisabledInterfaceAliases='NotConfigured'} }
"""


def run(script: str) -> str:
    """What a real PowerShell prints; the test says so where there is none."""
    if PWSH is None:
        pytest.skip("no pwsh here: the scripts are not run by a real PowerShell, only read")
    argv = (PWSH, "-NoProfile", "-NonInteractive", "-Command", script)
    done = subprocess.run(argv, capture_output=True, timeout=60, check=True)
    return done.stdout.decode("utf-8")


def state_of(text: str) -> WindowsState:
    state = parse_state({STATE.name: Reading(STATE.name, ReadStatus.OK, text.encode())})
    assert isinstance(state, WindowsState), state
    return state


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_has_powershells_syntax_and_fits_on_a_command_line(name: str) -> None:
    script = SCRIPTS[name]
    assert "\n" not in script
    assert len(script) < 8000
    assert " -Path " not in script, "a path with brackets is a pattern there: -LiteralPath"
    assert "ConvertTo-Json" in script
    assert "-Depth" in script
    assert syntax_errors(script) == []


def test_a_real_powershell_prints_the_state() -> None:
    state = state_of(run(ONE_OF_EACH + SCRIPTS["state"]))
    assert [one.alias for one in state.profiles] == ["Küche [2.4 GHz]"]
    assert [(one.name, one.on) for one in state.products] == [("Norton", True)]
    assert [one.ports for one in state.hyperv_rules] == [("5000",)]
    assert state.adapters[0].addresses == ("192.168.77.10/24",)
    assert state.adapters[0].has_gateway
    assert state.services == {3300: ("iphlpsvc",)}


def test_a_real_powershell_prints_the_rules() -> None:
    policy = parse_powershell(run(ONE_RULE + SCRIPTS["rules"]))
    assert [(one.title, one.action) for one in policy.rules] == [("Küche", "allow")]
    assert policy.effective("private").blocks_by_default is True


PROFILE = {"alias": "Wi-Fi", "index": 12, "network": "Heim", "category": "Private"}
RULE = {"name": "web", "action": "Allow", "protocol": "TCP", "ports": ["5000"], "remote": ["Any"]}


@pytest.mark.parametrize(
    "rows",
    [[PROFILE], PROFILE, {"value": [PROFILE], "Count": 1}],
    ids=["a list", "5.1 lost the list of one", "5.1 wrapped the list"],
)
def test_one_element_is_read_in_every_form(rows: object) -> None:
    state = state_of(json.dumps({"profiles": rows, "hyperv": [], "hypervrules": []}))
    assert [one.alias for one in state.profiles] == ["Wi-Fi"]


@pytest.mark.parametrize(
    "ports", [["5000"], "5000", {"value": ["5000"], "Count": 1}, "5000,5001", ["Any"], "Any", None, [None]]
)
def test_ports_are_read_in_every_form(ports: object) -> None:
    state = state_of(json.dumps({"profiles": [], "hypervrules": [{**RULE, "ports": ports}]}))
    assert state.hyperv_rules[0].ports in (("5000",), ("5000", "5001"), ())
    assert (state.hyperv_rules[0].ports == ()) is (ports in (["Any"], "Any", None, [None]))
