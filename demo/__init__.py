"""One whole story on this machine, with no account: a stand-in Slack, the real bot, three sample agents.

`demo.script.main` plays it. The agents in `demo.agents` are programs of their own, and know of hitl nothing
but its HTTP endpoint: they are the place to look at before you write yours.
"""
