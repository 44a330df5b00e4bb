"""Alembic's migrations of the catalogue's tables; ``database.upgrade`` runs them."""
