"""Run the migrations on the connection that `connector.store.migrate` brings."""

from alembic import context

from connector.store.migrate import VERSION_TABLE
from connector.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
