"""A working day played by scripted people: clients, staff, papers and mail, through the public API and SMTP alone."""
