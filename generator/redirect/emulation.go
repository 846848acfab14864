package redirect

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// Emulation emulates a server that was configured with a table.
type Emulation struct {
	Emulator
	Server Server
	Table  *Table
	// Compilation returns the compiled table. It compiles the table when it is first called.
	Compilation func() *Compilation
}

// Emulate returns an emulation of a server with a table. The error names the limit of the server that the table
// exceeds.
func Emulate(s Server, t *Table) (*Emulation, error) {
	e := &Emulation{Server: s, Table: t, Compilation: sync.OnceValue(func() *Compilation { return s.Compile(t) })}
	var err error
	e.Emulator, err = s.Emulate(t, e.Compilation)
	return e, err
}

// Difference compares the server's reply to a request with the table's answer. It describes how they differ, for
// instance "301 to /new instead of 302", and returns "" if they agree.
func (e *Emulation) Difference(site *emulate.Site, path, rawQuery string, got emulate.Reply) (string, error) {
	a := e.Table.Answer(path, rawQuery)
	switch {
	case a.Location != "":
		return differentRedirect(got, a.Status, a.Location), nil
	case a.File != "":
		want, err := site.Show(a.Status, a.File)
		return differentFile(got, want), err
	case a.API.Kind == lookup.Page:
		return e.differentPage(got, a.API.Cells), nil
	case a.API.Kind == lookup.Objects:
		return e.differentObjects(got, a.API.Cells), nil
	case a.API.Problem != nil && got.Status == a.Status && !bytes.Contains(got.Body, []byte(a.API.Problem.Param)):
		return fmt.Sprintf("%d with a page that does not name %s", got.Status, a.API.Problem.Param), nil
	case a.Status != 0:
		return differentStatus(got, a.Status), nil
	case strings.HasPrefix(path, "/-/") || path == "/404.html":
		return "", nil // parts of pages and error pages are not meant to be requested
	}
	want, err := site.Serve(path, rawQuery)
	switch {
	case err != nil:
		return "", err
	case want.Location() != "":
		return differentRedirect(got, want.Status, want.Location()), nil
	}
	return differentFile(got, want), nil
}

// words describes a reply: "302 to /new" or "404".
func words(status int, location string) string {
	if location == "" {
		return fmt.Sprint(status)
	}
	return fmt.Sprintf("%d to %s", status, location)
}

// differentStatus describes how the status of a reply differs from the one wanted; "" if it does not.
func differentStatus(got emulate.Reply, status int) string {
	if got.Status == status {
		return ""
	}
	return fmt.Sprintf("%s instead of %d", words(got.Status, got.Location()), status)
}

// differentRedirect describes how a reply differs from a redirect to location; "" if it does not.
func differentRedirect(got emulate.Reply, status int, location string) string {
	switch at := got.Location(); {
	case SameURL(at, location) && got.Status == status:
		return ""
	case SameURL(at, location):
		return fmt.Sprintf("%s instead of %d", words(got.Status, at), status)
	case at != "" && got.Status == status:
		return fmt.Sprintf("%s instead of %s", words(got.Status, at), location)
	default:
		return fmt.Sprintf("%s instead of %s", words(got.Status, at), words(status, location))
	}
}

// differentFile describes how a reply differs from the one wanted in status or body; "" if it does not.
func differentFile(got, want emulate.Reply) string {
	if d := differentStatus(got, want.Status); d != "" || got.Status != http.StatusOK ||
		bytes.Equal(got.Body, want.Body) {
		return d
	}
	return "200 with another page"
}

// SameURL reports whether two URLs mean the same: servers pass on escapes as they came, with digits in upper or lower
// case, and also those of characters that need no escape in a path.
func SameURL(a, b string) bool { return a == b || normalized(a) == normalized(b) }

var (
	escapeRE  = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	subDelims = strings.NewReplacer("$", "%24", "&", "%26", "+", "%2B", ";", "%3B", "=", "%3D")
)

func normalized(target string) string {
	target = escapeRE.ReplaceAllStringFunc(target, func(escape string) string {
		text, err := url.PathUnescape(escape)
		if err != nil {
			return escape
		}
		return EncodeValue(text)
	})
	end := strings.IndexAny(target+"?", "?#")
	return subDelims.Replace(target[:end]) + target[end:]
}

// differentPage describes how a reply differs from the page that links to the packages of cells; "" if it does not.
// Links to further packages end in a fragment other than #unnumbered.
func (e *Emulation) differentPage(got emulate.Reply, cells []lookup.Cell) string {
	var want, links []string
	for _, c := range cells {
		if c.Package != nil {
			want = append(want, c.Package.ID)
		}
	}
	link := regexp.MustCompile(`href="?` + lookup.BitstreamPrefix + `(` + e.Table.Index.Spec().IDs.Pattern() + `)(?:#unnumbered)?["\s>]`)
	for _, m := range link.FindAllSubmatch(got.Body, -1) {
		links = append(links, string(m[1]))
	}
	return cmp.Or(differentStatus(got, http.StatusOK), otherPackages(slices.Equal(want, links)))
}

// differentObjects describes how a reply differs from the JSON of cells; "" if it does not. It compares values, not
// bytes: white space and the order of keys do not count.
func (e *Emulation) differentObjects(got emulate.Reply, cells []lookup.Cell) string {
	var want, have any
	err := cmp.Or(json.Unmarshal(lookup.ObjectsJSON(e.Table.Index.Spec(), cells), &want),
		json.Unmarshal(got.Body, &have))
	return cmp.Or(differentStatus(got, http.StatusOK), otherPackages(err == nil && reflect.DeepEqual(want, have)))
}

// otherPackages describes a reply that has other packages than it should; "" if they are the same.
func otherPackages(same bool) string {
	if same {
		return ""
	}
	return "200 with other packages"
}
