package site_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"html/template"
	"maps"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/statspage"
	"github.com/Slicer/sitegen/generator/testutil"
)

//go:generate env UPDATE_DOCS=1 go test -count=1 -run ^TestLayoutData$ .

// TestLayoutData makes the tables of docs/layouts.md and docs/layout-data.md from the Go types that layouts get, and
// from their comments.
func TestLayoutData(t *testing.T) {
	var functions strings.Builder
	functions.WriteString("| Function | Result |\n| --- | --- |\n")
	all := site.Functions()
	for _, use := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&functions, "| `%s` | %s |\n", use, all[use])
	}
	testutil.CheckDocument(t, "layouts.md", map[string]string{"functions": functions.String()})

	e, err := site.NewEdition(t.Context(), downloadInput(t, testutil.Packages(t, "live")), nil)
	if err != nil {
		t.Fatal(err)
	}
	data := map[string]reflect.Type{"stats.html": reflect.TypeFor[statspage.View]()}
	for _, p := range e.Pages() {
		if p.Data != nil {
			data[p.Layout] = reflect.TypeOf(p.Data)
		}
	}
	r := &typeReference{docs: map[string]*doc.Package{}, seen: map[reflect.Type]bool{}}
	var layouts strings.Builder
	layouts.WriteString("| Layout | `.Page.Data` |\n| --- | --- |\n")
	r.add(reflect.TypeFor[site.Page]())
	r.add(reflect.TypeFor[site.Site]())
	for _, name := range slices.Sorted(maps.Keys(data)) {
		fmt.Fprintf(&layouts, "| `%s` | %s |\n", name, r.name(data[name]))
	}
	testutil.CheckDocument(t, "layout-data.md", map[string]string{"layouts": layouts.String(), "types": r.write(t)})
}

// typeReference describes types and all types that their fields and methods have.
type typeReference struct {
	docs  map[string]*doc.Package // by import path
	seen  map[reflect.Type]bool
	types []reflect.Type // in the order of their descriptions
}

// add adds a type, and returns whether the reference describes it: a struct of sitegen.
func (r *typeReference) add(t reflect.Type) bool {
	if t.Kind() != reflect.Struct || !strings.Contains(t.PkgPath(), "/generator/") || !ast.IsExported(t.Name()) {
		return false
	}
	if !r.seen[t] {
		r.seen[t] = true
		r.types = append(r.types, t)
	}
	return true
}

// name returns a type in words, with a link to its description.
func (r *typeReference) name(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Time]():
		return "time"
	case reflect.TypeFor[template.HTML]():
		return "HTML"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return r.name(t.Elem())
	case reflect.Slice:
		return "list of " + r.name(t.Elem())
	case reflect.Map:
		return "map of " + r.name(t.Elem()) + " by " + r.name(t.Key())
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64, reflect.Float64, reflect.Uint8:
		return "number"
	case reflect.Interface:
		return "depends on the layout"
	}
	if r.add(t) {
		return fmt.Sprintf("[%s](#%s)", title(t), strings.ToLower(strings.ReplaceAll(title(t), ".", "")))
	}
	return "value"
}

// title returns the heading of a type: Release for one of the package site, stats.Release for one of another package.
func title(t reflect.Type) string { return strings.TrimPrefix(t.String(), "site.") }

// write describes all types. Describing one may add others.
func (r *typeReference) write(t *testing.T) string {
	var b strings.Builder
	for i := 0; i < len(r.types); i++ {
		of := r.types[i]
		fields, about, methods := r.comments(t, of)
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n| Field | Value | Meaning |\n| --- | --- | --- |\n", title(of), about)
		for f := range of.Fields() {
			switch {
			case f.Anonymous:
				fmt.Fprintf(&b, "| all of %s | | |\n", r.name(f.Type))
			case f.IsExported():
				fmt.Fprintf(&b, "| `.%s` | %s | %s |\n", f.Name, r.name(f.Type), fields[f.Name])
			}
		}
		for m := range reflect.PointerTo(of).Methods() {
			if slices.Contains([]string{"Error", "MarshalJSON", "MarshalText"}, m.Name) {
				continue // for other packages
			}
			if comment, own := methods[m.Name]; own && m.Type.NumOut() > 0 {
				use := "." + m.Name + strings.Repeat(" x", m.Type.NumIn()-1)
				fmt.Fprintf(&b, "| `%s` | %s | %s |\n", use, r.name(m.Type.Out(0)), comment)
			}
		}
	}
	return strings.TrimPrefix(b.String(), "\n") + "\n"
}

// comments returns the comments on a type: on its fields, on itself, and on its methods.
func (r *typeReference) comments(t *testing.T, of reflect.Type) (fields map[string]string, about string,
	methods map[string]string,
) {
	t.Helper()
	fields, methods = map[string]string{}, map[string]string{}
	for _, declared := range r.documentation(t, of.PkgPath()).Types {
		if declared.Name != of.Name() {
			continue
		}
		about = cell(declared.Doc)
		for _, m := range declared.Methods {
			comment := cell(m.Doc)
			methods[m.Name] = strings.TrimPrefix(strings.TrimPrefix(comment, m.Name+" "), "returns ")
		}
		ast.Inspect(declared.Decl, func(n ast.Node) bool {
			if f, ok := n.(*ast.Field); ok {
				for _, name := range f.Names {
					fields[name.Name] = cell(cmp.Or(f.Comment.Text(), f.Doc.Text()))
				}
			}
			return true
		})
	}
	if about == "" {
		t.Errorf("%v has no comment", of)
	}
	return fields, about, methods
}

// cell returns the first paragraph of a comment as one line of Markdown.
func cell(comment string) string {
	comment, _, _ = strings.Cut(comment, "\n\n")
	return strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;").Replace(strings.Join(strings.Fields(comment), " "))
}

// documentation parses a package of sitegen.
func (r *typeReference) documentation(t *testing.T, importPath string) *doc.Package {
	t.Helper()
	if r.docs[importPath] == nil {
		_, folder, _ := strings.Cut(importPath, "/generator/")
		files := token.NewFileSet()
		names, err := filepath.Glob("../" + folder + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		var parsed []*ast.File
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(files, name, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			parsed = append(parsed, f)
		}
		p, err := doc.NewFromFiles(files, parsed, path.Base(importPath))
		if err != nil {
			t.Fatal(err)
		}
		r.docs[importPath] = p
	}
	return r.docs[importPath]
}
