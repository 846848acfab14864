// Package cloudfront compiles redirect tables for CloudFront, into a function that answers viewer requests and the
// key-value store that the function reads.
//
// The function is the same for all catalogues, rules and profiles; all data are in the store. The store holds each
// table as a tree of nodes, and the key of a node contains a hash of its content; see store for an example. Because a
// key always has the same value, an update is safe in this order; see Updates:
//
//  1. Put the new keys, in any number of calls. The root comes last.
//  2. Wait until every edge location has the new root, which takes seconds.
//  3. Delete the keys that the new store does not have, or leave that to the next update.
//
// A request during an update is answered from the old catalogue or from the new one, never from a mixture of both.
//
// A request reads the root and, for each table that it needs, one or two nodes; docs/redirects.md has the numbers.
package cloudfront

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/evanw/esbuild/pkg/api"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// MaxPatterns is the maximum number of patterns. The function tries them one after the other: a node of the store holds
// about eight, so a request that matches no pattern reads up to 13 nodes.
const MaxPatterns = 100

// Server is Amazon CloudFront.
type Server struct{}

// Name implements redirect.Server.
func (Server) Name() string { return "cloudfront" }

// Describe implements redirect.Server.
func (Server) Describe() redirect.Description {
	return redirect.Description{
		Title: "Amazon CloudFront",
		Files: "`function.js`, a function for viewer requests, `keyvaluestore.json`, the import file of its " +
			"key-value " +
			"store, and `response-headers.json`, a response headers policy",
		Queries: "answered",
		Headers: true,
		Limits:  "5 MB, enough for about 26,000 packages; 100 patterns",
	}
}

// Names of the compiled files.
const (
	functionFile = "function.js"
	storeFile    = "keyvaluestore.json"
)

// Compile implements redirect.Server.
func (s Server) Compile(t *redirect.Table) *redirect.Compilation { return s.compile(t, MaxStore) }

// compile is Compile with a limit on the size of the store in bytes.
func (s Server) compile(t *redirect.Table, limit int) *redirect.Compilation {
	c := &redirect.Compilation{}
	function, err := compileFunction()
	if err != nil {
		c.Fail(nil, "%s", err)
		return c
	}
	pairs := compilePairs(c, t, Options{}, limit)
	if c.Err() != nil {
		return c
	}
	c.Omitted = slices.Concat(objectOmissions(t), folderOmissions())
	describe(c, t)
	c.Files = []output.File{redirect.File(s, storeFile, importFile(pairs)), redirect.File(s, functionFile, function),
		redirect.File(s, headersFile, headers(c, t))}
	return c
}

// Function returns function.js. It is the same for all catalogues, rules and profiles.
func Function() ([]byte, error) { return compileFunction() }

// describe adds to c which rules CloudFront answers differently.
func describe(c *redirect.Compilation, t *redirect.Table) {
	for _, r := range t.Rules.All() {
		if r.Status >= 400 && r.Target != "" {
			c.Warn(r, "cloudfront answers with its own page for status %d, not with %s", r.Status, r.Target)
		}
	}
}

// folderOmissions are the omissions of a function that passes paths without a file on to the bucket, which may have
// files that no build has written.
func folderOmissions() []redirect.Omission {
	return []redirect.Omission{{
		What: "with keyvaluestore.json instead of sitegen deploy, a path without an extension at which there is no " +
			"file or folder: status 301 to the same path with a slash at its end, which answers 404",
		Covers: func(path string, a redirect.Answer, got emulate.Reply) bool {
			location, _, _ := strings.Cut(got.Location(), "?")
			return a.Status == 0 && got.Status == http.StatusMovedPermanently &&
				location == redirect.EncodePath(path)+"/"
		},
	}, {
		What: "with keyvaluestore.json instead of sitegen deploy, a folder that no build has written, with a dot in " +
			"its name and without the slash at its end: status 404",
		Covers: func(path string, a redirect.Answer, got emulate.Reply) bool {
			return a.Status == 0 && got.Status == http.StatusNotFound &&
				strings.Contains(path[strings.LastIndex(path, "/"):], ".")
		},
	}}
}

