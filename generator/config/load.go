package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/profile"
)

// Input holds the places that values come from, besides the profile and the defaults.
type Input struct {
	// File is the path of the configuration file, which must exist. If it is "", the variable SITEGEN_CONFIG names the
	// file; without that, Load reads sitegen.yaml in the working directory if it exists.
	File string
	// Overlay is the name of the overlay. If it is "", the variable SITEGEN_OVERLAY names it.
	Overlay string
	// Environ is the environment as os.Environ returns it, "NAME=value". Empty variables count as not set.
	Environ []string
	// Flags holds the values of each flag, by its name, in the order of the command line.
	Flags map[string][]string
}

// item is a single value, or one item of a list, with its place.
type item struct {
	text string
	at   Origin
}

// loader fills a Config level by level (defaults, profile, file, environment, flags) and collects the errors.
type loader struct {
	config   Config
	dir      string // the site folder: the folder of the configuration file, else the working directory
	findings fault.Findings

	profileErr error
}

// Load reads the configuration. Relative paths in the file and in defaults are relative to the folder of the file,
// those in flags and variables to the working directory. The error is of kind fault.Usage and lists all mistakes; in
// this case, Config contains the valid values.
func Load(in Input) (Config, error) {
	l := &loader{config: Config{origins: map[string]Origin{}}}
	env := sitegenEnv(in.Environ)
	file, data, err := readFile(cmp.Or(in.File, env[ConfigEnv]))
	l.config.File = file
	l.dir = filepath.Dir(file)
	l.defaults()
	l.file(file, data)
	if name := cmp.Or(in.Overlay, env[OverlayEnv]); name != "" && err == nil {
		err = l.overlay(file, name)
	}
	l.environment(env)
	l.flags(in.Flags)
	l.profile()
	l.derive()
	l.checkFolders()
	return l.config, fault.Wrap(fault.Usage, errors.Join(err, l.findings.Err(), l.profileErr), "")
}

// readFile reads the named file. Without a name, it reads sitegen.yaml, which may be missing.
func readFile(named string) (name string, data []byte, err error) {
	name = cmp.Or(named, FileName)
	data, err = os.ReadFile(name)
	if named == "" && errors.Is(err, fs.ErrNotExist) {
		const other = "sitegen.yml"
		if _, err := os.Stat(other); err == nil {
			return name, nil, fmt.Errorf("%s: is not read; rename it to %s", other, FileName)
		}
		if _, err := os.Lstat(name); err == nil {
			return name, nil, fmt.Errorf("%s: symbolic link leads nowhere; correct or remove it", name)
		}
		return name, nil, nil
	}
	if err != nil {
		err = fmt.Errorf("read the configuration: %w", err)
	}
	return name, data, err
}

func (l *loader) defaults() {
	for _, o := range options {
		if o.FromProfile != nil || o.Derived != nil {
			l.config.origins[o.Key] = Origin{} // see profile and derive
			continue
		}
		l.set(o, split(o, o.Default, Origin{}), Origin{}, l.dir)
	}
}

// profile reads the profile that the values read so far select, and sets the options whose default comes from it.
func (l *loader) profile() {
	p, err := profile.Load(l.config.ProfileName)
	if err != nil {
		l.profileErr = err
		return
	}
	l.config.Profile = p
	origin := Origin{Profile, fault.Place{File: "profile " + p.Name}}
	for _, o := range options {
		if o.FromProfile == nil || l.config.origins[o.Key].Level != Default {
			continue
		}
		if value := o.FromProfile(p); value != "" {
			l.set(o, split(o, value, origin), origin, filepath.Dir(p.Name))
		}
	}
}

// derive sets the options whose default depends on other options.
func (l *loader) derive() {
	for _, o := range options {
		if o.Derived != nil && l.config.origins[o.Key].Level == Default {
			l.set(o, split(o, o.Derived(&l.config), Origin{}), Origin{}, l.dir)
		}
	}
}

const envPrefix = "SITEGEN_"

// sitegenEnv returns the variables of the environment that belong to sitegen.
func sitegenEnv(environ []string) map[string]string {
	env := map[string]string{}
	for _, e := range environ {
		if name, value, ok := strings.Cut(e, "="); ok && value != "" && strings.HasPrefix(name, envPrefix) {
			env[name] = value
		}
	}
	return env
}

func (l *loader) environment(env map[string]string) {
	known := []string{ConfigEnv, OverlayEnv}
	for _, o := range options {
		names := []string{o.Env()}
		if o.OldKey != "" {
			names = []string{envOf(o.OldKey), o.Env()} // the last one counts
		}
		known = append(known, names...)
		for _, name := range names {
			value, ok := env[name]
			if !ok {
				continue
			}
			at := environment(name)
			if name != o.Env() {
				l.renamed(at, name, o.Env())
			}
			l.set(o, split(o, value, at), at, "")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if !slices.Contains(known, name) {
			l.errorf(environment(name), "unknown variable%s", fault.DidYouMean(name, known))
		}
	}
}

func (l *loader) flags(given map[string][]string) {
	for _, o := range options {
		values := given[o.Flag]
		if o.Flag == "" || len(values) == 0 {
			continue
		}
		if !o.field.isList() {
			values = values[len(values)-1:]
		}
		at := flag(o.Flag)
		var items []item
		for _, v := range values {
			items = append(items, split(o, v, at)...)
		}
		l.set(o, items, at, "")
	}
}

// split splits a value that was written as one string into its items.
func split(o *Option, text string, at Origin) []item {
	if !o.field.isList() {
		return []item{{text, at}}
	}
	var items []item
	for s := range strings.SplitSeq(text, o.field.separator) {
		s = strings.TrimSpace(s)
		switch last := len(items) - 1; {
		case s == "":
		case last >= 0 && o.field.continues != nil && o.field.continues(items[last].text, s):
			items[last].text += " " + s
		default:
			items = append(items, item{s, at})
		}
	}
	return items
}

// set sets an option to the value found at origin. Relative paths in the value are relative to dir.
func (l *loader) set(o *Option, items []item, origin Origin, dir string) {
	o.field.clear(&l.config)
	l.config.origins[o.Key] = origin
	for _, it := range items {
		if err := o.field.add(&l.config, it.text, dir); err != nil {
			hint := ""
			if bad, ok := errors.AsType[invalid](err); ok && bad.hint != "" {
				hint = "; " + bad.hint
			}
			found := fmt.Sprintf(" (found %.80q)", it.text)
			if o.Secret {
				found = ""
			}
			l.errorf(it.at, "%s %v%s%s", o.Key, err, found, hint)
		}
	}
}

// renamed adds a warning about the use of an old name.
func (l *loader) renamed(at Origin, old, name string) {
	l.config.Warnings = append(l.config.Warnings, at.At.Errorf("%s is now called %s; rename it", old, name).String())
}

// errorf adds an error with its place.
func (l *loader) errorf(at Origin, format string, args ...any) {
	l.findings = append(l.findings, at.At.Errorf(format, args...))
}
