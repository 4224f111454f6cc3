"""The scorer over candidates: every possible value of a field, what speaks for it, and learnt weights."""
