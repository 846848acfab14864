package netlify

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/redirect"
)

// The hosts ignore lines that they do not support, without a message that anybody sees. GitLab Pages even ignores the
// whole file if a line has conditions. What they support is from their own programs; tests run those of Netlify and
// Cloudflare.

// misread returns why Netlify would understand a rule differently, "" if it does not. Such a rule is left out.
func misread(r *redirect.Rule) string {
	if part := partRE.FindString(r.Source); part != "" && slices.ContainsFunc(r.Names(), isNamed) {
		return fmt.Sprintf("a placeholder must be a whole segment (found %s)", part)
	}
	names := r.Names()
	for i, name := range names {
		for _, later := range names[i+1:] {
			if strings.HasPrefix(later, name) {
				return fmt.Sprintf("the name :%s starts with another one, :%s; rename one of them", later, name)
			}
		}
	}
	return ""
}

// partRE matches a segment with a placeholder and other text.
var partRE = regexp.MustCompile(`[^/]+:[A-Za-z][A-Za-z0-9_]*|:[A-Za-z][A-Za-z0-9_]*[^A-Za-z0-9_/][^/]*`)

func isNamed(name string) bool { return name != redirect.Splat }

// ignoredByNetlify returns why Netlify ignores a rule, "" if it does not.
func ignoredByNetlify(r *redirect.Rule) string {
	if part := starRE.FindString(r.Source); part != "" {
		return fmt.Sprintf("an asterisk must be at the end of a segment (found %s)", part)
	}
	if strings.ContainsAny(encodeSource(r.Source), "%") {
		return "it does not decode sources, and this one has a character that must be encoded"
	}
	return ""
}

// starRE matches a segment with an asterisk that is not at its end.
var starRE = regexp.MustCompile(`[^/]*\*[^/]+`)

// ignoredByCloudflare returns why Cloudflare Pages ignores a rule with a target, "" if it does not.
func ignoredByCloudflare(r *redirect.Rule, to string) string {
	switch {
	case len(r.Conditions) > 0:
		return "it has conditions"
	case r.Status >= 400:
		return fmt.Sprintf("it has status %d", r.Status)
	case strings.Count(r.Source, "*") > 1:
		return "it has more than one asterisk"
	case strings.HasPrefix(to, "http://"):
		return "its target starts with http:, not https:"
	case strings.HasSuffix(r.Source, "/*") && indexPage(to):
		return "its target is the index page of a folder"
	}
	return ""
}

// indexPage reports whether a target is an index page. Cloudflare Pages takes rules that lead there for loops, if
// their source ends in a slash or in /*.
func indexPage(to string) bool {
	return strings.HasPrefix(to, "/") && (strings.HasSuffix(to, "/index.html") || strings.HasSuffix(to, "/index"))
}

// ignoredByGitLab returns why GitLab Pages ignores a rule, "" if it does not.
func ignoredByGitLab(r *redirect.Rule) string {
	switch {
	case len(r.Conditions) > 0:
		return "" // GitLab Pages ignores the whole file; see warn
	case r.Status != 200 && r.Status != 301 && r.Status != 302:
		return fmt.Sprintf("it has status %d", r.Status)
	case strings.Count(r.Source, "*") > 1:
		return "it has more than one asterisk"
	case slices.ContainsFunc(strings.Split(r.Source, "/"), func(segment string) bool {
		return segment != "*" && strings.Contains(segment, "*")
	}):
		return "an asterisk must be a whole segment"
	case slices.ContainsFunc(r.Names(), func(name string) bool { return !lettersRE.MatchString(name) }):
		return "the name of a placeholder must consist of letters"
	}
	return ""
}

var lettersRE = regexp.MustCompile(`^[A-Za-z]+$`)
