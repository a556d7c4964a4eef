"""The same work for DuckDB: duckdb_work.py csv|json INPUT SCRATCH"""
import sys

import duckdb

kind, source, scratch = sys.argv[1:]
connection = duckdb.connect()
connection.execute("SET threads = 2")
if kind == "csv":
    connection.execute(f"""
        COPY (SELECT * FROM read_csv('{source}/*.csv', header = true, columns = {{
            'order_id': 'VARCHAR', 'customer_id': 'VARCHAR', 'ts': 'TIMESTAMP', 'amount': 'DOUBLE', 'status': 'VARCHAR',
            'city': 'VARCHAR', 'items': 'INTEGER', 'comment': 'VARCHAR'}}))
        TO '{scratch}/out.parquet' (FORMAT parquet, COMPRESSION snappy)""")
    print("ROWS", connection.execute(f"SELECT count(*) FROM '{scratch}/out.parquet'").fetchone()[0])
else:
    print("SUMS", connection.execute(f"""
        SELECT count(*), sum(amount), sum(items) FROM read_json('{source}/*.json', format = 'newline_delimited', columns = {{
            'order_id': 'VARCHAR', 'customer_id': 'VARCHAR', 'ts': 'TIMESTAMP', 'amount': 'DOUBLE', 'status': 'VARCHAR',
            'city': 'VARCHAR', 'items': 'INTEGER'}}) WHERE status = 'delivered'""").fetchone())
