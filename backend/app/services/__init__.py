"""Use cases: what can be done with patients, without HTTP."""
