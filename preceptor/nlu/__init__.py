"""Reading a message: the pipeline's graph components and the pure functions behind them."""
