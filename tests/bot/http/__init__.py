"""The agents' endpoint, over real HTTP."""
