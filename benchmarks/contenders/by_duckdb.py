"""DuckDB, in SQL; session ids become 64 bits as they are read, so that no text is grouped."""

from __future__ import annotations

import duckdb

from contenders import COLUMNS, given

SESSIONS = """
CREATE TEMP TABLE sessions AS
SELECT
    user_id AS user,
    min(event_time) AS start,
    max(event_time) AS finish,
    count(*) FILTER (event_type = 'view') AS views,
    count(*) FILTER (event_type = 'cart') AS carts,
    count(*) FILTER (event_type = 'purchase') AS purchases,
    count(DISTINCT product_id) AS products,
    count(DISTINCT brand) AS brands,
    avg(price) FILTER (price > 0) AS mean_price,
    max(price) FILTER (price > 0) AS max_price,
    list(event_time) FILTER (event_type = 'purchase') AS bought
FROM read_csv(
    ?, header = true, quote = '', null_padding = true,
    timestampformat = '%Y-%m-%d %H:%M:%S UTC',
    columns = {
        'event_time': 'TIMESTAMP', 'event_type': 'VARCHAR', 'product_id': 'BIGINT',
        'category_id': 'BIGINT', 'category_code': 'VARCHAR', 'brand': 'VARCHAR',
        'price': 'DOUBLE', 'user_id': 'BIGINT', 'user_session': 'VARCHAR'
    }
)
WHERE user_id IS NOT NULL AND user_session IS NOT NULL
GROUP BY user_id, hash(user_session)
"""

FEATURES = f"""
WITH purchases AS (
    SELECT user, time, count(*) OVER (PARTITION BY user ORDER BY time) AS nth
    FROM (SELECT user, unnest(bought) AS time FROM sessions WHERE purchases > 0)
), answered AS (
    SELECT
        sessions.*,
        date_diff('second', start, finish) AS seconds,
        hour(start) AS hour,
        coalesce(nth, 0) AS bought_before
    FROM sessions
    ASOF LEFT JOIN purchases ON sessions.user = purchases.user AND sessions.start > purchases.time
)
SELECT {", ".join(COLUMNS)} FROM answered
"""


def main() -> None:
    """Read and group, look up earlier purchases, write."""
    told = given(__doc__)
    settings = {"memory_limit": told.memory, "threads": told.threads}
    base = duckdb.connect(config=settings | {"preserve_insertion_order": False})
    base.execute(f"SET temp_directory = '{told.out.parent}'")
    base.execute(SESSIONS, [str(told.file)])
    base.execute(f"COPY ({FEATURES}) TO '{told.out}' (FORMAT parquet)")


if __name__ == "__main__":
    main()
