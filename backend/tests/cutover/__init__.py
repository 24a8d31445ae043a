"""The cutover between a real json-server and this server, all of them processes."""
