"""The rehearsal of a move (`make cutover-demo`): its servers, its clients, and what is said of it."""
