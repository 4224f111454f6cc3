"""Scoring the reader on labelled documents: folders, truth, measures and the report."""
