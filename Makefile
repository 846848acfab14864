# make help lists what there is.

.PHONY: help build test test-short check test-girder fuzz bench

help:           ## list the targets
	@sed -n 's/^\([a-z-]*\): *.*## /\1\t/p' $(MAKEFILE_LIST)

build:          ## the program, as ./sitegen
	go build -o sitegen ./cmd/sitegen

test:           ## all tests; installs Nginx, Chromium and Node from Debian where they are missing
	.ci/install
	.ci/test

test-short:     ## the same tests with fewer random inputs, for while you work; about a minute on two cores
	.ci/test-short

check:          ## what a change must pass: gofmt, vet, linters, known vulnerabilities, the short round; two minutes
	.ci/check

test-girder:    ## the Girder source against a real server; two minutes the first time
	.ci/install
	tools/girder/test

fuzz:           ## every fuzz test for ten seconds
	.ci/fuzz 10s

bench:          ## benchmarks: ours, and side by side with Hugo and GoAccess
	go test -run '^$$' -bench . -benchmem ./generator/...
	go run ./bench/hugo
	go run ./bench/goaccess
