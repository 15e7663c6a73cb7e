"""The demo: a Slack of its own, the bot, and agents whose small worlds change only when somebody approves."""
