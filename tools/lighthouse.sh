#!/usr/bin/env bash
# Runs Lighthouse on each type of page of the sample, with the statistics of the test log, on a phone, served by Nginx.
# It prints the scores, the blocking time, and the audits that fail in all categories except performance. Needs Nginx, Chromium, Node, npm
# and jq. Lighthouse 12 is the last one for Node 20.
#
# Everything except performance must be 100, with these exceptions: search engines shall not list error pages, the
# search and pages for links with parameters, so these have noindex and, to be small, no description. Lighthouse counts
# the status of an error page and the console's message about it as failures, too.
set -euo pipefail
cd "$(dirname "$0")/.."
version=12.8.2
lighthouse=$PWD/.cache/lighthouse/$version
[ -d "$lighthouse" ] ||
	npm install --prefix "$lighthouse" --silent --ignore-scripts --no-audit --no-fund "lighthouse@$version"

work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT
port=8483
site=http://localhost:$port
go build -o "$work/sitegen" ./cmd/sitegen
cp testdata/stats/access.log.gz "$work/"
printf 'source: sample\nbase_url: %s\n' "$site" >"$work/sitegen.yaml"
(cd "$work" && ./sitegen build --quiet && ./sitegen stats access.log.gz --quiet && ./sitegen build --quiet)
cat >"$work/nginx.conf" <<CONF
daemon off;
pid $work/pid;
error_log $work/error.log;
events {}
http {
	include /etc/nginx/mime.types;
	access_log off;
	client_body_temp_path $work/temp;
	proxy_temp_path $work/temp;
	fastcgi_temp_path $work/temp;
	uwsgi_temp_path $work/temp;
	scgi_temp_path $work/temp;
	include $work/redirects/nginx/hash.conf;
	include $work/redirects/nginx/http/*.conf;
	server {
		listen $port;
		root $work/public;
		include $work/redirects/nginx/server/*.conf;
	}
}
CONF
[ "$(id -u)" -ne 0 ] || sed -i '1i user root;' "$work/nginx.conf" # only root may read the folder
PATH=$PATH:/usr/sbin nginx -p "$work" -c "$work/nginx.conf" &
until curl -fso /dev/null "$site/"; do sleep .2; done

printf '%-12s %-14s %-14s %-4s %-8s %s\n' performance accessibility best-practices seo blocking page
for page in / /releases/ /releases/5.12.4/ /preview/ /preview/bisect/ '/?version=5.2' /no/such/page/ '/?os=mac' \
	'/search/?q=5.12' /api/ /download-stats/ /requirements/ /de/; do
	node "$lighthouse/node_modules/lighthouse/cli/index.js" "$site$page" --quiet --ignore-status-code \
		--chrome-flags="--headless --no-sandbox" --output json --output-path "$work/report.json" 2>"$work/errors" ||
		{ cat "$work/errors" >&2; exit 1; }
	jq -r --arg page "$page" '
		def score(name): .categories[name].score | if . == null then "-" else . * 100 | round | tostring end;
		def left(n): . + " " * (n - length);
		(score("performance") | left(13)) + (score("accessibility") | left(15)) + (score("best-practices") | left(15)) +
			(score("seo") | left(5)) +
			((.audits["total-blocking-time"].numericValue | if . == null then "-" else "\(round) ms" end) | left(9)) + $page,
		(. as $report | .categories | del(.performance)[].auditRefs[] | select(.weight > 0) | $report.audits[.id] |
			select(.score != null and .score < 1) | "    " + .id + ": " + .title)' "$work/report.json"
done
