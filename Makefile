# To list the targets, run make help.

.PHONY: help build dist test test-short check field test-girder test-dist soak fuzz screenshots lighthouse bench

help:           ## list the targets
	@sed -n 's/^\([a-z-]*\): *.*## /\1\t/p' $(MAKEFILE_LIST)

build:          ## build the program, ./sitegen
	go build -o sitegen ./cmd/sitegen

dist:           ## build the files of a release, dist/; minutes the first time
	.ci/zig
	rm -rf dist
	cd tools && PATH="$(CURDIR)/.cache/zig:$$PATH" go run ./dist -root .. -out ../dist

test:           ## run all tests, 35 minutes; first install missing tools from Debian (Nginx, Chromium, Node and more)
	@echo "make test: installs the missing tools of the tests from Debian (Nginx, Chromium, Node and more; minutes the"
	@echo "first time), then runs all tests: about 35 minutes on two cores. make test-short takes two."
	.ci/install
	.ci/test

test-short:     ## run all tests but the longest, with fewer random inputs; two minutes, seconds after a small change
	.ci/test-short

check:          ## run what a change must pass: gofmt, vet, linters, vulnerabilities, short tests; a minute, and the time of the tests
	.ci/check

field:          ## run the cases of testdata/field, from bug reports, with a real Nginx and the CloudFront function
	go test -count=1 -v -run '^TestField$$' ./cmd/sitegen

test-girder:    ## test the Girder source with a real server; two minutes the first time
	.ci/install
	tools/girder/test

test-dist:      ## build the files of a release for all platforms twice, without caches, and compare and use them; ten minutes
	.ci/install
	cd tools && go test -count=1 -timeout 2h -v -run '^TestRelease$$' ./dist -all

soak:           ## run a site beside load and faults, and check every answer; half an hour, or DURATION=2m
	cd tools && go run ./soak -duration $(or $(DURATION),30m)

fuzz:           ## run each fuzz test for ten seconds
	.ci/fuzz 10s

screenshots:    ## make the pictures in docs/images; half a minute
	tools/screenshots.sh

lighthouse:     ## print the scores of Lighthouse for each type of page; three minutes
	tools/lighthouse.sh

bench:          ## run the benchmarks, including comparisons with Hugo, GoAccess and aws s3 sync
	go test -run '^$$' -bench . -benchmem ./generator/...
	go run ./bench/hugo
	go run ./bench/goaccess
	go run ./bench/deploy
