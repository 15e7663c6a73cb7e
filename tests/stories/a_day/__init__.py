"""A day in the life of three approvers, as a script: told over the wire, and in a browser."""
