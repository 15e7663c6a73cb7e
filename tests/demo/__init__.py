"""The demo and its sample agents."""
