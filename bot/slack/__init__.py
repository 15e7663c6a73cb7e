"""Slack's side: listeners, and what is sent to it."""
