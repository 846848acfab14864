package site_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen"
	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/site"
)

// germanSite returns the input of a site in English and German with a release, a preview build and some content.
func germanSite(t *testing.T, content, layouts folder) site.Input {
	t.Helper()
	in := downloadInput(t, []*catalog.Package{newPackage(1, onLinux), newPackage(2, onWindows, nightly("5.13.0"))})
	in.Languages = []string{"en", "de"}
	in.Content = site.Overlay(content.fs(), sitegen.Content())
	in.Layouts = site.Overlay(layouts.fs(), sitegen.Layouts())
	return in
}

// TestLanguages checks the pages of a site in two languages.
func TestLanguages(t *testing.T) {
	files, warnings := rendered(t, germanSite(t, folder{
		"index.md":             "---\ntitle: Get Aurora\n---\nWelcome.\n",
		"guide.md":             "---\ntitle: Guide\nweight: 2\n---\nHow to start.\n",
		"only.md":              "---\ntitle: Only English\nweight: 3\n---\nText.\n",
		"de/guide.md":          "---\ntitle: Anleitung\nweight: 2\n---\nSo geht es.\n",
		"releases/5.12.1.md":   "## Faster\n\nNotes.\n",
		"de/preview.md":        "Jede Nacht.\n",
		"de/releases/4.0.md":   "Text.\n",
		"de/releases/index.md": "---\ntitle: Alle Versionen\n---\nListe.\n",
	}, nil))
	if got, want := warnings.Error(), "content/de/releases/4.0.md: notes on a release that is not in the catalogue, not published"; got != want {
		t.Errorf("warnings %q, want %q", got, want)
	}
	for path, want := range map[string][]string{
		"index.html": {`<html lang="en"`, "<h1>Get Aurora</h1>", "Welcome.", "5.12.1", "All files", `href="/guide/">Guide`,
			`hreflang="x-default" href="https://download.example.org/"`,
			`hreflang="de" href="https://download.example.org/de/"`, `<a href="/de/" lang="de" hreflang="de">Deutsch</a>`},
		"de/index.html": {`<html lang="de"`, "<h1>Aurora herunterladen</h1>", `<div lang="en"><p>Welcome.</p>`, "Alle Dateien",
			"2. März 2026", `href="/de/releases/"`, `href="/de/guide/">Anleitung`, `href="/only/">Only English`,
			`<link rel="canonical" href="https://download.example.org/de/">`, `action="/de/search/"`, `href="/latest/linux"`},
		"guide/index.html":    {`<html lang="en"`, `hreflang="de" href="https://download.example.org/de/guide/"`},
		"de/guide/index.html": {`<html lang="de"`, "So geht es.", `hreflang="en" href="https://download.example.org/guide/"`},
		"de/releases/index.html": {"<h1>Alle Versionen</h1>", "Liste.", `href="/de/releases/5.12.1/"`,
			`&#34;none&#34;:&#34;Keine Version passt.&#34;`},
		"de/releases/5.12.1/index.html": {`<div lang="en"><h2 id="faster">Faster</h2>`, "Dies ist die neueste Version.",
			`href="/releases/5.12.1/SHA512SUMS"`},
		"de/preview/index.html":        {"Jede Nacht.", "Vorschau-Builds von Aurora"},
		"de/preview/bisect/index.html": {"Den Build mit einem Fehler finden"},
		"de/search/index.html":         {`data-index="/de/search/index.json"`},
		"-/error/de/404.html":          {`<html lang="de">`, "Seite nicht gefunden", `href="/de/releases/"`},
		"-/error/de/503.html":          {"Wartungsarbeiten"},
		"404.html":                     {`<html lang="en">`, "Page not found", `href="/releases/"`},
		"sitemap.xml":                  {"https://download.example.org/de/releases/5.12.1/", "https://download.example.org/only/"},
		"releases.atom":                {`xml:lang="en"`},
	} {
		for _, text := range want {
			if !strings.Contains(files[path], text) && !strings.Contains(files[path], strings.ReplaceAll(text, `"`, "")) &&
				!strings.Contains(files[path], strings.ReplaceAll(text, "&#34;", `"`)) {
				t.Errorf("%s does not contain %s:\n%s", path, text, files[path])
			}
		}
	}
	for _, path := range []string{"de/404.html", "de/api/index.html", "de/releases.atom", "de/only/index.html",
		"de/releases/5.12.1/SHA512SUMS"} {
		if _, ok := files[path]; ok {
			t.Errorf("%s exists", path)
		}
	}
	var index []map[string]string
	if err := json.Unmarshal([]byte(files["de/search/index.json"]), &index); err != nil {
		t.Fatal(err)
	}
	urls := map[string]string{}
	for _, e := range index {
		urls[e["u"]] = e["t"]
	}
	if diff := cmp.Diff(map[string]string{"/de/": "Aurora herunterladen", "/de/guide/": "Anleitung", "/only/": "Only English",
		"/api/": "For developers", "/de/releases/": "Alle Versionen", "/de/releases/5.12.1/": "Aurora 5.12.1",
		"/de/preview/": "Vorschau-Builds von Aurora", "/de/preview/2026/": "Vorschau-Builds von Aurora aus 2026",
		"/de/preview/bisect/": "Den Build mit einem Fehler finden"}, urls); diff != "" {
		t.Errorf("German index (-want +got):\n%s", diff)
	}
}

