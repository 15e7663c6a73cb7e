"""What an approval is: pure values and decisions, without I/O, clock or environment."""
