"""Hands each host its part of a plan, and writes what became of it on the controller."""

from __future__ import annotations

import contextlib
import os
from collections import Counter

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.landiag.landiag.plugins.plugin_utils import plans


class ActionModule(ActionBase):
    """Runs the module of the same name with the places that concern its host."""

    _VALID_ARGS = frozenset(("plan", "dest", "state", "timeout"))

    def run(self, tmp: object = None, task_vars: dict | None = None) -> dict:
        """Probe from one host, or listen on it."""
        result = super().run(tmp, task_vars)
        for name in ("plan", "dest"):
            if not self._task.args.get(name):
                raise AnsibleActionFail(f"{name} is missing")
        host = str((task_vars or {})["inventory_hostname"])
        try:
            plan = plans.read_plan(self._path("plan"))
        except (OSError, plans.PlanError) as error:
            raise AnsibleActionFail(f"the plan {self._path('plan')} cannot be used: {error}") from error
        listening = self._task.args.get("state") == "listening"
        try:
            done = self._listen(host, plan, task_vars) if listening else self._probe(host, plan, task_vars)
        except OSError as error:
            raise AnsibleActionFail(f"{error.filename} could not be written: {error.strerror}") from error
        return {**result, **done}

    def _path(self, name: str) -> str:
        return os.path.abspath(os.path.expanduser(str(self._task.args[name])))

    def _ask(self, places: list, variables: dict | None) -> dict:
        arguments = {**self._task.args, "places": places}
        return self._execute_module(module_args=arguments, task_vars=variables)

    def _listen(self, host: str, plan: list[dict], variables: dict | None) -> dict:
        places = plans.places_to_listen(plan, host)
        if not places:
            return {"changed": False, "skipped": True, "msg": f"the plan needs no listener on {host}"}
        said = self._ask(places, variables)
        if said.get("listening"):
            plans.write_stub(self._path("dest"), host, said["listening"], said["seconds"])
        return said

    def _probe(self, host: str, plan: list[dict], variables: dict | None) -> dict:
        mine = [one for one in plan if one["from"] == host]
        if not self._task.check_mode:
            # Outcomes of before would count for those of a host that does not answer now.
            with contextlib.suppress(FileNotFoundError):
                os.unlink(plans.outcomes_path(self._path("dest"), host))
        if not mine:
            return {"changed": False, "skipped": True, "msg": f"no probe of the plan starts at {host}"}
        said = self._ask([[one["address"], one["port"]] for one in mine], variables)
        found = said.pop("found", None)
        if found is None:
            return said
        if len(found) != len(mine):
            raise AnsibleActionFail(f"{host} answered {len(found)} of {len(mine)} probes")
        plans.write_outcomes(self._path("dest"), host, mine, found)
        return {**said, "outcomes": dict(Counter(str(one["outcome"]) for one in found))}