// TestOtherFirstLanguage checks a site in German alone: everything is at the root.
func TestOtherFirstLanguage(t *testing.T) {
	in := germanSite(t, nil, nil)
	in.Languages = []string{"de"}
	files, _ := rendered(t, in)
	for path, want := range map[string]string{
		"index.html": "Aurora herunterladen", "404.html": "Seite nicht gefunden", "releases.atom": "Versionen von Aurora",
		"-/error/400-mode.html": "Das Paket ist zweimal bestimmt: version, revision, closest-revision und date schließen",
		"-/error/400-os.html":   "Der Parameter os fehlt oder ist kein bekanntes Betriebssystem.",
		"-/error/400-date.html": "Erlaubt: JJJJ-MM-TT, zum Beispiel 2026-09-09.",
	} {
		if !strings.Contains(files[path], want) {
			t.Errorf("%s does not contain %q:\n%s", path, want, files[path])
		}
	}
	for path := range files {
		if strings.HasPrefix(path, "de/") || strings.HasPrefix(path, "en/") {
			t.Errorf("%s exists", path)
		}
	}
}

// TestOwnTexts checks texts of the site's own: they replace single built-in ones, in one language or for a layout of its
// own.
func TestOwnTexts(t *testing.T) {
	files, warnings := rendered(t, germanSite(t, nil, folder{
		"languages/de.yaml":     "texts: {home: {stable: Für alle.}}\nterms: {Linux: GNU/Linux}\n",
		"languages/en.yaml":     "texts: {mine: {hello: \"Hello {name}\"}}\n",
		"partials/notices.html": `{{t "mine.hello" "name" .Site.Project}}`,
	}))
	if got, want := warnings.Error(), "layouts/languages/de.yaml: texts without a translation, shown in English: "+
		"mine.hello"; got != want {
		t.Errorf("warnings %q, want %q", got, want)
	}
	for path, want := range map[string][]string{
		"index.html":    {"Hello Aurora", "The stable release", "Linux"},
		"de/index.html": {"Hello Aurora", "Für alle.", "GNU/Linux", "Alle Dateien"},
	} {
		for _, text := range want {
			if !strings.Contains(files[path], text) {
				t.Errorf("%s does not contain %s", path, text)
			}
		}
	}
}

func TestMistakesInLanguages(t *testing.T) {
	for name, tc := range map[string]struct {
		languages []string
		layouts   folder
		want      string
	}{
		"no table": {[]string{"en", "fr"}, nil, "sitegen.yaml:3:1: languages has fr, but there is no layouts/languages/fr.yaml; " +
			"copy en.yaml and translate it"},
		"unknown text": {[]string{"en", "de"}, folder{"languages/de.yaml": "texts:\n  home:\n    stabel: x\n"},
			`layouts/languages/de.yaml:3:13: no page shows the text "home.stabel"; did you mean "home.stable"?`},
		"unknown placeholder": {[]string{"en"}, folder{"languages/en.yaml": "texts:\n  home: {title: \"Get {projekt}\"}\n"},
			`layouts/languages/en.yaml:2:17: text "home.title" has no value for {projekt}; did you mean "project"?`},
		"unknown text in a layout": {[]string{"en"}, folder{"partials/notices.html": `{{t "home.stabel"}}`},
			`no text "home.stabel"; did you mean "home.stable"?`},
		"missing value in a layout": {[]string{"en"}, folder{"partials/notices.html": `{{t "home.title"}}`},
			`text "home.title" needs a value for {project}`},
	} {
		t.Run(name, func(t *testing.T) {
			in := germanSite(t, nil, tc.layouts)
			in.Languages, in.LanguagesAt = tc.languages, fault.Place{File: "sitegen.yaml", Line: 3, Col: 1}
			if got := refused(t, in); !strings.Contains(got, tc.want) {
				t.Errorf("error %q, want %q", got, tc.want)
			}
		})
	}
}

// TestInLanguages checks which of the built-in content a site shows.
func TestInLanguages(t *testing.T) {
	content := fstest.MapFS{"a.md": {Data: []byte("English")}, "de/a.md": {Data: []byte("Deutsch")},
		"fr/a.md": {Data: []byte("Français")}, "docs/b.md": {Data: []byte("b")}}
	for languages, want := range map[string]map[string]string{
		"en":    {"a.md": "English", "docs/b.md": "b"},
		"en de": {"a.md": "English", "de/a.md": "Deutsch", "docs/b.md": "b"},
		"de":    {"a.md": "Deutsch", "docs/b.md": "b"},
		"fr de": {"a.md": "Français", "de/a.md": "Deutsch", "docs/b.md": "b"},
	} {
		shown := site.InLanguages(content, strings.Fields(languages))
		got := map[string]string{}
		for name := range content {
			if text, err := site.Overlay(shown, nil).Open(name); err == nil {
				info, _ := text.Stat()
				buf := make([]byte, info.Size())
				_, _ = text.Read(buf)
				got[name] = string(buf)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", languages, diff)
		}
	}
}

// TestTextsAreUsed checks that each text of the table is used by a layout or by Go code.
func TestTextsAreUsed(t *testing.T) {
	keyRE := regexp.MustCompile(`"((?:[a-z]+\.)+(?:[a-z_]+)?)`)
	used := map[string]bool{}
	for _, pattern := range []string{"../../layouts/*.html", "../../layouts/partials/*.html", "*.go", "../statspage/*.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatal(pattern, err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range keyRE.FindAllStringSubmatch(string(text), -1) {
				used[m[1]] = true
			}
		}
	}
	for key := range maps.Keys(site.TextKeys(t)) {
		group := key[:strings.LastIndex(key, ".")]
		// Go code makes some keys from parts: "query." + stability, "error." + key.
		if !used[key] && !used[group] && !slices.Contains([]string{"query", "error", "cell"}, group) {
			t.Errorf("nothing uses the text %s", key)
		}
	}
}
