-- Counts the daily table of sitegen stats from CloudFront's standard logs in S3, with Athena (Trino).
-- The country is empty, because the logs do not contain it. See docs/stats.md.

CREATE EXTERNAL TABLE cloudfront_logs (
  log_date DATE, log_time STRING, edge STRING, bytes BIGINT, client_ip STRING, method STRING, host STRING,
  uri STRING, status INT, referrer STRING, user_agent STRING
)
ROW FORMAT DELIMITED FIELDS TERMINATED BY '\t'
LOCATION 's3://BUCKET/PREFIX/'
TBLPROPERTIES ('skip.header.line.count' = '2');

-- Export the packages to packages.tsv and upload it to the bucket:
--
-- sqlite3 -separator "$(printf '\t')" var/downloads.sqlite "SELECT bitstream, version, os, stability
--   FROM packages JOIN series ON series.id = packages.series WHERE known" > packages.tsv
CREATE EXTERNAL TABLE packages (id STRING, version STRING, os STRING, stability STRING)
ROW FORMAT DELIMITED FIELDS TERMINATED BY '\t'
LOCATION 's3://BUCKET/packages/';

-- query
WITH hits AS (
  SELECT DISTINCT log_date, client_ip, url_decode(url_decode(user_agent)) AS agent, substr(uri, 12) AS id
  FROM cloudfront_logs
  WHERE method = 'GET' AND status IN (200, 206, 302, 303, 307, 308) AND uri LIKE '/bitstream/%'
),
classified AS (
  SELECT log_date, id, CASE
    WHEN agent IN ('', '-') THEN 'unknown'
    WHEN regexp_like(lower(agent), 'curl/|wget/|aria2/|python-|homebrew/|powershell|winget|' ||
      'windowspackagemanager|okhttp|go-http-client/') THEN 'tool'
    WHEN regexp_like(lower(agent), 'bot|crawl|spider|slurp|headlesschrome|facebookexternalhit|archiver') THEN 'bot'
    WHEN regexp_like(agent, 'Android|iPhone|iPad|Windows Phone') THEN 'mobile'
    WHEN regexp_like(agent, '^(Mozilla|Opera)/') THEN 'browser'
    ELSE 'tool' END AS class
  FROM hits
)
SELECT log_date AS day, version, os, stability, '' AS country, class, count(*) AS downloads
FROM classified JOIN packages ON packages.id = classified.id
GROUP BY log_date, version, os, stability, class
ORDER BY day, version, os, stability, class
