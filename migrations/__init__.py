"""The history of the schema, run by Alembic through `recsys db upgrade`."""
