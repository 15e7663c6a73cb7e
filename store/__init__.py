"""State, facts and outbox, committed together, on SQLite or PostgreSQL."""
