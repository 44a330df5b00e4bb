"""Several questions in one message: where to cut it, and what each part asks."""
