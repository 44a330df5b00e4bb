"""Running the advisor: settings, logs, training and the server."""
