"""The words on papers, one file a language."""
