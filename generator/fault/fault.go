// Package fault says what kind of error stopped a run, and what to do next. The packages that find an
// error mark it once, with Wrap; the program turns the kind into an exit code (cmd/sitegen/exit.go) and
// prints the hints after the messages. An error nobody marked is Unexpected.
package fault

import "errors"

// Kind is what the user has to look at.
type Kind int

// The kinds. The program gives each its exit code.
const (
	Unexpected  Kind = iota // anything else: a full disk, a folder without permission, a mistake in sitegen
	Usage                   // the command line, the environment or sitegen.yaml is wrong
	Gate                    // the new catalogue would wreck the site; nothing was changed
	Source                  // the source cannot be reached, or its answer is not a listing of packages
	Content                 // content, layouts or rules have errors; nothing was written
	AfterChange             // an after_change command did not succeed; the old maps are back
	Locked                  // another run is at work in the same site folder
	Limit                   // a server cannot hold the redirects; its own are as they were, everything else is in place
)

// Error marks an error with its kind and, where there is one, the next step.
type Error struct {
	Kind Kind
	Hint string // a full sentence without the word hint; "" for none
	Err  error  // what went wrong; Error and Unwrap give it unchanged
}

// Wrap marks err, which keeps its text, with a kind and a hint ("" for none). It is nil when err is nil.
func Wrap(kind Kind, err error, hint string) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: kind, Hint: hint, Err: err}
}

// Error is the text of the marked error; the hint is not part of it.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap is the marked error.
func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of the first marked error in the tree of err, the outermost first; Unexpected when
// there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Unexpected
}

// Hints lists the hints in the tree of err, the outermost first, each once.
func Hints(err error) []string {
	var hints []string
	seen := map[string]bool{"": true}
	var walk func(error)
	walk = func(err error) {
		if e, ok := err.(*Error); ok && !seen[e.Hint] {
			seen[e.Hint] = true
			hints = append(hints, e.Hint)
		}
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			walk(e.Unwrap())
		case interface{ Unwrap() []error }:
			for _, err := range e.Unwrap() {
				walk(err)
			}
		}
	}
	walk(err)
	return hints
}
