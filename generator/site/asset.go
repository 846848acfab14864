package site

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	chromahtml "github.com/alecthomas/chroma/v2/formatters/html"
	"github.com/alecthomas/chroma/v2/styles"
	"github.com/tdewolff/parse/v2"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/output"
)

// Folders and files of assets.
const (
	assetFolder  = "assets"     // in layouts/ and in public/
	syntaxSheet  = "syntax.css" // the colours of highlighted code
	hashDigits   = 12           // of an asset's name, hexadecimal: no two of a site's few assets share them
	lightStyle   = "github"
	darkStyle    = "github-dark"
	darkQuestion = "@media (prefers-color-scheme: dark)"
)

// Asset is a file whose published name changes with its content, so browsers may cache it forever.
type Asset struct {
	URL       string // /assets/app.3f2a1b9c0d4e.css
	Integrity string // sha384-…: for the integrity attribute

	file output.File
}

// assetSet is the files of layouts/assets/ by name.
type assetSet map[string]*Asset

// readAssets reads the assets, minifies them if there is a minifier, and names them for publication in folder. Findings
// are style sheets and scripts with syntax errors, and references in url() to missing files.
func readAssets(layouts fs.FS, folder string, m *minifier) (assetSet, fault.Findings, error) {
	sources, err := assetSources(layouts)
	if err != nil {
		return nil, nil, err
	}
	r := assetReader{sources: sources, folder: folder, minifier: m, done: assetSet{}}
	for _, name := range sortedKeys(sources) {
		r.asset(name)
	}
	return r.done, r.findings, nil
}

// assetSources reads the files of layouts/assets/, and adds syntax.css where there is none.
func assetSources(layouts fs.FS) (map[string][]byte, error) {
	sources := map[string][]byte{syntaxSheet: syntaxCSS()}
	err := fs.WalkDir(layouts, assetFolder, func(name string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && name == assetFolder:
			return nil
		case err != nil:
			return err
		case Ignored(path.Base(name)):
			if d.IsDir() {
				return fs.SkipDir
			}
		case !d.IsDir():
			sources[strings.TrimPrefix(name, assetFolder+"/")], err = fs.ReadFile(layouts, name)
			return err
		}
		return nil
	})
	return sources, err
}

// syntaxCSS is the style sheet for highlighted code, light and dark.
func syntaxCSS() []byte {
	var b bytes.Buffer
	writeStyle := func(name string) {
		f := chromahtml.New(chromahtml.WithClasses(true), chromahtml.WithCSSComments(false))
		if err := f.WriteCSS(&b, styles.Get(name)); err != nil {
			panic(err) // only the writer can fail, and a buffer does not
		}
	}
	writeStyle(lightStyle)
	b.WriteString(darkQuestion + "{")
	writeStyle(darkStyle)
	b.WriteString("}\n")
	return b.Bytes()
}

// assetReader names assets one by one. A style sheet comes after the files it refers to, because it contains their
// names.
type assetReader struct {
	sources  map[string][]byte
	folder   string    // of public/ that they are published in
	minifier *minifier // nil: leave the files as they are
	done     assetSet  // nil *Asset: being read
	findings fault.Findings
}

// urlRE finds the url() of a style sheet, quoted or not.
var urlRE = regexp.MustCompile(`url\(\s*(?:"([^"]*)"|'([^']*)'|([^"')\s]*))\s*\)`)

// asset returns the finished asset, or nil if it is still being read, which means that it refers to itself.
func (r *assetReader) asset(name string) *Asset {
	if a, ok := r.done[name]; ok {
		return a
	}
	r.done[name] = nil
	data := r.sources[name]
	if path.Ext(name) == ".css" {
		data = r.follow(name, data)
	}
	a := newAsset(r.folder, name, r.minified(name, data))
	r.done[name] = a
	return a
}

// follow replaces the names in the url() of a style sheet with the published names.
func (r *assetReader) follow(name string, css []byte) []byte {
	var out []byte
	last := 0
	for _, m := range urlRE.FindAllSubmatchIndex(css, -1) {
		start, end := slices.Max([]int{m[2], m[4], m[6]}), slices.Max([]int{m[3], m[5], m[7]})
		target, suffix := cutSuffix(string(css[start:end]))
		if target == "" || strings.HasPrefix(target, "/") || strings.Contains(target, ":") { // of this sheet, of the site, or data:
			continue
		}
		at := path.Join(path.Dir(name), target)
		a := (*Asset)(nil)
		if _, ok := r.sources[at]; ok {
			a = r.asset(at)
		}
		if a == nil {
			r.findings = append(r.findings, fault.PlaceOf(layoutFolder+assetFolder+"/"+name, css, start).
				Errorf("no asset %q to refer to%s", at, fault.DidYouMean(at, sortedKeys(r.sources))))
			continue
		}
		out = append(append(append(out, css[last:start]...), a.URL...), suffix...)
		last = end
	}
	return append(out, css[last:]...)
}

// cutSuffix splits a reference from its query and fragment, as in font.eot?#iefix.
func cutSuffix(ref string) (file, suffix string) {
	if i := strings.IndexAny(ref, "?#"); i >= 0 {
		return ref[:i], ref[i:]
	}
	return ref, ""
}

// minified returns the data, minified if its type is supported.
func (r *assetReader) minified(name string, data []byte) []byte {
	if r.minifier == nil {
		return data
	}
	small, err := r.minifier.file(path.Ext(name), data)
	if err != nil {
		f := fault.Place{File: layoutFolder + assetFolder + "/" + name}.Errorf("%v", err)
		if e, ok := errors.AsType[*parse.Error](err); ok {
			f.Line, f.Col, f.Text = e.Line, e.Column, e.Message
		}
		r.findings = append(r.findings, f)
		return data
	}
	return small
}

// files returns the assets as they are published, ordered by name.
func (as assetSet) files() []output.File {
	files := make([]output.File, 0, len(as))
	for _, name := range sortedKeys(as) {
		files = append(files, as[name].file)
	}
	return files
}

// newAsset returns an asset whose name contains a hash of its content.
func newAsset(folder, name string, data []byte) *Asset {
	sum, integrity := sha256.Sum256(data), sha512.Sum384(data)
	ext := path.Ext(name)
	file := folder + "/" + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:])[:hashDigits] + ext
	return &Asset{
		URL:       "/" + file,
		Integrity: "sha384-" + base64.StdEncoding.EncodeToString(integrity[:]),
		file:      output.File{Root: output.Public, Group: output.Records, Path: file, Data: data},
	}
}
