package build_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/testutil"
)

// clientCase is a case of testdata/clients.txt.
type clientCase struct {
	title, method, url string
	expect             []string
	line               int
}

// TestClients sends the requests of known clients and checks what these clients extract from the answers.
func TestClients(t *testing.T) {
	n := serve(t, "live")
	client := testutil.Client()
	cases := readClientCases(t)
	if len(cases) < 30 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, c := range cases {
		t.Run(fmt.Sprintf("line %d %s", c.line, c.title), func(t *testing.T) {
			res := get(t, client, c.method, n.URL+c.url)
			for _, e := range c.expect {
				if err := holds(res, e); err != nil {
					t.Errorf("%s: %v", e, err)
				}
			}
		})
	}
}

func readClientCases(t *testing.T) (cases []clientCase) {
	t.Helper()
	text, err := os.ReadFile(testutil.Path("clients.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(text), "\n") {
		title, isTitle := strings.CutPrefix(line, "== ")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case isTitle:
			cases = append(cases, clientCase{title: title, line: i + 1})
		default:
			c := &cases[len(cases)-1]
			if c.method == "" {
				c.method, c.url, _ = strings.Cut(line, " ")
				continue
			}
			c.expect = append(c.expect, line)
		}
	}
	return cases
}

var findRE = regexp.MustCompile(`^find(\d*)$`)

// holds checks one expectation.
func holds(res response, expectation string) error {
	what, rest, _ := strings.Cut(expectation, " ")
	equal := func(got, want string) error {
		if got != want {
			return fmt.Errorf("found %q", got)
		}
		return nil
	}
	switch {
	case what == "status":
		return equal(strconv.Itoa(res.StatusCode), rest)
	case what == "type":
		if got := res.Header.Get("Content-Type"); !strings.HasPrefix(got, rest) {
			return fmt.Errorf("found %q", got)
		}
		return nil
	case what == "location":
		return equal(res.Header.Get("Location"), rest)
	case what == "json":
		var object map[string]any
		if err := json.Unmarshal([]byte(res.body), &object); err != nil {
			return err
		}
		key, want, _ := strings.Cut(rest, " ")
		got := fmt.Sprint(object[key])
		if want == "*" && object[key] != nil && got != "" {
			return nil
		}
		return equal(got, want)
	case what == "location-find":
		return matches(res.Header.Get("Location"), rest, 1)
	case findRE.MatchString(what):
		n, _ := strconv.Atoi(findRE.FindStringSubmatch(what)[1])
		return matches(res.body, rest, max(n, 1))
	}
	return fmt.Errorf("unknown expectation")
}

// matches looks for the n-th match of a pattern and compares its groups.
func matches(text, expectation string, n int) error {
	pattern, groups, ok := strings.Cut(expectation, " => ")
	if !ok {
		return fmt.Errorf("no groups expected")
	}
	all := regexp.MustCompile(pattern).FindAllStringSubmatch(text, n)
	if len(all) < n {
		return fmt.Errorf("%d matches", len(all))
	}
	got := all[n-1][1:]
	want := strings.Split(groups, ", ")
	if len(got) == 1 {
		want = []string{groups}
	}
	if len(got) != len(want) {
		return fmt.Errorf("groups %q", got)
	}
	for i := range got {
		if want[i] != got[i] && (want[i] != "*" || got[i] == "") {
			return fmt.Errorf("groups %q", got)
		}
	}
	return nil
}
