"""What the bot can do on this machine, measured beside a floor: the least that such an answer could cost."""
