"""When things are done: the courier, the sweeper, the clock."""
