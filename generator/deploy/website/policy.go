package website

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Access says whether the policy of a bucket lets everybody do something.
type Access int

// The answers.
const (
	NotAllowed Access = iota
	Allowed
	Conditional // it depends on a condition, or on an element that PublicAccess does not evaluate
)

// PublicAccess reports whether a bucket policy lets everybody read any object of the bucket (s3:GetObject), and list it
// (s3:ListBucket).
func PublicAccess(policy, bucket string) (read, list Access, err error) {
	var p struct{ Statement statements }
	if err := json.Unmarshal([]byte(policy), &p); err != nil {
		return 0, 0, fmt.Errorf("parse the bucket policy: %w", err)
	}
	// No pattern for some of the objects matches this key.
	read = p.Statement.access("s3:getobject", bucket+"/any/object")
	return read, p.Statement.access("s3:listbucket", bucket), nil
}

// statement is a statement of a policy.
type statement struct {
	Effect                               string
	Principal                            any // "*", or {"AWS": "*"}
	Action, Resource                     texts
	Condition                            map[string]any
	NotPrincipal, NotAction, NotResource any
}

// statements is a list of statements, or a single one.
type statements []statement

// UnmarshalJSON implements json.Unmarshaler.
func (s *statements) UnmarshalJSON(data []byte) error {
	var one statement
	if json.Unmarshal(data, &one) == nil {
		*s = statements{one}
		return nil
	}
	return json.Unmarshal(data, (*[]statement)(s))
}

// texts is a list of texts, or a single one.
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(t))
}

// access reports whether the statements let everybody do something with a resource. A refusal comes before what is
// allowed.
func (s statements) access(action, resource string) Access {
	got := NotAllowed
	for _, st := range s {
		switch deny := st.Effect == "Deny"; {
		case !st.concerns(action, resource) || !deny && got == Conditional:
		case st.conditional():
			got = Conditional
		case deny:
			return NotAllowed
		default:
			got = Allowed
		}
	}
	return got
}

// conditional reports whether the statement does not always apply.
func (s *statement) conditional() bool {
	return len(s.Condition) > 0 || s.NotPrincipal != nil || s.NotAction != nil || s.NotResource != nil
}

// concerns reports whether the statement may apply to everybody who wants to do something with a resource.
func (s *statement) concerns(action, resource string) bool {
	matches := func(pattern, text string) bool {
		// path.Match has the same wildcards, but they do not match slashes.
		plain := strings.NewReplacer("/", "\x00", "[", `\[`, `\`, `\\`)
		ok, err := path.Match(plain.Replace(pattern), strings.ReplaceAll(text, "/", "\x00"))
		return ok && err == nil
	}
	acts := s.NotAction != nil || slices.ContainsFunc(s.Action, func(pattern string) bool {
		return matches(strings.ToLower(pattern), action)
	})
	isAt := s.NotResource != nil || slices.ContainsFunc(s.Resource, func(pattern string) bool {
		_, name, ok := strings.Cut(pattern, ":::") // arn:aws:s3:::bucket/*, with another partition in China
		return pattern == "*" || ok && matches(name, resource)
	})
	return acts && isAt && (s.NotPrincipal != nil || everybody(s.Principal))
}

// everybody reports whether a principal is everybody.
func everybody(principal any) bool {
	switch p := principal.(type) {
	case string:
		return p == "*"
	case []any:
		return slices.ContainsFunc(p, everybody)
	case map[string]any:
		return everybody(p["AWS"])
	}
	return false
}
