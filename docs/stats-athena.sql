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
WITH requests AS (
  SELECT log_date, client_ip, url_decode(url_decode(user_agent)) AS agent,
    -- The path as servers read it: decoded, without repeated slashes and the segment "."
    regexp_replace(regexp_replace(url_decode(uri), '(/\.)+/', '/'), '/+', '/') AS path
  FROM cloudfront_logs
  WHERE method = 'GET' AND status IN (200, 206, 301, 302, 303, 307, 308)
),
hits AS (
  -- Hexadecimal ids may be in upper case. Other content delivery networks log the same requests with their visitors.
  SELECT DISTINCT log_date, client_ip, agent, lower(substr(path, 12)) AS id
  FROM requests
  WHERE path LIKE '/bitstream/%' AND NOT regexp_like(agent, '^(Amazon CloudFront|Cloudflare|CloudFlare|Fastly)')
),
agents AS (
  -- Phones may have any name, also that of a robot: on Android, it is in the first comment. Those of the make CUBOT are
  -- no robots either.
  SELECT DISTINCT agent, replace(CASE
    WHEN regexp_like(lower(agent), '^mozilla/5[.]0 [(][^)]*android') AND
      NOT regexp_like(lower(agent), '^mozilla/5[.]0 [(][^)]*(compatible|http|google)')
    THEN regexp_replace(lower(agent), '^mozilla/5[.]0 [(][^)]*', 'mozilla/5.0 (')
    ELSE lower(agent) END, 'cubot', '') AS text
  FROM hits
),
classified AS (
  SELECT agent, CASE
    WHEN agent IN ('', '-') THEN 'unknown'
    WHEN regexp_like(text, 'curl/|wget/|aria2/|python-requests/|python-urllib/|homebrew/|powershell|winget|' ||
      'windowspackagemanager|chocolatey|scoop/|go-http-client/|libwww-perl/|okhttp/|axel/|axios/|node-fetch|' ||
      'apache-httpclient/|ansible-httpget|microsoft bits/|conda/|pip/|cmake') THEN 'tool'
    WHEN regexp_like(text, 'bots?([^a-z]|$)|crawl|spider|slurp|headlesschrome|phantomjs|facebookexternalhit|' ||
      'mediapartners|monitor|scan|archiver|preview|fetcher|checker|validator|lighthouse|google-|-google|' ||
      'https?://|[+]www[.]|[a-z0-9]@[a-z0-9][^ ;)(,>]*[.][a-z0-9]') THEN 'bot'
    WHEN regexp_like(text, '^mozilla/5[.]0 [(]compatible; ') AND NOT regexp_like(text, '^mozilla/5[.]0 [(]compatible; ' ||
      '(msie|konqueror|windows|icab|omniweb|u;|linux|x11|macintosh|android)') THEN 'bot'
    WHEN regexp_like(agent, 'Android|iPhone|iPad|Windows Phone') THEN 'mobile'
    WHEN regexp_like(text, '^(mozilla|opera)/') THEN 'browser'
    ELSE 'tool' END AS class
  FROM agents
)
SELECT log_date AS day, version, os, stability, '' AS country, class, count(*) AS downloads
FROM hits JOIN classified ON classified.agent = hits.agent JOIN packages ON packages.id = hits.id
GROUP BY log_date, version, os, stability, class
ORDER BY day, version, os, stability, class
