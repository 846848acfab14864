package config

import (
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/profile"
)

// Option describes one value that can be configured.
type Option struct {
	Key     string // key in sitegen.yaml; "girder.timeout" is the key timeout below the key girder
	OldKey  string // the former key, which is accepted with a warning; "" if there was none
	Flag    string // the flag without dashes; "" if there is none
	Group   string // heading in help and documentation
	Default string // in the form of the environment variable
	// FromProfile returns the default from the profile, or "" if it has none. It is nil for options that do not depend
	// on the project.
	FromProfile func(*profile.Profile) string
	// Derived returns the default from the values of other options. It is nil for options whose default is independent.
	Derived   func(*Config) string
	Value     string   // placeholder for the value of the flag in help: "FOLDER"; "" if there is none
	Usage     string   // one line for help
	Doc       string   // description in Markdown: meaning, unit, effect
	Words     []string // values with a meaning of their own, beside those that Kind describes
	NotInFile bool     // not allowed in the file, because it is a secret or for a single run
	Command   string   // the only command that has the flag; "" if several have it
	Secret    bool     // never printed

	field field
}

// Env returns the name of the option's environment variable.
func (o *Option) Env() string { return envOf(o.Key) }

func envOf(key string) string { return envPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_")) }

// Kind describes in a few words how a value is written: "text", "folder", "one of item, hashsum".
func (o *Option) Kind() string { return o.field.kind }

// Choices returns the possible values of an option that has only a few, and nil otherwise.
func (o *Option) Choices() []string { return o.field.choices }

// IsSwitch reports whether the option is a switch, whose flag needs no value.
func (o *Option) IsSwitch() bool { return o.field.kind == switchKind }

// Options lists all options, in the order of help and documentation.
func Options() []*Option { return slices.Clone(options) }

// find returns the option with a key, or nil if there is none.
func find(key string) *Option {
	for _, o := range options {
		if o.Key == key {
			return o
		}
	}
	return nil
}

// ConfigEnv is the environment variable that names the configuration file, like the flag --config.
const ConfigEnv = "SITEGEN_CONFIG"

// FileName is the name of the configuration file in a site folder.
const FileName = "sitegen.yaml"
