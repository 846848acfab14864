package lookup

import (
	_ "embed"
	"strings"
)

// Script is JavaScript for servers and pages that parse requests themselves. Its functions parameters, parse and
// permalink correspond to DecodeQuery, Parse and Permalink. Their first argument is the tables of a Spec, so the script
// contains no names of systems, architectures or parameters. A test compares the results of both for the same requests.
//
//	const q = parse(tables, parameters('os=win&version=5.2'), true);
//	// {oses: ['win'], stabilities: ['release'], arch: 'amd64', offset: 0, finds: 'v', value: '5.2'}
//
//go:embed grammar.js
var Script string

// Tables is a Spec in the form that Script uses.
type Tables struct {
	// Parameters has three texts for each parameter: its name, its role, and the letter of its kind, which the values
	// of a choice follow, with bars between them. No name is that of a role.
	Parameters []string `json:"parameters"`
	// Permalinks has the pattern of each permalink, with the role of a choice in braces, the names of its groups with
	// commas between them, and its fixed parameters. No text contains a space or a semicolon.
	Permalinks [][3]string `json:"permalinks"`
}

// Letters for kinds and roles in Script. The role of a mode is written as an equals sign and the letter for what it
// finds: "=v" for a version.
var (
	kindWords = map[ValueKind]string{Choice: "c", Text: "t", Natural: "n", Integer: "i", Day: "d", Never: "-"}
	roleWords = map[Role]string{NoRole: "", OSRole: "o", StabilityRole: "s", ArchRole: "a", OffsetRole: "f",
		ModeRole: "="}
	findsWords = map[Finds]string{Newest: "n", ByVersion: "v", ByRevision: "r", ByClosestRevision: "c", ByDate: "d"}
)

// NewTables returns the tables of a Spec.
func NewTables(s *Spec) Tables {
	var t Tables
	for _, p := range s.parameters {
		role, kind := roleWords[p.Role], kindWords[p.Kind]
		if p.Role == ModeRole {
			role += findsWords[p.Finds]
		}
		if p.Kind == Choice {
			kind += strings.Join(p.Values, "|")
		}
		t.Parameters = append(t.Parameters, p.Name, role, kind)
	}
	for i := range s.permalinks {
		l := &s.permalinks[i]
		var fixed []string
		for _, f := range l.Fixed {
			fixed = append(fixed, f.Name+"="+f.Value)
		}
		pattern := l.pattern
		for _, name := range l.names {
			if p := s.Parameter(name); p.Kind == Choice && p.Role != NoRole { // the values are in Parameters
				pattern = strings.ReplaceAll(pattern, "("+p.pathPattern()+")", "{"+roleWords[p.Role]+"}")
			}
		}
		t.Permalinks = append(t.Permalinks, [3]string{pattern, strings.Join(l.names, ","), strings.Join(fixed, "&")})
	}
	return t
}
