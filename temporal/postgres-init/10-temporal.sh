#!/bin/bash
# Runs once, on an empty data volume: Temporal's role and its two databases.
# The application's roles and database are made by `ticketos db upgrade`.
set -euo pipefail
psql -v ON_ERROR_STOP=1 --username postgres -v password="$TEMPORAL_DB_PASSWORD" <<'SQL'
create role temporal login password :'password';
create database temporal owner temporal;
create database temporal_visibility owner temporal;
SQL
