package yamltext

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/token"
)

// simpleRE matches text that YAML reads as written, in lists, too, unless it is a number or a word like null.
var simpleRE = regexp.MustCompile(`^[0-9A-Za-z./_](:?[0-9A-Za-z ./_+=-])*$`)

// Quote returns text as a single YAML value on one line: unchanged if that is unambiguous, else in quotes.
func Quote(s string) string {
	if simpleRE.MatchString(s) && !token.IsNeedQuoted(s) {
		return s
	}
	return strconv.Quote(s) // YAML supports all escapes that Quote uses
}

// quoted puts one line of text in quotes. It chooses the kind of quotes that needs no escapes, if possible.
func quoted(s string) string {
	if strings.ContainsAny(s, `"\`) {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	return `"` + s + `"`
}
