// Package config reads the configuration of a site.
//
// A value comes from the first of these that has it: a flag of the command line, an environment variable
// SITEGEN_*, the file sitegen.yaml in the site folder, the default. Config keeps with every value where
// it came from.
//
// One table (Options) lists everything that can be configured. Reading, checking, printing, the help of
// the flags and docs/configuration.md are all made from it: a new option is one entry in options.go and
// one field of Config.
//
// Nothing is ignored in silence. Unknown keys and variables, values of the wrong shape and values out of
// range are errors that say where they are, and Load reports all of them at once.
package config

import (
	"time"

	"github.com/Slicer/sitegen/generator/profile"
)

// Config is a checked configuration. Folders are ready to be opened: absolute, or relative to the working
// directory.
type Config struct {
	File     string   // the configuration file; one that nobody named need not exist
	Warnings []string // what is read but should be written otherwise, each with its place

	ProfileName string           // a built-in profile, or the path of a file
	Profile     *profile.Profile // nil when it cannot be read

	Title       string // of the site
	Project     string // the name of the software
	Description string // one sentence for search engines
	BaseURL     string // scheme and host, no slash at the end
	Notice      string // Markdown for the top of every page; "" for none

	Source           string // a Girder API base, a packages.json, a file, or "sample"
	SourceHeader     string // "Name: value", a secret; "" for none
	SourceHeaderFile string // that holds one; "" for none
	App              string // 24 lower-case hex digits: the Girder application to publish; "" for other sources
	Girder           Girder
	Offline          bool // build from the stored catalogue
	Force            bool // publish what the gate would refuse

	Out       string // folder of the generated site
	Redirects string // folder of the web server's configuration
	Data      string // folder of the catalogue
	Content   string // folder of the Markdown pages
	Layouts   string // folder of the templates and assets

	Servers       []string // names of the servers to write redirects for
	RedirectHosts []string // hosts that redirect rules may lead to

	Jobs        int       // pages rendered at once; 0 is one for each processor
	Precompress []string  // "gzip", "br"
	AfterChange []Command // run in this order when maps changed
	LogFormat   string    // "text" or "json"

	Stats   Stats
	Preview Preview

	origins map[string]Origin // by key of the option
}

// Girder is how the Girder server is asked.
type Girder struct {
	API      string        // base of the API that files of a saved listing are fetched from; "" when not configured
	Download string        // "file", "item" or "hashsum": where /bitstream/<id> leads
	Timeout  time.Duration // for one request, answer included
	MaxSize  Size          // of the listing
	Retries  int           // further tries after the first
}

// Stats is how sitegen stats counts downloads. Nothing of it has a part in a build.
type Stats struct {
	GeoIP       []string   // MaxMind DB files, in the order in which they are asked
	Attribution string     // HTML that their licence asks for; "" to tell by the files
	LogFormats  []string   // formats of log lines, as Nginx's log_format has them, tried before those known
	JSONFields  JSONFields // of logs in JSON lines
	UserAgents  string     // file with user agent rules; "" for those of the program
	Privacy     string     // "keyed", "daily" or "full": what is kept of an address
	MinCountry  int        // downloads a month below which a country is published among others
	Legacy      bool       // publish format 1.0 too
}

// JSONFields names the fields of a log in JSON lines; "" for those that are usual.
type JSONFields struct {
	Address, Time, Request, Method, Path, Status, Agent string
}

// Preview is how sitegen serve shows the site. Nothing of it has a part in a build.
type Preview struct {
	Listen       string        // host:port
	AllowedHosts []string      // names that requests may ask for, beside localhost and addresses
	As           string        // name of the server that is emulated
	Drafts       bool          // show drafts
	Future       bool          // show pages whose day is yet to come
	Refresh      time.Duration // between fetches of the packages; 0 for never
	Poll         bool          // look at the files twice a second, where the file system has no events
	Open         bool          // open a browser
}

// Size is a number of bytes.
type Size int64

// Command is a program to run, without a shell.
type Command struct {
	Text string   // as the configuration has it
	Args []string // the program and its arguments; at least one
}

// Origin says where the value of the option with that key came from.
func (c *Config) Origin(key string) Origin { return c.origins[key] }
