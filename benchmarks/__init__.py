"""What the product can carry, measured on this machine: `make bench NAME=<name>`.

Each command (`python -m benchmarks.<name>`) starts what it needs itself, says what it does on stderr and ends
with one JSON line on stdout.
"""
