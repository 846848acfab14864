#!/usr/bin/env bash
# Makes the pictures in docs/images/: pages of the sample and of the invented project Aurora, with the statistics of the
# test log. Needs Chromium and Python.
set -euo pipefail
cd "$(dirname "$0")/.."
images=$PWD/docs/images
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

go build -o "$work/sitegen" ./cmd/sitegen
cp testdata/stats/access.log.gz "$work/"
cp -r testdata/aurora "$work/aurora"
mkdir "$work/sample"
echo 'source: sample' >"$work/sample/sitegen.yaml"
(cd "$work/sample" && "$work/sitegen" build --quiet && "$work/sitegen" stats ../access.log.gz --quiet && "$work/sitegen" build --quiet)
(cd "$work/aurora" && "$work/sitegen" build --quiet)
python3 -m http.server --directory "$work/sample/public" 8481 2>/dev/null &
python3 -m http.server --directory "$work/aurora/public" 8482 2>/dev/null &
for port in 8481 8482; do
	until curl -fso /dev/null "http://127.0.0.1:$port/"; do sleep .2; done
done

# shot NAME URL WIDTH HEIGHT [OPTION]
shot() {
	chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --virtual-time-budget=5000 --window-size="$3,$4" ${5:+"$5"} \
		--screenshot="$images/$1.png" "$2" 2>/dev/null
	echo "docs/images/$1.png"
}
dark=--blink-settings=preferredColorScheme=0
shot home http://127.0.0.1:8481/ 1280 1000
shot home-phone http://127.0.0.1:8481/ 390 844 $dark
shot release http://127.0.0.1:8481/releases/5.12.4/ 1280 900
shot german http://127.0.0.1:8481/de/ 1280 900
shot releases http://127.0.0.1:8481/releases/ 1280 900
shot preview http://127.0.0.1:8481/preview/ 1280 900
shot statistics http://127.0.0.1:8481/download-stats/ 1280 1000
shot aurora http://127.0.0.1:8482/ 1280 900
shot aurora-dark http://127.0.0.1:8482/ 1280 900 $dark
