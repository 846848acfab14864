package project

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/supply/sources/sample"
)

// identity lists the options that identify the project of a site. Their values are specific to one project.
var identity = []string{"title", "project", "base_url"}

// checkIdentity ensures that a site is not published under the name of another project by accident. The default is the
// built-in profile, so a user who only sets their own server would publish their packages under the title and URL of
// the built-in profile's project:
//
//	source: https://packages.aurora.example/api/v1   # sitegen.yaml, and nothing else
//
// This is an error until the user sets title, project and base_url, or a profile that contains them. A profile in a
// file belongs to the site; it only needs to be complete.
func checkIdentity(p *Project) error {
	c := &p.Config
	if !p.Profile.BuiltIn {
		return checkComplete(p)
	}
	for _, key := range []string{"source", "app"} {
		if c.Origin(key).Level > config.Profile && isForeign(p, key) {
			return p.RequireIdentity(fmt.Sprintf("%s: %s belongs to another project than the profile %s", c.Origin(key),
				key, p.Profile.Name))
		}
	}
	return nil
}

// isForeign reports whether the value of source or app differs from the profile's. A file is not foreign: only its
// content shows which project it belongs to, which supply checks with RequireIdentity.
func isForeign(p *Project, key string) bool {
	c := &p.Config
	if key == "app" {
		return c.App != p.Profile.App
	}
	return c.Source != sample.Word && strings.Contains(c.Source, "://") && !sameAPI(c.Source, p.Profile.Source)
}

// sameAPI reports whether two URLs are the base of the same API.
func sameAPI(a, b string) bool {
	x, errA := url.Parse(strings.TrimRight(a, "/"))
	y, errB := url.Parse(strings.TrimRight(b, "/"))
	return errA == nil && errB == nil && strings.EqualFold(x.Host, y.Host) && x.Path == y.Path
}

// RequireIdentity returns an error of kind fault.Usage if title, project or base_url still have the values of the
// built-in profile. Callers use it for packages of another project. why is the reason, which starts the message.
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

// checkComplete returns an error if neither the profile nor the configuration has a value that every site needs.
func checkComplete(p *Project) error {
	c := &p.Config
	var errs []error
	if c.BaseURL == "" {
		errs = append(errs, fmt.Errorf("%s: base_url (where the site is published) is missing", p.Profile.Name))
	}
	if c.Source == "" && !c.Offline {
		errs = append(errs, fmt.Errorf("%s: source (where the packages are listed) is missing", p.Profile.Name))
	}
	return usage(errors.Join(errs...), fmt.Sprintf("Set it there, or in %s.", c.File))
}

// enumerate joins words for a sentence: "title, project and base_url".
func enumerate(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
