"""The databases that every test here runs on."""

from tests.harness.databases import (
    database_url,
    empty_database_url,
    postgres_server,
    sqlite_template,
    sqlite_url,
    store,
)

__all__ = ["database_url", "empty_database_url", "postgres_server", "sqlite_template", "sqlite_url", "store"]
