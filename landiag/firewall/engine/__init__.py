"""One ruleset model, one evaluator: what becomes of a packet, and the trace that says why."""
