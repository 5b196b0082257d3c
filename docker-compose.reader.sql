-- The dashboard's role, which may read everything and write nothing. docker-compose.yml runs it once,
-- when the volume of the database is made.
\set password `cat /run/secrets/reader_password`
CREATE ROLE dashboard LOGIN PASSWORD :'password';
GRANT pg_read_all_data TO dashboard;
