"""Sample agents: programs of their own, that know of hitl nothing but its HTTP endpoint."""