// objectOmissions are the omissions of a function that knows all files.
func objectOmissions(t *redirect.Table) []redirect.Omission {
	return []redirect.Omission{{
		What: "a folder without an index page, without the slash at its end: status 404 instead of a redirect to the " +
			"path with the slash, which answers 404",
		Covers: func(path string, a redirect.Answer, got emulate.Reply) bool {
			return a.Status == 0 && got.Status == http.StatusNotFound && !t.Files.Page(path)
		},
	}}
}

//go:embed function.js
var source string

// internalProps matches the properties that only the function itself uses. They get short names. Those of events,
// responses, package objects and fields of templates keep their names.
const internalProps = "^(parameters|permalinks|finds|sought|problem|given|record|first|at|rules|row|base|file|" +
	"status|target|key|system|cell|object|text|place)$"

// compileFunction joins the grammar of the download API and the function, and minifies them.
func compileFunction() ([]byte, error) {
	code := strings.Replace(lookup.Script+source, importLine, "", 1) // it stays as it is: emulators look for it
	// let is shorter, and esbuild joins declarations of one kind.
	code = constRE.ReplaceAllString(code, "${1}let ")
	result := api.Transform(code, api.TransformOptions{
		Format: api.FormatESModule, Target: api.ES2017,
		// The runtime has async functions, but not all of ES2017. These must not replace what the source uses instead.
		Supported: map[string]bool{"object-extensions": false, "template-literal": false,
			"default-argument": false, "destructuring": false, "for-of": false},
		MangleProps: internalProps, MinifyWhitespace: true, MinifyIdentifiers: true, MinifySyntax: true,
		Charset: api.CharsetASCII,
	})
	if len(result.Errors) > 0 {
		return nil, fmt.Errorf("minify the CloudFront function: %s", result.Errors[0].Text)
	}
	// CloudFront calls the function named handler, and does not know exports.
	code, found := strings.CutSuffix(strings.TrimSpace(string(result.Code)), "as handler};")
	code, short, ok := cutLast(code, "export{")
	if !found || !ok {
		return nil, errors.New("minify the CloudFront function: it does not export handler at its end")
	}
	code = strings.Replace(code, "async function "+strings.TrimSpace(short)+"(", "async function handler(", 1)
	text := fmt.Sprintf("// %s from generator/redirect/servers/cloudfront/function.js\n%s%s\n",
		output.Mark,
		importLine, code)
	if len(text) > MaxFunction {
		return nil, fmt.Errorf("the CloudFront function has %d bytes, CloudFront's limit is %d", len(text), MaxFunction)
	}
	return []byte(text), nil
}

// constRE matches the word const at the beginning of a line or of the head of a loop.
var constRE = regexp.MustCompile(`(?m)(^\s*|\()const `)

// cutLast is strings.Cut around the last separator.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// compilePairs returns the keys of the key-value store. It adds an error to c for each limit that the table exceeds;
// limit is that of the store's import file in bytes.
func compilePairs(c *redirect.Compilation, t *redirect.Table, o Options, limit int) map[string]string {
	if patterns := t.Rules.Patterns(); len(patterns) > MaxPatterns {
		c.Fail(patterns[MaxPatterns], "%d rules are patterns, the limit for CloudFront is %d; write the others as "+
			"exact paths, or remove cloudfront from servers", len(patterns), MaxPatterns)
		return nil
	}
	s := store{Compilation: c, pairs: map[string]string{}}
	root := s.writeTables(t, o)
	s.pairs[RootKey("")] = s.piece(root)
	if n := s.size(); n > limit && c.Err() == nil {
		c.Fail(nil, "the CloudFront store of %d packages and %d rules has %s bytes, CloudFront's limit is %s; "+
			"publish fewer nightly builds or rules, or remove cloudfront from servers",
			len(t.Index.Packages()), len(t.Rules.All()), humanize.Comma(int64(n)), humanize.Comma(int64(limit)))
	}
	return s.pairs
}

// importFile returns keys and values in CloudFront's import format, with one line for each key, sorted.
func importFile(pairs map[string]string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	b.WriteString("{\"data\":[\n")
	for i, key := range slices.Sorted(maps.Keys(pairs)) {
		if i > 0 {
			b.Truncate(b.Len() - 1)
			b.WriteString(",\n")
		}
		_ = enc.Encode(pair{key, pairs[key]}) // encoding strings into a buffer cannot fail
	}
	b.WriteString("]}\n")
	return b.Bytes()
}
