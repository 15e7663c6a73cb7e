"""Realistic requests through their whole lives, and everything that Slack shows of them.

Read by `hitl doctor`, which has Slack check each message and modal, by `hitl demo --gallery`, which shows
them in a browser, and by the tests, which keep all of it as it was read and agreed on.
"""
