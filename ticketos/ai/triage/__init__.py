"""Triage: service line, ticket type, priority, language and sentiment of a message."""

from ticketos.ai.triage.rules import ENGINE, triage

__all__ = ["ENGINE", "triage"]
