"""Alembic's environment: runs the migrations on the connection that ``database.upgrade`` gives."""

from alembic import context

from preceptor.catalogue.models import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
    # SQLite can roll back changes of the schema; Alembic does not expect it to.
    transactional_ddl=True,
)
# The caller's transaction holds the lock and commits.
context.run_migrations()
