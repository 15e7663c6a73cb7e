"""The command line: one module a command, each a thin edge around what the other rooms do."""
