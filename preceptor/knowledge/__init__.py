"""The answers in `knowledge/`: their files, and which of them a question asks for."""
