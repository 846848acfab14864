"""Runs docs/stats-athena.sql in DuckDB, and prints the table as tab-separated values.

usage: athena.py stats-athena.sql downloads.sqlite LOG...

The logs are CloudFront's standard logs. The tables are created as the file creates them, with these differences:
DuckDB has no external tables, so the files are loaded; and regexp_like and the global regexp_replace of Athena have
other names and flags there. The packages come from the command in the file's comment, run with Python's sqlite3.
"""

import re
import sqlite3
import sys

import duckdb

file, database, *logs = sys.argv[1:]
text = open(file, encoding="utf-8").read()
tables, query = text.split("-- query\n")
db = duckdb.connect()
db.execute("CREATE MACRO regexp_like(text, pattern) AS regexp_matches(text, pattern)")
db.execute("CREATE MACRO replace_all(text, pattern, new) AS regexp_replace(text, pattern, new, 'g')")
columns = {}
for name, fields in re.findall(r"CREATE EXTERNAL TABLE (\w+) \((.*?)\)\s*ROW FORMAT", tables, re.DOTALL):
    columns[name] = [field.split() for field in fields.replace("\n", " ").split(",")]
    db.execute(f"CREATE TABLE {name} ({fields})")

# Athena takes the first columns of a log by their order, and NULL for values of another type.
kinds = columns["cloudfront_logs"]
values = ", ".join(f"TRY_CAST(column{i:02} AS {kind}) AS {name}" for i, (name, kind) in enumerate(kinds))
head = int(re.search(r"'skip.header.line.count' = '(\d+)'", tables).group(1))
for log in logs:
    db.execute(f"INSERT INTO cloudfront_logs SELECT {values} FROM read_csv(?, delim='\t', quote='', escape='', "
               f"header=false, skip={head}, all_varchar=true, nullstr='', auto_detect=false, columns=?)",
               [log, {f"column{i:02}": "VARCHAR" for i in range(33)}])

select = re.search(r'"(SELECT [^"]*)"', re.sub(r"\n--\s*", " ", tables)).group(1)
rows = sqlite3.connect(f"file:{database}?mode=ro", uri=True).execute(select).fetchall()
db.executemany(f"INSERT INTO packages VALUES ({', '.join('?' * len(columns['packages']))})", rows)

result = db.execute(query.replace("regexp_replace(", "replace_all("))
print("\t".join(column[0] for column in result.description))
for row in result.fetchall():
    print("\t".join(str(value) for value in row))
