"""The embedded services: a database, a Temporal server and our own processes under one roof."""
