"""iptables of both backends and ipset lowered to the model of rulesets."""
