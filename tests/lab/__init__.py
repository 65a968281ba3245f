"""The lab: real hosts, servers, firewalls and clients in network namespaces that need no root."""
