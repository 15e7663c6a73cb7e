"""What a newcomer is told: three lines in the terminal, and a message that heads the channel."""

from __future__ import annotations

import json

from demo.stage import Stage
from demo.story import CHANNEL
from sandbox.workspace import Message, User

GUIDE = User("U0GUIDE", "guide", "Sandbox guide", is_bot=True)
#: What heads #approvals.
WELCOME = """\
*Welcome. You are Alice, and three agents ask before they act.* What they do is at the right (on a phone: 🌍).
• *Edit* the refund below: 750 is too much, make it 500. (Try 1500 first.) Then look at the money paid.
• *Reject* the mail to everybody and say why: the agent reads it, and asks again for less.
• Alice is not asked about deletions. Be *Carol*, at the top left, and decide that one.
• Break something: *On the wire* in the sidebar takes Slack down while you click."""
#: A request of the newcomer's own: small, and within the policy's form.
OWN = {
    "action": "issue_refund",
    "payload": {"amount": 42, "currency": "EUR", "customer": "Me", "reason": "goodwill"},
    "reasoning": "I asked with curl.",
}


def welcome(here: Stage) -> None:
    """Head the channel with what there is to try. The bot hears nothing of it."""
    space = here.slack.workspace
    space.add_user(GUIDE)
    space.say(Message(CHANNEL, space.new_ts(), GUIDE.id, WELCOME))


def lines(here: Stage) -> list[str]:
    """What to open, what to try first, and how to ask for something oneself: a command that can be pasted."""
    bearer = f"Authorization: Bearer {here.agents['refund-agent'].token}"
    curl = f"curl -H '{bearer}' {here.api}/v1/requests -d '{json.dumps(OWN)}'"
    return [
        f"Open {here.slack.url}/ (Ctrl-C ends it, and leaves nothing behind)",
        "Try first: you are Alice; edit the refund in #approvals, 750 to 500, and see what is paid beside it",
        f"Then ask for something yourself: {curl}",
    ]
