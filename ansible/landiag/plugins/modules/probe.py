#!/usr/bin/python
# GNU General Public License v2.0 or later, v3.0 among them (see LICENSE of landiag, https://www.gnu.org/licenses/gpl-3.0.txt)
"""Opens the connections that the action plugin names, or listens where it names a place."""

DOCUMENTATION = r"""
module: probe
short_description: Make the live probes of landiag fleet
version_added: 0.1.0
description:
  - C(landiag fleet probes) prints a plan, the fewest connections that show each class of computed cells once. This
    opens those of them that start at this host, and writes what became of them on the controller, for
    C(landiag fleet report --probes).
  - A connection is opened, listened to for a second, and closed. Nothing is sent over it, but a server logs it.
  - The plan comes from recordings, and those from the hosts. Read it before it is run; its addresses are where packets
    go to.
  - Where nobody listens, a refused connection says nothing about a firewall. With O(state=listening) each host takes
    connections, as a stub, at the places of the plan where nobody listens on it, for 30 seconds, so that the probes of
    the next task show whether packets would arrive.
options:
  plan:
    description: The plan on the controller, as C(landiag fleet probes) printed it (JSON lines).
    type: path
    required: true
  dest:
    description:
      - The folder of outcomes on the controller. Each host that probes writes C(INVENTORY_HOSTNAME.jsonl) into it, in
        place of the one of before.
      - A relative path starts where Ansible was started.
    type: path
    required: true
  state:
    description:
      - V(probed) opens the connections of the plan that start at this host.
      - V(listening) starts the stub. It binds the one address of each place, never all of them; it sends nothing; it is
        over after 30 seconds, also when the connection to the host breaks; it is one process, and leaves nothing.
    type: str
    choices: [probed, listening]
    default: probed
  timeout:
    description: Seconds for each connection to open.
    type: float
    default: 10
  places:
    description: The addresses and ports. The plan says them; this is filled in on the controller.
    type: list
    elements: list
    default: []
attributes:
  check_mode:
    support: full
    description: In check mode no connection is opened and nothing listens.
notes:
  - The stub needs root (C(become)) for ports below 1024.
  - The tasks of all hosts have to go side by side (the strategies C(linear) or C(mitogen_linear)), so that every stub
    listens before the first probe. A probe that comes after the 30 seconds does not count on the stub.
author:
  - The landiag authors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Probe what was computed
  hosts: all
  gather_facts: false
  tasks:
    - name: Listen for 30 seconds where nobody does
      landiag.landiag.probe:
        plan: probes.jsonl
        dest: outcomes
        state: listening
      become: true

    - name: Open the connections of the plan
      landiag.landiag.probe:
        plan: probes.jsonl
        dest: outcomes
"""

RETURN = r"""
outcomes:
  description: How many connections had each outcome.
  returned: O(state=probed)
  type: dict
  sample: {"silent": 3, "timeout": 2}
listening:
  description: The addresses and ports on which the stub listens.
  returned: O(state=listening)
  type: list
  sample: [["192.168.77.20", 5432]]
refused:
  description: The addresses and ports on which it does not, each with the reason.
  returned: O(state=listening)
  type: list
  sample: [["192.168.77.20", 22, "somebody listens on that port"]]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.landiag.landiag.plugins.module_utils import connections, stub

STUB_SECONDS = 30


def main() -> None:
    """Do what the action plugin asks."""
    module = AnsibleModule(
        argument_spec={
            "plan": {"type": "path", "required": True},
            "dest": {"type": "path", "required": True},
            "state": {"type": "str", "choices": ["probed", "listening"], "default": "probed"},
            "timeout": {"type": "float", "default": 10.0},
            "places": {"type": "list", "elements": "list", "default": []},
        },
        supports_check_mode=True,
    )
    places = [(str(address), int(port)) for address, port in module.params["places"]]
    if module.check_mode:
        module.exit_json(
            changed=False, skipped=True, msg="in check mode nothing is sent, and nothing listens"
        )
    if module.params["state"] == "probed":
        module.exit_json(changed=False, found=connections.probe_all(places, module.params["timeout"]))
    listeners, refused = stub.bind_all(places)
    listening = [list(one.getsockname()[:2]) for one in listeners]
    if listeners:
        stub.detach(listeners, STUB_SECONDS)
    module.exit_json(changed=bool(listeners), listening=listening, refused=refused, seconds=STUB_SECONDS)


if __name__ == "__main__":
    main()
