package girder

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/supply/fetch"
	"github.com/Slicer/sitegen/generator/supply/source"
)

// server is a Girder server. o.Girder.API is the base of its API, without a slash at the end.
type server struct{ o source.Options }

// Identity returns the base of the API.
func (s *server) Identity() string { return s.o.Girder.API }

// Read fetches the listing, and requests the files of the items that are new or changed since memory was stored. If
// such a request fails, it uses only the values of the listing.
func (s *server) Read(ctx context.Context, memory source.Memory) (*source.Listing, error) {
	items, err := s.items(ctx)
	if err != nil {
		return nil, err
	}
	details := recall(items, memory)
	if s.o.Brief {
		return list(items, details, s.o), nil
	}
	packages := published(s.o.Scheme, Records(items, s.o.Girder, details))
	warning, err := s.look(ctx, unknown(items, details, packages), details)
	if err != nil {
		return nil, err
	}
	l := list(items, details, s.o)
	if warning != "" {
		l.Warnings = append(l.Warnings, warning)
	}
	return l, nil
}

// items fetches the listing.
func (s *server) items(ctx context.Context) (items []Item, err error) {
	err = s.get(ctx, "/app/"+url.PathEscape(s.o.Girder.App)+"/package?limit=0", func(body []byte) (err error) {
		items, err = DecodeListing(body)
		return err
	})
	if err == nil && len(items) == 0 {
		err = s.checkApp(ctx)
	}
	return items, err
}

// checkApp returns an error if the server has no such application. The server answers with the application, with null
// if there is none, or with a list of all applications if the id is malformed. Any other answer is inconclusive: a
// private application, for instance, answers 401.
func (s *server) checkApp(ctx context.Context) error {
	var found any
	err := s.get(ctx, "/app?app_id="+url.QueryEscape(s.o.Girder.App),
		func(body []byte) error { return json.Unmarshal(body, &found) })
	if ctx.Err() != nil {
		return err
	}
	if _, isObject := found.(map[string]any); err != nil || isObject {
		return nil //nolint:nilerr // any other answer is inconclusive
	}
	return fault.Wrap(fault.Source,
		fmt.Errorf("%s: the server has no application %.40q", s.o.Girder.API, s.o.Girder.App), checkApp)
}

// get fetches a document of the API.
func (s *server) get(ctx context.Context, path string, read func([]byte) error) error {
	return s.o.Fetch.Get(ctx, fetch.Request{
		URL: s.o.Girder.API + path,
		// With text/html in Accept, Girder sends the JSON inside an HTML page.
		Accept: "application/json",
		Read:   read, Explain: explain,
	})
}

// answer is the body of Girder's error answers.
type answer struct {
	Message string `json:"message"`
	Type    string `json:"type"` // rest, validation, access, girder, internal
	UID     string `json:"uid"`  // identifies an internal error in the server's log
}

// String returns the answer in a form that is safe to print.
func (a answer) String() string {
	if a.UID == "" {
		return fmt.Sprintf("%.200q", a.Message)
	}
	return fmt.Sprintf("%.200q, uid %.60q", a.Message, a.UID)
}

const (
	checkApp  = "Check app: it is the _id of the application's folder in Girder, 24 hex digits."
	checkBase = "Check that the source is the base of a Girder API; it usually ends in /api/v1."
)

// explain makes a failure specific to Girder.
func explain(f *fetch.Failure) {
	var said answer
	isGirder := json.Unmarshal(f.Body, &said) == nil && said.Message != ""
	if isGirder && f.Status == http.StatusOK {
		f.Problem = fmt.Sprintf("an object instead of a listing (%v)", said)
	} else if isGirder {
		f.Problem = fmt.Sprintf("the server answered %d (%v)", f.Status, said)
	}
	switch {
	case strings.HasPrefix(said.Message, "No matching route"):
		f.Kind = fetch.NotFound
		f.Hint = "Check that the source is the base of the API (it usually ends in /api/v1), and that the server has " +
			"the package manager plugin."
	case f.Kind == fetch.Rejected && said.Type == "validation":
		f.Hint = checkApp
	case f.Kind == fetch.Rejected && isGirder:
		f.Hint = "Check app, and whether the server has a supported version of the package manager plugin " +
			"(0.8 to 0.11)."
	case f.Kind == fetch.NotFound, f.Kind == fetch.NoListing, f.Kind == fetch.Rejected && f.Status != 0:
		f.Hint = checkBase
	case f.Kind == fetch.ServerError && said.UID != "":
		f.Hint = "Girder has an internal problem: try again later, and search the server's log for the uid."
	case f.Kind == fetch.ServerError && isGirder:
		f.Hint = "Girder has an internal problem: check app, try again later, and read the server's log."
	case f.Kind == fetch.ServerError, f.Kind == fetch.Gateway:
		f.Kind = fetch.Gateway
		f.Hint = "The proxy in front of Girder answered: Girder is down, starting, or takes too long; try again later."
	}
}
