package redirect

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// Emulation is a server with a table, emulated.
type Emulation struct {
	Emulator
	Server Server
	Table  *Table
	// Compilation returns the compiled table. The first call compiles it.
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

// Difference compares a reply of the server with the table's answer to the request. It describes in a few words how
// they differ, for instance "301 to /new instead of 302"; "" when they do not.
func (e *Emulation) Difference(site *emulate.Site, path, rawQuery string, got emulate.Reply) (string, error) {
	a := e.Table.Answer(path, rawQuery)
	switch {
	case a.Location != "":
		return differentRedirect(got, a.Status, a.Location), nil
	case a.File != "":
		want, err := site.Serve(a.File, "")
		return differentFile(got, want), err
	case a.API.Kind == lookup.Page:
		return e.differentPage(got, a.API.Cells), nil
	case a.API.Kind == lookup.Objects:
		return e.differentObjects(got, a.API.Cells), nil
	case a.API.Problem != nil && got.Status == a.Status && !bytes.Contains(got.Body, []byte(a.API.Problem.Param)):
		return fmt.Sprintf("%d with a page that does not name %s", got.Status, a.API.Problem.Param), nil
	case a.Status != 0:
		return differentStatus(got, a.Status), nil
	case strings.HasPrefix(path, "/-/") || path == "/404.html": // parts of pages and error pages have no address of their own
		return "", nil
	}
	want, err := site.Serve(path, rawQuery)
	switch {
	case err != nil:
		return "", err
	case want.Location() != "":
		return differentRedirect(got, want.Status, want.Location()), nil
	case want.Status == http.StatusForbidden && got.Status == http.StatusNotFound: // a folder without a page, either way
		return "", nil
	}
	return differentFile(got, want), nil
}

// words describes a reply: "302 to /new", "404".
func words(status int, location string) string {
	if location == "" {
		return fmt.Sprint(status)
	}
	return fmt.Sprintf("%d to %s", status, location)
}

func differentStatus(got emulate.Reply, status int) string {
	if got.Status == status {
		return ""
	}
	return fmt.Sprintf("%s instead of %d", words(got.Status, got.Location()), status)
}

func differentRedirect(got emulate.Reply, status int, location string) string {
	switch at := got.Location(); {
	case at == location && got.Status == status:
		return ""
	case at == location:
		return fmt.Sprintf("%s instead of %d", words(got.Status, at), status)
	case at != "" && got.Status == status:
		return fmt.Sprintf("%s instead of %s", words(got.Status, at), location)
	default:
		return fmt.Sprintf("%s instead of %s", words(got.Status, at), words(status, location))
	}
}

func differentFile(got, want emulate.Reply) string {
	if d := differentStatus(got, want.Status); d != "" || got.Status != http.StatusOK ||
		bytes.Equal(got.Body, want.Body) {
		return d
	}
	return "200 with another page"
}

// differentPage looks for the packages that the page links to.
func (e *Emulation) differentPage(got emulate.Reply, cells []lookup.Cell) string {
	var want, links []string
	for _, c := range cells {
		if c.Package != nil {
			want = append(want, c.Package.ID)
		}
	}
	link := regexp.MustCompile(`href="?` + lookup.BitstreamPrefix + `(` + e.Table.Index.Spec().IDs.Pattern() + `)`)
	for _, m := range link.FindAllSubmatch(got.Body, -1) {
		links = append(links, string(m[1]))
	}
	return cmp.Or(differentStatus(got, http.StatusOK), otherPackages(slices.Equal(want, links)))
}

// differentObjects compares JSON by its meaning.
func (e *Emulation) differentObjects(got emulate.Reply, cells []lookup.Cell) string {
	var want, have any
	err := cmp.Or(json.Unmarshal(lookup.ObjectsJSON(e.Table.Index.Spec(), cells), &want),
		json.Unmarshal(got.Body, &have))
	return cmp.Or(differentStatus(got, http.StatusOK), otherPackages(err == nil && reflect.DeepEqual(want, have)))
}

func otherPackages(same bool) string {
	if same {
		return ""
	}
	return "200 with other packages"
}
