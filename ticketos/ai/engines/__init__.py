"""Models outside, behind the same ports as the local engines."""
