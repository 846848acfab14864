// Package config reads the configuration of a site.
//
// A value comes from the first place that sets it: a command-line flag, an environment variable SITEGEN_*, the file
// sitegen.yaml in the site folder, the profile, the default. Config stores the origin of every value. For example, with
//
//	jobs: 2                             # in sitegen.yaml
//	SITEGEN_JOBS=4 sitegen build        # on the command line
//
// Jobs is 4, and Origin("jobs") is "environment SITEGEN_JOBS".
//
// One table (Options) lists everything that can be configured. Reading, checking, printing, the help of the flags and
// docs/configuration.md all use it: a new option is one entry in options.go and one field of Config.
//
// Nothing is ignored silently. Unknown keys and variables, malformed values and values out of range are errors. Load
// reports all of them at once, each with its place.
package config

import (
	"time"

	"github.com/Slicer/sitegen/generator/deploy/objects"
	"github.com/Slicer/sitegen/generator/profile"
	"github.com/Slicer/sitegen/generator/redirect"
)

// Config is a validated configuration. Its paths can be opened as they are: they are absolute, or relative to the
// working directory.
type Config struct {
	File     string   // the configuration file; it may be missing if the user did not name it
	Overlay  string   // the file that replaces some of its values; "" for none
	Warnings []string // deprecated spellings that were accepted, each with its place

	ProfileName string           // a built-in profile, or the path of a file
	Profile     *profile.Profile // nil if it cannot be read

	Name        string   // lower-case letters and digits: distinguishes the sites of one web server
	Title       string   // title of the site
	Project     string   // name of the software
	Description string   // one sentence for search engines
	Languages   []string // codes, such as en; the one at the root of the site first
	BaseURL     string   // scheme and host, without a trailing slash
	Notice      string   // Markdown for the top of every page; "" for none
	Logo        string   // path of an SVG or PNG file, as is Icon; "" for that of the layouts
	Icon        string
	Colors      Colors
	Font        string // value of the CSS property font-family; "" for that of the layouts

	Source           string // a Girder API base, a packages.json, a file, or "sample"
	SourceHeader     string // "Name: value", a secret; "" for none
	SourceHeaderFile string // path of a file that contains such a header; "" for none
	App              string // 24 lower-case hex digits: the Girder application to publish; "" for other sources
	Girder           Girder
	Offline          bool // use the stored catalogue; do not contact the source
	Force            bool // publish a catalogue even if the gate refuses it

	Out       string // folder of the generated site
	Redirects string // folder of the web server's configuration
	Data      string // folder of the catalogue
	Content   string // folder of the Markdown pages
	Layouts   string // folder of the templates and assets

	Servers       []string // names of the servers to write redirects for
	RedirectHosts []string // hosts that redirect rules may lead to
	// Headers holds headers of all responses, besides and instead of the defaults; see redirect.Headers.
	Headers []redirect.Header

	Jobs        int       // pages rendered at once; 0 means one per processor
	Precompress []string  // "gzip", "br"
	AfterChange []Command // run in this order when maps changed
	// AfterChangeTimeout is the time limit of each command.
	AfterChangeTimeout time.Duration
	LogFormat          string // "text" or "json"

	Metrics    string        // path of the file for Prometheus; "" for none
	AlertEvery time.Duration // with --cron: pause before the same error is printed again

	Stats   Stats
	Preview Preview
	Deploy  Deploy
	Backup  Backup

	GitHubToken string // for backups in releases of GitHub, a secret; "" for none

	origins map[string]Origin // by key of the option
}

// Colors holds colours of the site, #rrggbb; "" for those of the layouts.
type Colors struct {
	Accent     string // links and buttons
	AccentDark string // the same in the dark colour scheme
}

// Girder configures the requests to a Girder server.
type Girder struct {
	API      string        // base of the API from which the files of a saved listing are downloaded; "" if not set
	Download string        // "file", "item" or "hashsum": what /bitstream/<id> redirects to
	Timeout  time.Duration // time limit of one request, including the body of the answer
	MaxSize  Size          // maximum size of the listing, after decompression
	Retries  int           // further attempts after the first
}

// Stats configures how sitegen stats counts downloads. A build does not use it.
type Stats struct {
	GeoIP       []string   // MaxMind DB files, in the order in which they are searched
	Attribution string     // HTML that their licence requires; "" to derive it from the files
	LogFormats  []string   // formats of log lines (Nginx's or Apache's syntax), tried before the built-in ones
	JSONFields  JSONFields // field names of logs in JSON lines
	Proxies     int        // trusted proxies in front of the server; 0 if unknown
	UserAgents  string     // file with user agent rules; "" for the built-in ones
	Privacy     string     // "keyed", "daily" or "full": what is stored of an address
	MinCountry  int        // countries with fewer downloads a month are published together as "others"
	Legacy      bool       // publish format 1.0, too
}

// JSONFields names the fields of a log in JSON lines; "" for the usual names.
type JSONFields struct {
	Address, Time, Request, Method, Path, Status, Agent string
}

// Preview configures sitegen serve. A build does not use it.
type Preview struct {
	Listen       string        // host:port
	AllowedHosts []string      // extra host names the preview answers to, besides localhost and IP addresses
	As           string        // name of the server that the preview emulates
	Drafts       bool          // show drafts
	Future       bool          // show pages with a date in the future
	Refresh      time.Duration // interval between fetches of the packages; 0 for never
	Poll         bool          // check the files twice a second, for file systems that do not report changes
	Open         bool          // open a browser
}

// Deploy configures sitegen deploy. A build does not use it.
type Deploy struct {
	Target     string         // CloudFront or S3Website
	Bucket     string         // name of the bucket; "" if not set
	Store      string         // ARN of the key-value store; "" if not set
	Edition    string         // name of the edition to deploy
	Hosts      []EditionHost  // hosts of other editions than production
	Headers    []objects.Rule // headers of files, besides the defaults
	Keep       int            // number of deploys that are kept, of each edition
	MaxDeletes int            // objects that are deleted at once
	Uploads    int            // objects that are uploaded at the same time
}

// Backup configures sitegen backup and sitegen restore. A build does not use it.
type Backup struct {
	Target     string   // see place.Address; "" if not set
	Recipients []string // public keys of age, for which the key of visitors is encrypted
	Keep       int      // number of backups that are kept
}

// The targets of deploys.
const (
	CloudFront = "cloudfront"
	S3Website  = "s3-website"
)

// EditionHost is a host of an edition.
type EditionHost struct{ Host, Edition string }

// Size is a number of bytes.
type Size int64

// Command is a program to run, without a shell.
type Command struct {
	Text string   // as written in the configuration
	Args []string // the program and its arguments; at least one
}

// Origin returns the origin of the value of the option with the given key.
func (c *Config) Origin(key string) Origin { return c.origins[key] }
