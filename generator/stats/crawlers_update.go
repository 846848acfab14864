//go:build ignore

// This program writes crawlers.txt and testdata/stats/crawler-agents.txt.gz from crawler-user-agents.json. To update
// them, run
//
//	npm pack crawler-user-agents && tar xzf crawler-user-agents-*.tgz
//	go run ./generator/stats/crawlers_update.go package/package.json package/crawler-user-agents.json
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
)

func main() {
	var about struct{ Version string }
	var list []struct {
		Pattern   string
		Tags      []string
		Instances []string
	}
	for i, to := range []any{&about, &list} {
		data, err := os.ReadFile(os.Args[i+1])
		if err == nil {
			err = json.Unmarshal(data, to)
		}
		if err != nil {
			log.Fatal(err)
		}
	}
	var patterns, agents bytes.Buffer
	fmt.Fprintf(&patterns, "# Patterns of crawlers, from crawler-user-agents %s by Martin Monperrus and others,\n"+
		"# https://github.com/monperrus/crawler-user-agents, under the MIT License: see crawlers.license.\n"+
		"# Programs to download with (the tag http-library) are left out. Written by crawlers_update.go.\n", about.Version)
	for _, c := range list {
		if slices.Contains(c.Tags, "http-library") {
			continue
		}
		fmt.Fprintln(&patterns, c.Pattern)
		for _, agent := range c.Instances {
			fmt.Fprintln(&agents, strings.ReplaceAll(agent, "\n", " "))
		}
	}
	var packed bytes.Buffer
	zw, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	zw.Write(agents.Bytes())
	zw.Close()
	for name, data := range map[string][]byte{
		"generator/stats/crawlers.txt": patterns.Bytes(), "testdata/stats/crawler-agents.txt.gz": packed.Bytes(),
	} {
		if err := os.WriteFile(name, data, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
