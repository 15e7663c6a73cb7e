"""How Alembic gets its connection: `store.migrate` hands it one, whatever the driver."""

from __future__ import annotations

from alembic import context

from store.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("run migrations with `hitl db upgrade`, or through store.migrate")
context.configure(
    connection=connection,
    target_metadata=metadata,
    # SQLite alters a table by copying it.
    render_as_batch=connection.dialect.name == "sqlite",
    # The caller's transaction is the one: a failing migration leaves nothing.
    transactional_ddl=True,
)
context.run_migrations()
