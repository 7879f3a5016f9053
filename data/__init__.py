"""Rows and files to frames and back: tables, imports, queries, the demo subdistrict."""
