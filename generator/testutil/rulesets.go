package testutil

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// RuleSet is a file of testdata/netlify: rules in the manner of a real project's _redirects file, and after a line of
// dashes and a line "# files", the files of the site.
type RuleSet struct {
	Name  string
	Rules string
	Files []string // relative to the root of the site
}

// RuleSets reads all files of testdata/netlify.
func RuleSets(t testing.TB) []RuleSet {
	t.Helper()
	paths, err := filepath.Glob(Path("netlify/*.txt"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no rule sets (%v)", err)
	}
	var sets []RuleSet
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		rules, files, ok := strings.Cut(string(text), dashes+"# files\n")
		if !ok {
			t.Fatalf("%s: no files", path)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		sets = append(sets, RuleSet{name, rules, strings.Split(strings.TrimSuffix(files, "\n"), "\n")})
	}
	return sets
}

// Site returns a site with the files of the set. The content of each file is its path.
func (s RuleSet) Site() *emulate.Site { return emulate.NewSite(pathsAsFiles(s.Files)) }

// pathsAsFiles implements emulate.Files: the content of each file is its path.
type pathsAsFiles []string

func (p pathsAsFiles) Paths() []string      { return slices.Sorted(slices.Values(p)) }
func (p pathsAsFiles) Has(path string) bool { return slices.Contains(p, path) }
func (p pathsAsFiles) File(path string) ([]byte, error) {
	if !p.Has(path) {
		return nil, fs.ErrNotExist
	}
	return []byte(path), nil
}

// Requests returns n requests (encoded path and query): for paths that the rules match, with any text in the place of
// placeholders and asterisks, for paths that they nearly match, and for the files of the site. The same seed results in
// the same requests.
func (s RuleSet) Requests(seed uint64, n int) []string {
	r := requester{rand.New(rand.NewPCG(seed, uint64(len(s.Rules))))}
	var lines [][]string
	for line := range strings.Lines(s.Rules) {
		if fields := strings.Fields(line); len(fields) > 1 && !strings.HasPrefix(fields[0], "#") {
			lines = append(lines, fields)
		}
	}
	var files []string
	for _, file := range s.Files {
		if file != "404.html" { // not meant to be requested
			files = append(files, "/"+strings.TrimSuffix(file, "index.html"))
		}
	}
	requests := make([]string, n)
	for i := range requests {
		if r.IntN(8) == 0 {
			requests[i] = r.slash(r.encoded(pick(r, files...))) + r.query(nil)
			continue
		}
		fields := pick(r, lines...)
		var conditions []string
		for _, f := range fields[1:] {
			if !isCondition(f) {
				break
			}
			conditions = append(conditions, f)
		}
		requests[i] = r.slash(r.near(r.path(fields[0]))) + r.query(conditions)
	}
	return requests
}

// isCondition reports whether a word that follows the source of a rule is a condition.
func isCondition(word string) bool {
	return !strings.HasPrefix(word, "/") && !strings.HasPrefix(word, "http")
}

type requester struct{ *rand.Rand }

func pick[T any](r requester, list ...T) T { return list[r.IntN(len(list))] }

// path returns a path that a source matches, encoded.
func (r requester) path(source string) string {
	segments := strings.Split(source, "/")
	for i, segment := range segments {
		var b strings.Builder
		for segment != "" {
			at := strings.IndexAny(segment, ":*")
			if at < 0 {
				at = len(segment)
			}
			b.WriteString(r.encoded(segment[:at]))
			segment = segment[at:]
			switch {
			case segment == "":
			case segment[0] == '*':
				segment = segment[1:]
				b.WriteString(r.several())
			default:
				end := 1 + strings.IndexFunc(segment[1:]+"/", func(c rune) bool {
					return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_')
				})
				segment = segment[end:]
				b.WriteString(r.text())
			}
		}
		segments[i] = b.String()
	}
	return strings.Join(segments, "/")
}

// several returns text for an asterisk: up to three segments.
func (r requester) several() string {
	segments := make([]string, r.IntN(4))
	for i := range segments {
		segments[i] = r.text()
	}
	return strings.Join(segments, "/") + pick(r, "", "", "", "/")
}

// text returns encoded text that is not empty, for a placeholder. Nginx answers 400 for a NUL, which therefore does not
// occur.
func (r requester) text() string {
	const plain = "abcxyzABC0123456789-_~"
	var b strings.Builder
	for range 1 + r.IntN(5) {
		switch r.IntN(6) {
		case 0:
			b.WriteString(pick(r, "%C3%A9", "%20", "%3D", "%26", "%25", "%22", "%27", "%3C", "%3E", "%0A", "%0D%0A",
				"%3F", "%23", "%3B", "%5C", "%24", "%2B", "%3A", "%2A", "%E6%97%A5", "%F0%9F%98%80", "%ff", "%7F",
				"%2e", "%61", "%2F", "%2f", "%3Asplat", "$1", "%251"))
		case 1:
			b.WriteString(pick(r, "=", "&", "+", ":", ";", ",", "!", "*", "(", ")", "'", "$", "@", ".", "~", "-",
				"%7e"))
		default:
			b.WriteByte(plain[r.IntN(len(plain))])
		}
	}
	return b.String()
}

// encoded percent-encodes the text of a source, which may be encoded already, or the name of a file. It also encodes a
// few characters that need not be.
func (r requester) encoded(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '%':
			b.WriteString(text[i : i+3])
			i += 2
		case c >= 0x80 || c <= ' ' || c == '"':
			fmt.Fprintf(&b, pick(r, "%%%02X", "%%%02X", "%%%02X", "%%%02x"), c)
		case c != '/' && r.IntN(60) == 0:
			fmt.Fprintf(&b, "%%%02X", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// near returns a path as it is, or one that is nearly the same.
func (r requester) near(path string) string {
	if path == "/" {
		return path
	}
	switch r.IntN(20) {
	case 0:
		return path + "/" + r.text()
	case 1:
		return path + r.text()
	case 2:
		return path[:strings.LastIndexByte(path, '/')+1]
	case 3:
		return strings.ToUpper(path[:2]) + path[2:]
	case 4:
		return path + "/index.html"
	case 5:
		if at := strings.IndexByte(path[1:], '/'); at >= 0 {
			return path[:at+1] + pick(r, "//", "/./", "/x/../") + path[at+2:]
		}
	}
	return path
}

// slash returns a path with or without a slash at its end.
func (r requester) slash(path string) string {
	switch {
	case r.IntN(4) > 0 || path == "/":
	case strings.HasSuffix(path, "/"):
		return strings.TrimSuffix(path, "/")
	default:
		return path + "/"
	}
	return path
}

// query returns a query with its question mark. It mostly meets the conditions of a rule.
func (r requester) query(conditions []string) string {
	var list []string
	for _, c := range conditions {
		name, value, _ := strings.Cut(c, "=")
		if strings.HasPrefix(value, ":") {
			value = pick(r, r.text(), r.text(), r.text(), "7", "a+b", "")
		}
		switch r.IntN(16) {
		case 0:
			continue
		case 1:
			value = r.text()
		case 2:
			list = append(list, name+"="+r.text())
		case 3:
			name = fmt.Sprintf("%%%02x", name[0]) + name[1:]
		case 4:
			list = append(list, name)
			continue
		}
		list = append(list, name+"="+value)
	}
	if r.IntN(3) == 0 {
		list = append(list, pick(r, "utm=x", "q=a%20b", "q=a+b", "q=%22%3C", "x", "y=", "=z", "q=1&q=2", "q=%C3%A9",
			"q=a'b"))
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	if r.IntN(40) == 0 {
		list = append(list, "")
	}
	if len(list) == 0 {
		return ""
	}
	return "?" + strings.Join(list, "&")
}
