"""Addresses against the database: the gazetteer, matching at import, review, online services."""
