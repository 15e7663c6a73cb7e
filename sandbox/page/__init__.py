"""The workspace in a browser: server-rendered, a little script, nothing asked of any other host."""
