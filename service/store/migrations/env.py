"""What Alembic runs to migrate: it uses the connection, and the transaction, that it is given."""

from alembic import context

from service.store.migrating import VERSION_TABLE
from service.store.schema import TABLES

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=TABLES,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
