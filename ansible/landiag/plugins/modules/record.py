#!/usr/bin/python
# GNU General Public License v2.0 or later, v3.0 among them (see LICENSE of landiag, https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads this host and hands its recording to the action plugin, which writes it on the controller."""

DOCUMENTATION = r"""
module: record
short_description: Record a host for landiag fleet
version_added: 0.1.0
description:
  - Reads a whole host, its listeners with their owners, firewall rules, routes, addresses, namespaces and network
    settings, and writes one recording of it on the controller.
  - It only reads. No rule is added, no kernel module is loaded, no packet is sent, nothing stays on the host, and
    landiag needs not be installed there. Secrets in command lines are masked on the host itself.
  - The recording is written to O(dest) as C(INVENTORY_HOSTNAME.json.gz), for its owner alone to read. It never gets
    into variables, facts or logs. Characters that no file name should have are written as C(%XX).
  - The groups that the inventory puts the host in are recorded with it, so that a policy can name them as
    C(inventory:NAME).
  - A host that cannot be reached, or whose recording fails, gets a recording that says so in place of the one of
    before, so that C(landiag fleet) takes it for unknown. For that the play must not gather facts first
    (C(gather_facts=false)), which ends such hosts before this task.
options:
  dest:
    description:
      - The folder of recordings, on the controller. It is created, for its owner alone, where it is missing.
      - A relative path starts where Ansible was started.
    type: path
    required: true
  timeout:
    description: Seconds for the whole host. What was not read by then is unknown, and the recording says so.
    type: float
    default: 30
attributes:
  check_mode:
    support: full
    description: In check mode the host is read all the same, and nothing is written on the controller.
notes:
  - Without root (C(become)) the owners of other users' listeners and the firewall rules cannot be read; they are
    unknown then.
  - Linux, Python 3.6 or newer on the host.
author:
  - The landiag authors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Record every host
  hosts: all
  gather_facts: false
  become: true
  tasks:
    - name: Record this host
      landiag.landiag.record:
        dest: recordings

- name: Hold the policy against them
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Test the policy
      ansible.builtin.command:
        argv: [landiag, fleet, test, recordings, --policy, policy.toml, --max-age, 24h]
      changed_when: false
"""

RETURN = r"""
file:
  description: The recording on the controller; left out in check mode.
  returned: success
  type: str
  sample: /srv/inventory/recordings/web-1.json.gz
bytes:
  description: The size of the recording before it is compressed.
  returned: success
  type: int
  sample: 98304
"""

import base64
import gzip
import json

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.landiag.landiag.plugins.module_utils import recorder


def main() -> None:
    """Read this host and answer with its recording, compressed."""
    module = AnsibleModule(
        argument_spec={
            "dest": {"type": "path", "required": True},
            "timeout": {"type": "float", "default": 30.0},
        },
        supports_check_mode=True,
    )
    text = json.dumps(recorder.record(module.params["timeout"]))
    packed = base64.b64encode(gzip.compress(text.encode("ascii"), 6)).decode("ascii")
    module.exit_json(changed=False, recording=packed)


if __name__ == "__main__":
    main()
