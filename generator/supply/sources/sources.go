// Package sources chooses the source that a site's packages come from.
//
// There are four forms of the setting:
//
//	https://girder.example.org/api/v1     the URL of a source; the URL determines its kind
//	dist/packages.json                    a file; its first bytes determine its kind
//	packages:https://ci.example.org/list  a URL or file with an explicit kind, if it looks like another kind
//	sample                                the built-in sample packages
package sources

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/supply/source"
	"github.com/Slicer/sitegen/generator/supply/sources/girder"
	"github.com/Slicer/sitegen/generator/supply/sources/packagesjson"
	"github.com/Slicer/sitegen/generator/supply/sources/records"
	"github.com/Slicer/sitegen/generator/supply/sources/sample"
)

// kinds lists the kinds of sources. The first one that recognizes a URL or a file reads it. Girder comes last, because
// any URL may be its API.
func kinds() []source.Kind {
	return []source.Kind{sample.Kind(), packagesjson.Kind(), records.Kind(), girder.Kind()}
}

// namedRE matches a setting with an explicit kind. A single letter is a Windows drive: C:\packages.json.
var namedRE = regexp.MustCompile(`^([a-z]{2,}):(.*)$`)

// Choose returns the source that a setting names. It does not check whether the file or server exists, unless the
// setting looks like a misspelled word. Its error is of
// kind fault.Usage.
func Choose(setting string, o source.Options) (source.Source, error) {
	candidates, location := kinds(), setting
	if m := namedRE.FindStringSubmatch(setting); m != nil && !strings.HasPrefix(m[2], "//") {
		i := slices.IndexFunc(candidates, func(k source.Kind) bool { return k.Name == m[1] })
		switch {
		case m[1] == "http" || m[1] == "https":
			return nil, bad(setting, "is not a URL, which begins with "+m[1]+"://")
		case i < 0:
			return nil, bad(setting, fmt.Sprintf("is of an unknown kind %q", m[1])+fault.DidYouMean(m[1],
				names(candidates)))
		}
		k := candidates[i]
		k.IsURL = func(*url.URL) bool { return true }
		k.IsFile = func([]byte) bool { return true }
		candidates, location = []source.Kind{k}, m[2]
	}
	for _, k := range candidates {
		if k.Word != "" && k.Word == location {
			return k.Open(o), nil
		}
	}
	switch {
	case location == "":
		return nil, bad(setting, "is empty")
	case !strings.Contains(location, "://"):
		if word := misspelled(location, candidates); word != "" {
			return nil, bad(setting, "is not a file"+word)
		}
		return &file{path: location, kinds: candidates, o: o}, nil
	}
	u, err := parseURL(location)
	if err != nil {
		return nil, bad(setting, err.Error())
	}
	for _, k := range candidates {
		if k.OpenURL != nil && k.IsURL(u) {
			s, err := k.OpenURL(u, o)
			if err != nil {
				return nil, bad(setting, err.Error())
			}
			return s, nil
		}
	}
	return nil, bad(setting, "is not the URL of a source")
}

// misspelled returns a suggestion if location looks like one of the words of kinds and is not a file.
func misspelled(location string, kinds []source.Kind) string {
	if strings.ContainsAny(location, `/\`) {
		return ""
	}
	if _, err := os.Stat(location); !errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	var words []string
	for _, k := range kinds {
		if k.Word != "" {
			words = append(words, k.Word)
		}
	}
	return fault.DidYouMean(location, words)
}

// parseURL parses the URL of a source. Its error is a phrase about the URL, such as "has no host".
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("is not a URL")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("is neither an http nor an https URL")
	case u.Hostname() == "":
		return nil, errors.New("has no host")
	case u.User != nil:
		return nil, errors.New("has a user name in it; configure a token or header instead")
	}
	u.Host = strings.ToLower(u.Host)
	return u, nil
}

var userRE = regexp.MustCompile(`//[^/@]*@`)

// bad returns the error of an invalid setting.
func bad(setting, problem string) error {
	return fault.Wrap(fault.Usage,
		fmt.Errorf("source: %s (found %.200q)", problem, userRE.ReplaceAllString(setting, "//xxxxx@")), forms())
}

// forms returns the hint for an invalid setting: the forms of all kinds of sources.
func forms() string {
	var list []string
	for _, k := range kinds() {
		list = append(list, cmp.Or(k.Form, "the word "+k.Word))
	}
	last := len(list) - 1
	return "A source is " + strings.Join(list[:last], ", ") + ", or " + list[last] + "."
}

func names(kinds []source.Kind) []string {
	var list []string
	for _, k := range kinds {
		if k.Name != "" {
			list = append(list, k.Name)
		}
	}
	return list
}
