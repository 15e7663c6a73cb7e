"""A Slack workspace on this machine, as strict as the real one, for tests and for trying things out.

It stands for a vendor: of ours it knows only the book of Slack's rules, `blocks.limits`, and its clock and
ids are its own. `sandbox.server.SlackStandIn` is where to begin; `README.md` beside this file shows how.
"""
