"""A fleet of real hosts: networks, a router that filters between them, and firewalls of every kind."""
