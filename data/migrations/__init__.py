"""Changes of the database's structure, one a file."""
