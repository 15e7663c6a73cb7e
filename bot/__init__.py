"""The doors and the wiring: agents' endpoint, Slack, command line."""
