"""Values in, Block Kit out. Pure: all wording that a person sees in Slack lives here."""
