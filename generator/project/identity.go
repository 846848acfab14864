package project

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/supply/sources/sample"
)

// identity lists the options that say whose site it is. The values of one project are wrong for every other one.
var identity = []string{"title", "project", "base_url"}

// checkIdentity makes sure that a site does not pass for that of another project by accident. The profile that is part of
// the program is the default, so somebody who only names a server of their own would publish their packages under the
// title and address of another project:
//
//	source: https://packages.aurora.example/api/v1   # sitegen.yaml, and nothing else
//
// That is an error until title, project and base_url are set, or a profile that has them is named. A profile in a file is
// the site's own, and only needs to be complete.
func checkIdentity(p *Project) error {
	c := &p.Config
	if !p.Profile.BuiltIn {
		return checkComplete(p)
	}
	for _, key := range []string{"source", "app"} {
		if c.Origin(key).Level > config.Profile && isForeign(p, key) {
			return p.RequireIdentity(fmt.Sprintf("%s: %s names another project than the profile %s", c.Origin(key), key, p.Profile.Name))
		}
	}
	return nil
}

// isForeign reports whether the value of source or app is not the profile's. Whose a file is shows when it is read, see
// RequireIdentity.
func isForeign(p *Project, key string) bool {
	c := &p.Config
	if key == "app" {
		return c.App != p.Profile.App
	}
	return c.Source != sample.Word && strings.Contains(c.Source, "://") && !sameAPI(c.Source, p.Profile.Source)
}

// sameAPI reports whether two URLs are the base of one API.
func sameAPI(a, b string) bool {
	x, errA := url.Parse(strings.TrimRight(a, "/"))
	y, errB := url.Parse(strings.TrimRight(b, "/"))
	return errA == nil && errB == nil && strings.EqualFold(x.Host, y.Host) && x.Path == y.Path
}

// RequireIdentity returns an error of kind fault.Usage if the packages are those of another project, why saying how that
// is known, and the title, name or address of the site are still those of the built-in profile.
func (p *Project) RequireIdentity(why string) error {
	if !p.Profile.BuiltIn {
		return nil
	}
	var missing []string
	for _, key := range identity {
		if p.Config.Origin(key).Level <= config.Profile {
			missing = append(missing, key)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return usage(fmt.Errorf("%s, so the site needs its own %s", why, enumerate(missing)),
		fmt.Sprintf("Set them in %s, or describe the project in a profile (docs/profile.md).", p.Config.File))
}

// checkComplete makes sure that the profile or the configuration has what every site needs.
func checkComplete(p *Project) error {
	c := &p.Config
	var errs []error
	if c.BaseURL == "" {
		errs = append(errs, fmt.Errorf("%s: base_url is missing: where the site is published", p.Profile.Name))
	}
	if c.Source == "" && !c.Offline {
		errs = append(errs, fmt.Errorf("%s: source is missing: where the packages are listed", p.Profile.Name))
	}
	return usage(errors.Join(errs...), fmt.Sprintf("Set it there, or in %s.", c.File))
}

// enumerate joins words as a sentence does: "title, project and base_url".
func enumerate(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
