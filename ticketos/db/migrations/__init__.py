"""Alembic migrations; run them with ``ticketos.db.migrate`` (``ticketos db upgrade``)."""
