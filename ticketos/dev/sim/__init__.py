"""A working day played by scripted people: clients, staff, papers and mail, by public API and SMTP alone."""
