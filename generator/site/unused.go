package site

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/folder"
)

// Names that layouts use, in {{template "partials/head.html"}} or {{asset "site.css"}}. The name may be the result of
// an expression, for which nameRE has no group.
var (
	templateRE = regexp.MustCompile("\\btemplate\\s+[\"`]([^\"`]+)")
	assetRE    = regexp.MustCompile("\\b(?:asset|optionalAsset)\\s+(?:[\"`]([^\"`]+)|[$.(\\w])")
)

// strayExtensions lists the extensions of files in layouts/ that are not read: templates with another extension, and
// files that belong in layouts/assets/.
var strayExtensions = []string{".htm", ".tmpl", ".gohtml", ".xhtml", ".css", ".js", ".mjs", ".svg", ".png", ".jpg",
	".webp", ".ico", ".woff2"}

// unused returns warnings about files of the site's own layouts folder that nothing uses. Most of them are meant to
// replace a built-in file that has another name.
func (e *Edition) unused() (warnings fault.Findings) {
	if e.build.BuiltIn == nil {
		return nil
	}
	used := map[string]bool{} // paths below layouts/
	for _, d := range e.build.content.documents {
		used[d.page.Layout] = true // also those of drafts
	}
	for _, s := range e.slots {
		used[s.page.Layout] = true
	}
	for _, text := range e.layouts().sources {
		for _, m := range templateRE.FindAllStringSubmatch(text, -1) {
			used[m[1]] = true
		}
		for _, m := range assetRE.FindAllStringSubmatch(text, -1) {
			used[assetFolder+"/"+m[1]] = true // "assets/" stands for all of them
		}
	}
	for name, a := range e.assets {
		if a.referred {
			used[assetFolder+"/"+name] = true
		}
	}
	builtIn := BuiltInLayouts(e.build.BuiltIn)
	for _, name := range filesIn(e.build.Layouts) {
		if used[name] || slices.Contains(builtIn, name) {
			continue
		}
		at := fault.Place{File: layoutFolder + name}
		switch isAsset := strings.HasPrefix(name, assetFolder+"/"); {
		case isAsset && !used[assetFolder+"/"], path.Ext(name) == layoutExt && !isAsset:
			warnings = append(warnings, at.Errorf("nothing uses this file%s", fault.DidYouMean(name, builtIn)))
		case !isAsset && slices.Contains(strayExtensions, strings.ToLower(path.Ext(name))):
			warnings = append(warnings, at.Errorf("is not read; the names of layouts end in %s, and styles, scripts "+
				"and pictures belong in %s", layoutExt, layoutFolder+assetFolder+"/"))
		}
	}
	return warnings
}

// filesIn returns the paths of all files of a layouts folder. Entries that cannot be read were reported before.
func filesIn(fsys fs.FS) (names []string) {
	_ = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
		case name != "." && folder.Ignored(name):
			if d.IsDir() {
				return fs.SkipDir
			}
		case d.Type().IsRegular():
			names = append(names, name)
		}
		return nil //nolint:nilerr // was reported while reading
	})
	return names
}
