package testutil

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// OracleReply is the answer of an oracle to a request. It is zero if no rule matches.
type OracleReply struct {
	Status   int
	Location string // of a redirect
	File     string // path of the file that is sent with another status
	Force    bool   // the rule comes before files; always true for Cloudflare
	Line     int    // of the rule; 0 if the program does not tell
	Error    string // why there is no answer
}

// String describes a reply: "301 /new", "200 /page.html", "-" if no rule matches, or "error".
func (r OracleReply) String() string {
	switch {
	case r.Error != "":
		return "error"
	case r.Status == 0:
		return "-"
	}
	return fmt.Sprintf("%d %s%s", r.Status, r.Location, r.File)
}

// An Oracle is somebody else's program that reads _redirects files.
type Oracle string

const (
	// Netlify is Netlify's parser and matcher. Paths and sources are decoded; what a rule captures is percent-encoded
	// in the target, except unreserved characters and slashes. Files are not regarded: where a file exists, it comes
	// before a rule without Force.
	Netlify Oracle = "netlify"
	// NetlifyCLI answers as Netlify's command-line program does, bugs included: it decodes the path, compares it with
	// sources as they are written, and copies what it captures into the target as it is.
	NetlifyCLI Oracle = "netlify-cli"
	// Cloudflare is the parser and matcher of Cloudflare Pages. There, rules come before files.
	Cloudflare Oracle = "cloudflare"
)

// OracleFile is a _redirects file, with requests and the oracle's answers to them.
type OracleFile struct {
	Rules    string
	Requests []string      // path and query, encoded
	Replies  []OracleReply // one for each request
	Rejected []string      // what is wrong with the lines that the oracle ignores
}

//go:embed oracle.mjs
var oracleScript string

// Answer fills in the Replies and Rejected of files.
func (o Oracle) Answer(t testing.TB, files ...*OracleFile) {
	t.Helper()
	packages := filepath.Join(filepath.Dir(Path("")), ".cache", "oracles")
	if _, err := os.Stat(packages); err != nil {
		Missing(t, "the oracles of .ci/oracles")
	}
	var in bytes.Buffer
	for _, f := range files {
		encode := func(v any) {
			line, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			in.Write(append(line, '\n'))
		}
		encode(map[string]string{"engine": string(o), "rules": f.Rules})
		for _, request := range f.Requests {
			encode(request)
		}
	}
	cmd := exec.Command(Need(t, "node"), "--input-type=module", "--eval", oracleScript)
	cmd.Dir, cmd.Stdin = packages, &in
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", o, err, &stderr)
	}
	decoder := json.NewDecoder(bytes.NewReader(out))
	for _, f := range files {
		f.Replies = make([]OracleReply, len(f.Requests))
		err := decoder.Decode(&f.Rejected)
		for i := range f.Replies {
			err = cmp.Or(err, decoder.Decode(&f.Replies[i]))
		}
		if err != nil {
			t.Fatalf("%s: %v: %.200s", o, err, out)
		}
	}
}
