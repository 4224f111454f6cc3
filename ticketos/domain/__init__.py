"""Business rules as pure functions of state, facts and `now`.

Imports the standard library alone and never reads the clock, randomness or the environment:
what a rule needs is an argument, so every verdict can be replayed years later.
"""
