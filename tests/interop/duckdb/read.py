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

LAST = f"""
    SELECT level, channel, direction, company_path, mcc, mnc, price_type, tier, wallet, connection, vendor,
        vendor_references, submitted_at IS NOT NULL, finished_at IS NOT NULL, quantity_rule
    FROM {PARTS} WHERE status = 'delivered' OR kind = 'fee' ORDER BY kind DESC, level
"""

columns = duckdb.sql(f"DESCRIBE SELECT * FROM {PARTS}").fetchall()
sums, last = (duckdb.sql(query).fetchall() for query in (SUMS, LAST))
print(json.dumps({"columns": {row[0]: row[1] for row in columns}, "sums": sums, "last": last}))
