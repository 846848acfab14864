package project

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/Slicer/sitegen"
	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/folder"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/profile"
	"github.com/Slicer/sitegen/generator/site"
)

// Site returns the input for rendering the site: the packages of x, and the site's content and layouts, which replace
// built-in files of the same name. sample is true if the packages are the sample.
func (p *Project) Site(x *lookup.Index, sample bool) (site.Input, error) {
	c := &p.Config
	pages, err := openFolder(p, "content", c.Content)
	if err != nil {
		return site.Input{}, err
	}
	templates, err := openFolder(p, "layouts", c.Layouts)
	if err != nil {
		return site.Input{}, err
	}
	jobs := c.Jobs
	if jobs == 0 {
		jobs = runtime.GOMAXPROCS(0)
	}
	brand := site.Brand{Accent: c.Colors.Accent, AccentDark: c.Colors.AccentDark, Font: c.Font}
	if brand.Logo, err = readPicture(p, "logo", c.Logo); err != nil {
		return site.Input{}, err
	}
	if brand.Icon, err = readPicture(p, "icon", c.Icon); err != nil {
		return site.Input{}, err
	}
	return site.Input{
		Options: site.Options{
			Title: c.Title, Project: c.Project, Description: c.Description,
			Category: string(p.Profile.Category), BaseURL: c.BaseURL, Notice: c.Notice,
			Languages: c.Languages, Sample: sample, Stats: hasStatistics(p),
			Resources: resources(p.Profile.Resources), Changes: p.Profile.Changes, Brand: brand,
			Jobs: jobs, Minify: true,
			Today: p.Now().UTC().Truncate(24 * time.Hour),
		},
		Index:   x,
		Content: site.Overlay(pages, p.builtInContent()),
		Layouts: site.Overlay(templates, p.builtInLayouts()),
		BuiltIn: p.builtInLayouts(),

		NoticeAt: c.Origin("notice").At, LanguagesAt: c.Origin("languages").At,
		AccentAt: c.Origin("colors.accent").At, AccentDarkAt: c.Origin("colors.accent_dark").At,
	}, nil
}

// builtInContent returns the pages and data files of a site that has none of its own.
func (p *Project) builtInContent() fs.FS {
	return site.Overlay(site.InLanguages(p.Profile.Content(), p.Config.Languages), sitegen.Content())
}

// builtInLayouts returns the layouts and assets of a site that has none of its own.
func (p *Project) builtInLayouts() fs.FS { return site.Overlay(p.Profile.Layouts(), sitegen.Layouts()) }

// Overrides returns the files of the site that replace built-in layouts.
func (p *Project) Overrides() ([]site.Override, error) {
	own, err := openFolder(p, "layouts", p.Config.Layouts)
	if own == nil || err != nil {
		return nil, err
	}
	list, err := site.Overrides(own, p.builtInLayouts())
	return list, usage(err, "")
}

// OutdatedLayouts returns a warning for each file that replaces a built-in one which has changed since it was copied.
func (p *Project) OutdatedLayouts() (warnings fault.Findings, err error) {
	list, err := p.Overrides()
	for _, o := range list {
		if o.Outdated() {
			warnings = append(warnings, fault.Place{File: "layouts/" + o.Name}.Errorf("the built-in file has changed "+
				"since it was copied; sitegen layouts diff shows how"))
		}
	}
	return warnings, err
}

// openFolder opens a folder of the site. If the default folder is missing, only the built-in files are used.
func openFolder(p *Project, key, path string) (fs.FS, error) {
	info, err := os.Stat(path)
	_, missing := os.Lstat(path) // unlike info, does not follow a link
	switch {
	case errors.Is(missing, fs.ErrNotExist) && p.Config.Origin(key).Level <= config.Profile:
		return nil, nil
	case err != nil:
		return nil, usage(fmt.Errorf("open the folder %s: %w", key, err), "")
	case !info.IsDir():
		return nil, usage(fmt.Errorf("open the folder %s: %s is not a folder", key, path), "")
	}
	return folder.Open(path), nil
}

// readPicture reads the picture that an option names. Its name as an asset is the key with the extension of the file.
func readPicture(p *Project, key, path string) (site.Picture, error) {
	if path == "" {
		return site.Picture{}, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return site.Picture{}, usage(fmt.Errorf("%s: open the %s: %w", p.Config.Origin(key), key, err), "")
	}
	ext, contains := filepath.Ext(path), "<svg"
	if ext == ".png" {
		contains = "\x89PNG\r\n"
	}
	if !bytes.Contains(data, []byte(contains)) {
		return site.Picture{}, usage(fmt.Errorf("%s: open the %s: %s is not a picture in the format of its extension",
			p.Config.Origin(key), key, path), "")
	}
	return site.Picture{Name: key + ext, Data: data}, nil
}

// resources converts the profile's links.
func resources(list []profile.Resource) (links []site.SiteLink) {
	for _, r := range list {
		links = append(links, site.SiteLink(r))
	}
	return links
}

// hasStatistics reports whether the site has a page with statistics.
func hasStatistics(p *Project) bool {
	_, err := os.Stat(filepath.Join(p.Config.Out, filepath.FromSlash(site.StatsURL), "index.html"))
	return err == nil
}
