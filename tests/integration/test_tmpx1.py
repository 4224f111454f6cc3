import psycopg, os
def test_a(database, temporal_server):
    with psycopg.connect(database.app.replace("+psycopg","")) as c:
        print("DB", os.environ.get("PYTEST_XDIST_WORKER"), c.info.port, c.info.dbname, temporal_server.grpc)
