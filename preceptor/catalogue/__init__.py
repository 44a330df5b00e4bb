"""The catalogue: what the advisor knows, as typed rows, a database and searches over it.

``importer`` and ``exporter`` move it between CSV files and the database, ``search`` and
``facts`` read it for answers, ``vocabulary`` gives the words by which it is recognised.
"""
