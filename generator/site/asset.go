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
	"github.com/Slicer/sitegen/generator/folder"
	"github.com/Slicer/sitegen/generator/output"
)

// Folders and files of assets.
const (
	assetFolder  = "assets"     // name of the folder in layouts/ and in public/
	syntaxSheet  = "syntax.css" // style sheet with the colours of highlighted code
	hashDigits   = 12           // hexadecimal digits of the hash in a name: 48 bits make collisions implausible
	lightStyle   = "github"
	darkStyle    = "github-dark"
	darkQuestion = "@media (prefers-color-scheme: dark)"
)

// Asset is a file whose published name changes with its content, so browsers may cache it forever.
type Asset struct {
	URL       string // /assets/app.3f2a1b9c0d4e.css
	Integrity string // value of the integrity attribute: sha384-…

	file     output.File
	referred bool // a style sheet refers to it
}

// assetSet is the files of layouts/assets/ by name.
type assetSet map[string]*Asset

// readAssets reads the assets, minifies them unless m is nil, and names them for publication in folder. Its findings
// are syntax errors in style sheets and scripts, url() references to missing files, and entries that are neither files
// nor folders; its warnings are about text that is not UTF-8. The files of the brand are assets, too.
func readAssets(layouts fs.FS, brand *Brand, folder string, m *minifier) (
	set assetSet, warnings, findings fault.Findings, err error,
) {
	sources, findings, err := assetSources(layouts)
	if err != nil {
		return nil, nil, nil, err
	}
	brand.addTo(sources)
	r := assetReader{sources: sources, folder: folder, minifier: m, done: assetSet{}, findings: findings}
	for _, name := range sortedKeys(sources) {
		r.asset(name)
		if isText(name) {
			warnings = append(warnings, notUTF8(layoutFolder+assetFolder+"/"+name, sources[name])...)
		}
	}
	return r.done, warnings, r.findings, nil
}

// assetSources reads the files of layouts/assets/. If syntax.css is not among them, it adds a generated one.
func assetSources(layouts fs.FS) (sources map[string][]byte, findings fault.Findings, err error) {
	sources = map[string][]byte{syntaxSheet: syntaxCSS()}
	err = fs.WalkDir(layouts, assetFolder, func(name string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && name == assetFolder:
			return nil
		case err != nil:
			findings = append(findings, unreadable(layoutFolder+name, err))
		case folder.Ignored(name):
			if d.IsDir() {
				return fs.SkipDir
			}
		case folder.IsLoop(layouts, name, d):
		case !d.IsDir() && !d.Type().IsRegular():
			findings = append(findings, irregular(layoutFolder+name, d))
		case !d.IsDir():
			data, err := fs.ReadFile(layouts, name)
			if err != nil {
				findings = append(findings, unreadable(layoutFolder+name, err))
				return nil
			}
			sources[strings.TrimPrefix(name, assetFolder+"/")] = data
		}
		return nil
	})
	return sources, findings, err
}

// syntaxCSS returns the style sheet for highlighted code, in light and dark colours.
func syntaxCSS() []byte {
	var b bytes.Buffer
	writeStyle := func(name string) {
		f := chromahtml.New(chromahtml.WithClasses(true), chromahtml.WithCSSComments(false))
		if err := f.WriteCSS(&b, styles.Get(name)); err != nil {
			panic(err) // only the writer can fail, and a buffer never does
		}
	}
	writeStyle(lightStyle)
	b.WriteString(darkQuestion + "{")
	writeStyle(darkStyle)
	b.WriteString("}\n")
	return b.Bytes()
}

// assetReader names assets one by one. A name contains a hash of the content, and a style sheet contains the names of
// the files it refers to, so those files are named first: if app.css has url(icon.svg), then icon.svg becomes
// icon.<hash>.svg, app.css is rewritten to url(/assets/icon.<hash>.svg), and only then hashed.
type assetReader struct {
	sources  map[string][]byte
	folder   string    // folder below public/ for the published files
	minifier *minifier // nil: leave the files as they are
	done     assetSet  // a nil *Asset is still being read
	findings fault.Findings
}

// urlRE finds the url() of a style sheet, quoted or not.
var urlRE = regexp.MustCompile(`url\(\s*(?:"([^"]*)"|'([^']*)'|([^"')\s]*))\s*\)`)

// asset returns the finished asset, or nil if it is still being read: then it refers to itself, directly or through
// another style sheet.
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
		if target == "" || strings.HasPrefix(target, "/") || strings.Contains(target, ":") {
			continue // a part of this sheet, an absolute path, or a URL with a scheme such as data:
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
		a.referred = true
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
