"""A real store for each test, on each database."""

from tests.harness.databases import database_url, postgres_server, sqlite_template, store

__all__ = ["database_url", "postgres_server", "sqlite_template", "store"]
