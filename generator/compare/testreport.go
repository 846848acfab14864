package compare

import (
	"fmt"
	"net/url"
	"slices"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/replay"
)

// TestReport is the result of a self-test. Its JSON is described in docs/compare.md.
type TestReport struct {
	Server    string     `json:"server"`
	From      string     `json:"from"`      // where the questions come from
	Questions int        `json:"questions"` // asked
	Passed    int        `json:"passed"`
	Failed    int        `json:"failed"`
	Seconds   float64    `json:"seconds"`
	Failures  []Failure  `json:"failures"`
	Declared  []Declared `json:"declared"` // answers that differ because of a known limit of the server
}

// Failure is a wrong answer.
type Failure struct {
	Question string `json:"question"` // path and query
	Kind     Kind   `json:"kind"`
	Name     string `json:"name"` // of the header, or where in the JSON or HTML; "" if the kind says it all
	Expected string `json:"expected"`
	Got      string `json:"got"`
	Next     string `json:"next"` // what to do
}

// Declared is a known limit of a server.
type Declared struct {
	Limit string `json:"limit"`
	Count int    `json:"count"` // questions
}

// add adds the outcome of a question.
func (r *TestReport) add(q Question, out outcome, declared limits) {
	r.Questions++
	if len(out.differences) == 0 {
		r.Passed++
		return
	}
	if limit := declared(q, out.reply); limit != "" {
		i := slices.IndexFunc(r.Declared, func(d Declared) bool { return d.Limit == limit })
		if i < 0 {
			i = len(r.Declared)
			r.Declared = append(r.Declared, Declared{Limit: limit})
		}
		r.Declared[i].Count++
		return
	}
	r.Failed++
	for _, d := range out.differences {
		r.Failures = append(r.Failures, Failure{q.Q, d.Kind, d.Name, d.Old, d.New, next(q, d)})
	}
}

// next returns what to do about a wrong answer.
func next(q Question, d Difference) string {
	switch {
	case d.Kind == Unanswered:
		return "Read the error log of the server."
	case d.Kind == Header:
		return "Compare the configuration of the server with the generated one."
	case d.Kind == Status && q.Status < 400:
		return "Check that the server uses the files and the configuration of the last build, and reload it."
	}
	return fmt.Sprintf("If the server still answers from an earlier build, reload it; otherwise compare with "+
		"sitegen explain '%s'.", q.Q)
}

// Err returns an error of kind fault.Differences if an answer is wrong.
func (r *TestReport) Err() error {
	if r.Failed == 0 {
		return nil
	}
	return fault.Wrap(fault.Differences, fmt.Errorf("%d of %d answers are wrong", r.Failed, r.Questions), "")
}

// hostOf returns the host of a URL, "" if it is none.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return replay.HostOf(u)
}
