"""Use cases: what can be done with a resource's records, without HTTP."""
