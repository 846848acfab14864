package redirect

import (
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
)

// FileURLs says where the files of packages are fetched, in a form that servers compile into little: most packages
// of a source have their id in the URL, and of the others only the middle differs.
type FileURLs struct {
	ByID Around            // around the id of a package, in the URLs of most packages
	Rest Around            // around the middles
	Mid  map[string]string // the middle of the URL by id, for packages whose URL is not of the form ByID
}

// Around is what stands before and after the part of a URL that differs from package to package.
type Around struct{ Before, After string }

// Join puts the part back.
func (a Around) Join(middle string) string { return a.Before + middle + a.After }

// NewFileURLs takes the URLs of packages apart. For instance, of
//
//	https://files.example.org/item/a1/download   (package a1)
//	https://files.example.org/item/b2/download   (package b2)
//	https://files.example.org/file/77/download   (package c3)
//
// ByID is what stands around the id in the first two, and c3 is in Mid. What the URLs in Mid have in common is cut at
// slashes, so that one more package seldom changes it.
func NewFileURLs(packages []*catalog.Package) FileURLs {
	f := FileURLs{Mid: map[string]string{}}
	count := map[Around]int{}
	for _, p := range packages {
		if before, after, ok := strings.Cut(p.URL, p.ID); ok {
			a := Around{before, after}
			count[a]++
			if n, most := count[a], count[f.ByID]; n > most || n == most && (a.Before+a.After < f.ByID.Before+f.ByID.After) {
				f.ByID = a
			}
		}
	}
	var rest []*catalog.Package
	for _, p := range packages {
		if count[f.ByID] == 0 || p.URL != f.ByID.Join(p.ID) {
			rest = append(rest, p)
		}
	}
	f.Rest = around(rest)
	for _, p := range rest {
		f.Mid[p.ID] = p.URL[len(f.Rest.Before) : len(p.URL)-len(f.Rest.After)]
	}
	return f
}

// around finds what URLs have in common at both ends, whole segments only.
func around(packages []*catalog.Package) Around {
	if len(packages) == 0 {
		return Around{}
	}
	before, after := packages[0].URL, packages[0].URL
	for _, p := range packages {
		for !strings.HasPrefix(p.URL, before) {
			before = before[:len(before)-1]
		}
		for !strings.HasSuffix(p.URL, after) {
			after = after[1:]
		}
	}
	before = before[:strings.LastIndexByte(before, '/')+1]
	if len(packages) == 1 {
		return Around{Before: before}
	}
	if i := strings.IndexByte(after, '/'); i >= 0 {
		after = after[i:]
	} else {
		after = ""
	}
	for _, p := range packages { // what is common to both ends of a short URL counts once
		if len(before)+len(after) > len(p.URL) {
			after = ""
		}
	}
	return Around{before, after}
}

// URL is where the file of the package with an id is fetched.
func (f FileURLs) URL(id string) string {
	if middle, ok := f.Mid[id]; ok {
		return f.Rest.Join(middle)
	}
	return f.ByID.Join(id)
}
