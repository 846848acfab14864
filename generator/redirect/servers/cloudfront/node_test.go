package cloudfront

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/testutil"
)

// nodeHarness runs the function in Node. It reads store.json and requests.json from its folder, writes the replies to
// stdout and the microseconds of one request to stderr.
const nodeHarness = `
import fs from 'node:fs';
import { performance } from 'node:perf_hooks';
const store = new Map(JSON.parse(fs.readFileSync('store.json')).data.map(p => [p.key, p.value]));
async function get(key) {
	if (!store.has(key)) {
		throw new Error('no key ' + key);
	}
	return store.get(key);
}
const cf = { kvs: () => ({ get }) };
/*function*/
const replies = [];
const requests = JSON.parse(fs.readFileSync('requests.json'));
const start = performance.now();
for (const q of requests) {
	const at = q.indexOf('?');
	const uri = at < 0 ? q : q.slice(0, at), query = at < 0 ? undefined : q.slice(at + 1);
	const request = { method: 'GET', uri, querystring: {}, headers: { host: { value: '' } }, rawQueryString: () => query };
	replies.push(await handler({ request }));
}
console.error((1000 * (performance.now() - start) / requests.length).toFixed(1));
console.log(JSON.stringify(replies));
`

// inNode runs the function in Node. It returns the replies, and the microseconds of one request on average.
func inNode(t testing.TB, data []byte, requests []string) (replies []edgeResult, micros string) {
	t.Helper()
	function, err := compileFunction()
	if err != nil {
		t.Fatal(err)
	}
	requestsJSON, err := json.Marshal(requests)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{
		"store.json":    data,
		"requests.json": requestsJSON,
		"run.mjs": []byte(strings.Replace(nodeHarness, "/*function*/",
			strings.Replace(string(function), importLine, "", 1), 1)),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(testutil.Need(t, "node"), "run.mjs")
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	if err := json.Unmarshal(out, &replies); err != nil || len(replies) != len(requests) {
		t.Fatalf("%d replies, %v", len(replies), err)
	}
	return replies, strings.TrimSpace(stderr.String())
}

// sameReply checks that goja and Node give the same reply to a request.
func sameReply(t *testing.T, q string, goja, node edgeResult) {
	t.Helper()
	want, err := json.Marshal(goja)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(node)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s: node %s, goja %s", q, got, want)
	}
}

// TestNodeAurora runs the function in Node for the invented project Aurora. It compares the replies with those of goja
// and with the table's answers.
func TestNodeAurora(t *testing.T) {
	x := testutil.Aurora(t)
	tab := &redirect.Table{Index: x, Rules: redirect.NewRules(nil), Files: redirect.Files{Read: rendered(t, x).File}}
	var requests []string
	for _, g := range testutil.Goldens(t, "aurora/golden.jsonl") {
		requests = append(requests, g.Q)
	}
	golden := len(requests)
	for q := range testutil.RandomRequests(tab.Index, 12, 2000) {
		requests = append(requests, q)
	}
	data := Server{}.Compile(tab).File(Server{}, storeFile)
	replies, _ := inNode(t, data, requests)
	e := start(t, load(t, data))
	for i, q := range requests {
		sameReply(t, q, e.ask(t, "GET", q), replies[i])
		path, _, _ := strings.Cut(q, "?")
		if i >= golden {
			compare(t, e, tab, q, path)
		}
	}
}

// TestNode checks that the function gives the same replies in Node as in goja.
func TestNode(t *testing.T) {
	tab := newTable(t, "live", "/trés/* /x/:splat\n/old id=:id /new?id=:id 302\n/gone 410\n")
	data := Server{}.Compile(tab).File(Server{}, storeFile)
	requests := []string{"/tr%C3%A9s/a/b", "/old?id=7", "/old", "/gone", "/latest/win", "/bitstream/608873",
		"/assets/x.css", "/releases/"}
	for q := range testutil.RandomRequests(tab.Index, 11, 3000) {
		requests = append(requests, q)
	}
	e := start(t, load(t, data))
	replies, micros := inNode(t, data, requests)
	for i, q := range requests {
		sameReply(t, q, e.ask(t, "GET", q), replies[i])
	}
	t.Logf("%s µs a request", micros)
}

func BenchmarkFunctionGoja(b *testing.B) {
	tab := newTable(b, "archive", "")
	e := start(b, compiled(b, tab))
	var requests []string
	for q := range testutil.RandomRequests(tab.Index, 11, 1000) {
		requests = append(requests, q)
	}
	i := 0
	for b.Loop() {
		e.ask(b, "GET", requests[i%len(requests)])
		i++
	}
}

// BenchmarkFunctionNode reports the time of one request as µs/request. ns/op is the time of a Node process that answers
// 10,000 requests.
func BenchmarkFunctionNode(b *testing.B) {
	tab := newTable(b, "archive", "")
	data := Server{}.Compile(tab).File(Server{}, storeFile)
	var requests []string
	for q := range testutil.RandomRequests(tab.Index, 11, 10_000) {
		requests = append(requests, q)
	}
	var micros float64
	for b.Loop() {
		_, s := inNode(b, data, requests)
		if err := json.Unmarshal([]byte(s), &micros); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(micros, "µs/request")
}

// BenchmarkCompile compiles the store of the archive catalogue with 20,000 rules.
func BenchmarkCompile(b *testing.B) {
	tab := newTable(b, "archive", lines(20_000, "/old/page-%d /new/page"))
	b.ResetTimer()
	for b.Loop() {
		c := &redirect.Compilation{}
		pairs := compilePairs(c, tab, Options{}, MaxStore)
		if err := c.Err(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(importFile(pairs))), "bytes")
	}
}
