// Package fault marks errors with their kind and a hint on what to do next. The package that detects an error marks it
// once, with Wrap; the program turns the kind into an exit code (cmd/sitegen/exit.go) and prints the hints after the
// message. An error without a mark is Unexpected.
package fault

import "errors"

// Kind is the kind of an error: what the user has to check.
type Kind int

// The kinds. Each has its own exit code.
const (
	Unexpected  Kind = iota // anything else: a full disk, a folder without permission, a mistake in sitegen
	Usage                   // the command line, the environment or sitegen.yaml is wrong
	Gate                    // the new catalogue would damage the site; nothing was changed
	Source                  // the source cannot be reached, or its answer is not a listing of packages
	Content                 // content, layouts or rules have errors; nothing was written
	AfterChange             // an after_change command failed; if it was the first, the previous redirects were restored
	Locked                  // another run is using the same site folder
	Limit                   // the redirects exceed a limit of a server; its files are unchanged, everything else is updated
)

// Error is an error with its kind and, if there is one, the next step.
type Error struct {
	Kind Kind
	Hint string // a full sentence without the word hint; "" for none
	Err  error  // the marked error; Error and Unwrap return it unchanged
}

// Wrap marks err with a kind and a hint ("" for none), and keeps its text. It returns nil if err is nil.
func Wrap(kind Kind, err error, hint string) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: kind, Hint: hint, Err: err}
}

// Error returns the text of the marked error, without the hint.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the marked error.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the outermost marked error in the tree of err, Unexpected if there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Unexpected
}

// Hints returns the hints in the tree of err, the outermost first, each once.
func Hints(err error) []string {
	var hints []string
	seen := map[string]bool{"": true}
	var walk func(error)
	walk = func(err error) {
		if e, ok := err.(*Error); ok && !seen[e.Hint] { //nolint:errorlint // the walk looks at each error of the tree itself
			seen[e.Hint] = true
			hints = append(hints, e.Hint)
		}
		switch e := err.(type) { //nolint:errorlint // as above
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
