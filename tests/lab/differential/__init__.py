"""The kernel as judge of the evaluator: the same ruleset in both, real packets through one, the model in the other."""
