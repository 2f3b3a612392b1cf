"""What Alembic runs: one transaction, one database, ours."""

import os

from alembic import context
from sqlalchemy import create_engine, pool

from crm.models import Base

PARTITION = r"_(\d{4}_\d{2}|rest)$"


def is_ours(_object: object, name: str | None, kind: str, *_rest: object) -> bool:
    """Leave the monthly partitions out of comparisons: they follow their parent."""
    import re  # noqa: PLC0415 -- only needed when comparing

    return kind != "table" or re.search(PARTITION, name or "") is None


def run() -> None:
    """Apply the migrations asked for."""
    url = context.config.attributes.get("database_url") or os.environ["DATABASE_URL"]
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection, target_metadata=Base.metadata, include_object=is_ours
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
