// Package cloudfront writes the redirect table for CloudFront: a function that answers viewer requests, and
// the key-value store that it reads.
//
// The function never changes with the catalogue or the rules; all data are in the store. There, tables are
// trees whose nodes are named by their content (see store), so an update is safe in this order: put the new
// keys in any number of steps, put "root" as the last of them, and delete what the new store lacks after
// that, when every edge has the new root (seconds; the next update is early enough). A request in the
// middle of it is answered from the old catalogue or from the new one, never from a mixture.
//
// A request reads the root, and two or three nodes for each table it needs.
package cloudfront

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/js"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
)

// MaxPatterns is how many patterns the function tries, one after the other. A node holds eight or so, and
// every request that matches nothing reads all of their nodes.
const MaxPatterns = 100

// Target is the configuration of CloudFront.
type Target struct{}

// Name implements redirect.Target.
func (Target) Name() string { return "cloudfront" }

// Compile implements redirect.Target.
func (Target) Compile(t *redirect.Table) ([]output.File, error) {
	function, err := compileFunction()
	if err != nil {
		return nil, err
	}
	data, _, err := compileStore(t, MaxStore)
	if err != nil {
		return nil, err
	}
	return []output.File{file("keyvaluestore.json", data), file("function.js", function)}, nil
}

// Explain implements redirect.Explainer.
func (Target) Explain(t *redirect.Table, _, _ string, a redirect.Answer) string {
	_, omitted, err := compileStore(t, MaxStore)
	if err != nil {
		return err.Error()
	}
	order := byImportance(t.Index.Packages())
	for _, c := range a.API.Cells {
		if c.Package != nil && slices.Contains(order[len(order)-omitted:], c.Package) {
			return "501, a page that says that the catalogue is too large: the store does not describe " + c.Package.ID
		}
	}
	return ""
}

func file(name string, data []byte) output.File {
	return output.File{Root: output.Redirects, Group: output.Maps, Path: "cloudfront/" + name, Data: data}
}

// Check lists what CloudFront answers otherwise than the other targets.
func (Target) Check(t *redirect.Table) []redirect.Finding {
	_, omitted, err := compileStore(t, MaxStore)
	switch {
	case err != nil:
		return []redirect.Finding{{Severity: redirect.Error, Message: err.Error()}}
	case omitted > 0:
		return []redirect.Finding{{Message: fmt.Sprintf("cloudfront: /findall and /?QUERY are answered with a page of explanation where they would have to describe one of the %d oldest of %d packages; "+
			"a key-value store holds %d bytes; /find and /download are not concerned", omitted, len(t.Index.Packages()), MaxStore)}}
	}
	return nil
}

//go:embed function.js
var source []byte

// compileFunction takes comments and blanks out of the function, and keeps one line for each of its parts.
// The names stay, for whoever looks at it in the console.
func compileFunction() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("// " + output.Mark + " from generator/redirect/cloudfront/function.js\n")
	// Nothing newer than ES5 is put in that was not in the source: the runtime has but a part of it.
	m := js.Minifier{KeepVarNames: true, Version: 5}
	if err := m.Minify(minify.New(), &b, bytes.NewReader(source), nil); err != nil {
		return nil, fmt.Errorf("shorten the CloudFront function: %w", err)
	}
	text := strings.NewReplacer(";async function", ";\nasync function", "}async function", "}\nasync function", "}function", "}\nfunction").Replace(b.String()) + "\n"
	if len(text) > MaxFunction {
		return nil, fmt.Errorf("the CloudFront function has %d bytes, CloudFront's limit is %d", len(text), MaxFunction)
	}
	return []byte(text), nil
}

// compileStore writes the import file of the key-value store. It leaves out the descriptions of as many of
// the oldest packages, releases last, as do not fit into limit bytes, and says how many these are.
func compileStore(t *redirect.Table, limit int) (data []byte, omitted int, err error) {
	if n := len(t.Rules.Patterns()); n > MaxPatterns {
		return nil, 0, fmt.Errorf("%d rules are patterns, the limit for CloudFront is %d; write the others as exact paths, or leave cloudfront out of targets", n, MaxPatterns)
	}
	var fixed store
	r := fixed.writeTables(t)
	order := byImportance(t.Index.Packages())
	for keep := len(order); ; {
		s := store{pairs: slices.Clone(fixed.pairs), err: fixed.err}
		r.IDs = s.table("i", idRows(t, order, keep))
		s.writeRoot(r)
		if s.err != nil {
			return nil, 0, fmt.Errorf("write the CloudFront store: %w", s.err)
		}
		if data = s.json(); len(data) <= limit {
			return data, len(order) - keep, nil
		}
		if keep == 0 {
			return nil, 0, fmt.Errorf("the CloudFront store of %d packages and %d rules has %d bytes, CloudFront's limit is %d; publish fewer nightly builds, or leave cloudfront out of targets",
				len(order), len(t.Rules.All()), len(data), limit)
		}
		// A description takes 300 bytes or so; ask for a little too few, and again.
		keep = max(0, keep-max(1, (len(data)-limit)/400))
	}
}

// byImportance orders packages by how likely somebody is to ask for them: releases, then the newest.
func byImportance(packages []*catalog.Package) []*catalog.Package {
	order := slices.Clone(packages)
	slices.SortStableFunc(order, func(a, b *catalog.Package) int {
		return strings.Compare(string(b.Stability()), string(a.Stability())) // "release" is after "nightly"
	})
	return order
}

// idRows makes the table of packages, with the descriptions of the first keep of them.
func idRows(t *redirect.Table, order []*catalog.Package, keep int) []row {
	urls := redirect.NewFileURLs(t.Index.Packages())
	rows := make([]row, len(order))
	for i, p := range order {
		rows[i] = idRow(p, urls.Mid[p.ID], i < keep)
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.key, b.key) })
	return rows
}

// json writes the import format, a line for each key, sorted.
func (s *store) json() []byte {
	slices.SortFunc(s.pairs, func(a, b pair) int { return strings.Compare(a.Key, b.Key) })
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	b.WriteString("{\"data\":[\n")
	for i, p := range s.pairs {
		if i > 0 {
			b.Truncate(b.Len() - 1)
			b.WriteString(",\n")
		}
		enc.Encode(p) // strings into memory: cannot fail
	}
	b.WriteString("]}\n")
	return b.Bytes()
}
