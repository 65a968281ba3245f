"""Writes the recording of a host on the controller; it never becomes a variable."""

from __future__ import annotations

import os

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.landiag.landiag.plugins.plugin_utils.files import write_private
from ansible_collections.landiag.landiag.plugins.plugin_utils.names import file_name
from ansible_collections.landiag.landiag.plugins.plugin_utils.recordings import (
    NoRecordingError,
    empty,
    pack,
    unpack,
)

_NOT_GROUPS = ("all", "ungrouped")


class ActionModule(ActionBase):
    """Runs the module of the same name, takes the recording out of its answer, and writes it."""

    _VALID_ARGS = frozenset(("dest", "timeout"))

    def run(self, tmp: object = None, task_vars: dict | None = None) -> dict:
        """Record one host."""
        result = super().run(tmp, task_vars)
        variables = task_vars or {}
        if not self._task.args.get("dest"):
            raise AnsibleActionFail("dest is missing: name the folder of recordings on the controller")
        try:
            said = self._execute_module(task_vars=task_vars)
        except AnsibleError as error:
            what = "reached" if isinstance(error, AnsibleConnectionFailure) else "recorded"
            self._write(variables, empty(), f"it could not be {what}: {error.message}")
            raise
        packed = said.pop("recording", None)
        result.update(said, changed=False)
        if said.get("failed") or said.get("unreachable"):
            why = said.get("msg") or "no reason was given"
            self._write(variables, empty(), f"it could not be recorded: {why}")
            return result
        try:
            document = unpack(packed)
        except NoRecordingError as error:
            self._write(variables, empty(), str(error))
            raise AnsibleActionFail(str(error)) from error
        return {**result, **self._write(variables, document)}

    def _write(self, variables: dict, document: dict, problem: str = "") -> dict:
        """Write a recording; in check mode only say how large it is."""
        data, size = pack(document, self._groups(variables), problem)
        if self._task.check_mode:
            return {"bytes": size}
        folder = os.path.abspath(os.path.expanduser(str(self._task.args["dest"])))
        path = os.path.join(folder, f"{file_name(str(variables['inventory_hostname']))}.json.gz")
        try:
            write_private(path, data)
        except OSError as error:
            raise AnsibleActionFail(f"{path} could not be written: {error.strerror}") from error
        return {"bytes": size, "file": path}

    def _groups(self, variables: dict) -> list[str]:
        """The groups of the inventory; one with a comma in its name cannot be recorded."""
        groups = [str(one) for one in variables.get("group_names", ()) if one not in _NOT_GROUPS]
        for one in groups:
            if "," in one:
                self._display.warning(f"the group {one} is not recorded: its name holds a comma")
        return sorted(one for one in groups if "," not in one)
