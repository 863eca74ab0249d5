"""The usual way to rebuild the scores: every row's JSON into a pandas table, then means by segment.

Run as `python -m benchmarks.pandas_rows QUESTIONNAIRE` with DATABASE_URL in the environment.
"""

from __future__ import annotations

import os
import sys

import pandas as pd
import psycopg2

QUERY = """
SELECT answers, attributes, completed_at FROM surveys_response
WHERE questionnaire_id = %s AND state = 'complete' AND NOT is_test
"""


def main(questionnaire: int) -> None:
    """Read, tabulate and score."""
    with psycopg2.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute(QUERY, [questionnaire])
        rows = cursor.fetchall()
    answers = pd.DataFrame([row[0] for row in rows])
    segments = pd.DataFrame([row[1] for row in rows])
    ratings = answers.drop(columns=["nps", "why"], errors="ignore").apply(pd.to_numeric)
    months = pd.to_datetime(pd.Series([row[2] for row in rows]), utc=True).dt.strftime("%Y-%m")
    index = (ratings.mean(axis=1) - 1) * 25
    counts = {item: ratings[item].value_counts() for item in ratings}
    by_month = index.groupby(months).agg(["count", "mean", "var"])
    by_region = index.groupby(segments["region"]).agg(["count", "mean", "var"])
    sys.stdout.write(f"{len(answers)} {index.mean():.6f} {len(by_month)} {len(by_region)} {len(counts)}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
