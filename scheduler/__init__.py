"""When, never what: each part has `run_once(now)`, the loop around it is short."""
