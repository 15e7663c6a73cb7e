"""Use cases: each turns what came in into one decision and one transaction."""
