package yamltext

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/token"
)

// simpleRE matches text that means itself in YAML, in lists too, unless it is a number or a word like null.
var simpleRE = regexp.MustCompile(`^[0-9A-Za-z./_](:?[0-9A-Za-z ./_+=-])*$`)

// Quote writes text as a single value of YAML on one line: as it is where that is clear, else in quotes.
func Quote(s string) string {
	if simpleRE.MatchString(s) && !token.IsNeedQuoted(s) {
		return s
	}
	return strconv.Quote(s) // all of its escapes are YAML's, too
}

// quoted writes one line of text in quotes that spare it escapes where that can be.
func quoted(s string) string {
	if strings.ContainsAny(s, `"\`) {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	return `"` + s + `"`
}
