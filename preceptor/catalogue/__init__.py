"""The catalogue: what the advisor knows, as typed records, a database and searches over it.

`records` declares what a row is. `importer` and `exporter` move rows between CSV files and the
database (`store`); `snapshot` has them in memory, where `search` and `facts` read them for
answers, and `vocabulary` the words by which they are recognised.
"""
