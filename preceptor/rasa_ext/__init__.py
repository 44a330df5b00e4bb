"""Everything that subclasses Rasa or goes round it, each with its reason and its gain."""
