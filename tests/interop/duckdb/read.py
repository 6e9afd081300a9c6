"""Prints what DuckDB reads of the archive in a folder, as one JSON object: the types of the columns, and sums."""

import json
import sys

import duckdb

PARTS = f"read_parquet('{sys.argv[1]}/edr/*/*/*.parquet', hive_partitioning = true)"
SUMS = f"""
    SELECT agreement, CAST(day AS VARCHAR), currency, count(*), count(DISTINCT id),
        CAST(sum(amount) FILTER (status = 'accepted' OR kind = 'fee') AS VARCHAR)
    FROM {PARTS} GROUP BY ALL ORDER BY ALL
"""

columns = duckdb.sql(f"DESCRIBE SELECT * FROM {PARTS}").fetchall()
print(json.dumps({"columns": {row[0]: row[1] for row in columns}, "sums": duckdb.sql(SUMS).fetchall()}))
