"""The agents' endpoint."""
