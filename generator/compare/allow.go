package compare

import (
	"bufio"
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
)

// Allowance is a known difference: a line of a file. It consists of a kind, a pattern for requests, optionally a
// pattern for the difference as reports print it, and the reason after " # ". An asterisk matches any text. The kind
// "any" stands for all kinds.
//
//	status  /download?*date=*   200 -> 400                # no such day
//	header  *                   server-timing: *          # of the proxy in front of the old server
//	any     /download-stats/*                             # a new page
//
// The first allowance that matches a difference counts.
type Allowance struct {
	Line     int    `json:"line"`
	Kind     string `json:"kind"`
	Requests string `json:"requests"`
	What     string `json:"what"` // "" for all differences
	Reason   string `json:"reason"`
	Count    int    `json:"count"` // the differences that it allows

	requests, what *regexp.Regexp
}

// anyKind stands for all kinds in an Allowance.
const anyKind = "any"

// ParseAllowances reads a file of known differences. The error lists all mistakes, with their places in the file path.
func ParseAllowances(path string, text []byte) ([]*Allowance, error) {
	var list []*Allowance
	var findings fault.Findings
	scanner := bufio.NewScanner(bytes.NewReader(text))
	scanner.Buffer(nil, len(text)+1)
	for n := 1; scanner.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(scanner.Text(), "\ufeff"))
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		a, problem := parseAllowance(line)
		if problem != "" {
			findings = append(findings, fault.Place{File: path, Line: n}.Errorf("%s", problem))
			continue
		}
		a.Line = n
		list = append(list, a)
	}
	return list, fault.Wrap(fault.Usage, findings.Err(), "A line is: KIND REQUESTS [DIFFERENCE] # REASON, for "+
		"instance status /old/* 301 -> 308 # the new site uses permanent redirects.")
}

// parseAllowance parses a line. The problem is "" if there is none.
func parseAllowance(line string) (a *Allowance, problem string) {
	rule, reason, _ := strings.Cut(line, " #")
	words := strings.Fields(rule)
	reason = strings.TrimSpace(reason)
	switch {
	case !slices.Contains(kindNames(), words[0]):
		return nil, fmt.Sprintf("unknown kind of difference (found %.40q)%s; the kinds are %s", words[0],
			fault.DidYouMean(words[0], kindNames()), strings.Join(kindNames(), ", "))
	case len(words) < 2:
		return nil, "no pattern for requests after the kind"
	case reason == "":
		return nil, "no reason at the end of the line (# REASON)"
	}
	a = &Allowance{Kind: words[0], Requests: words[1], What: strings.Join(words[2:], " "), Reason: reason}
	var err error
	if a.requests, err = pattern(a.Requests); err != nil {
		return nil, fmt.Sprintf("the pattern for requests is not valid text (found %.40q)", a.Requests)
	}
	if a.What != "" {
		if a.what, err = pattern(a.What); err != nil {
			return nil, fmt.Sprintf("the pattern for differences is not valid text (found %.40q)", a.What)
		}
	}
	return a, ""
}

func kindNames() []string {
	names := []string{anyKind}
	for _, k := range kinds() {
		names = append(names, string(k))
	}
	return names
}

// pattern compiles a pattern whose asterisks match any text.
func pattern(text string) (*regexp.Regexp, error) {
	return regexp.Compile(`(?s)^` + strings.ReplaceAll(regexp.QuoteMeta(text), `\*`, `.*`) + `$`)
}

// matches reports whether a difference in the answers to a request is allowed.
func (a *Allowance) matches(request string, d Difference) bool {
	return (a.Kind == anyKind || a.Kind == string(d.Kind)) && a.requests.MatchString(request) &&
		(a.what == nil || a.what.MatchString(strings.Join(strings.Fields(d.String()), " ")))
}
