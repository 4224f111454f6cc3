"""Papers people and their auditors read: invoices and reports as PDF, JSON and CSV."""
