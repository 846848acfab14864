package config

import (
	"slices"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/profile"
	"github.com/Slicer/sitegen/generator/redirect/servers"
)

// Option is one thing that can be configured.
type Option struct {
	Key     string // in sitegen.yaml; "girder.timeout" is timeout below girder
	OldKey  string // the key it had before, which is read with a warning; "" when it had no other
	Flag    string // of the commands that take it; "" when none does
	Group   string // heading in help and documentation
	Default string // as one would write it in the environment
	// FromProfile is the default where the profile has one, "" where it has none; nil for options that do not depend
	// on the project.
	FromProfile func(*profile.Profile) string
	Value       string // stands for the value after the flag in help: "FOLDER"; "" where there is none
	Usage       string // one line for help
	Doc         string // Markdown: what it is, in which unit, what it does
	NotInFile   bool   // only as a flag or in the environment: for a single run, or a secret
	Command     string // the only command that takes the flag; "" when others do
	Secret      bool   // never printed

	field field
}

// Env is the environment variable of the option.
func (o *Option) Env() string { return envOf(o.Key) }

func envOf(key string) string { return envPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_")) }

// serverTitles lists the names of the servers and what they are.
func serverTitles() string {
	var list []string
	for _, s := range servers.All() {
		list = append(list, "`"+s.Name()+"` ("+s.Describe().Title+")")
	}
	return strings.Join(list, ", ")
}

// Kind says in a few words how a value is written: "text", "folder", "one of item, hashsum".
func (o *Option) Kind() string { return o.field.kind }

// Choices lists the possible values where they can be listed.
func (o *Option) Choices() []string { return o.field.choices }

// IsSwitch reports whether the option is on or off, so that its flag needs no value.
func (o *Option) IsSwitch() bool { return o.field.kind == switchKind }

// Options lists all options, in the order of help and documentation.
func Options() []*Option { return slices.Clone(options) }

// find returns the option of a key; nil when there is none.
func find(key string) *Option {
	for _, o := range options {
		if o.Key == key {
			return o
		}
	}
	return nil
}

// ConfigEnv is the environment variable that names the configuration file, as the flag --config does.
const ConfigEnv = "SITEGEN_CONFIG"

// FileName is the configuration file in a site folder.
const FileName = "sitegen.yaml"

var options = []*Option{
	{
		Key: "profile", Group: "Site", Default: profile.Default,
		Usage: "project that the site is for: a profile that is built in, or a file",
		Doc: "The project that the site is for: the path of a YAML file that describes it ([profile.md](profile.md)), or the name of a profile " +
			"that is part of the program. It says what the project is called, which systems and architectures its packages are for, and where " +
			"they are listed.",
		field: one("name or file", func(c *Config) *string { return &c.ProfileName }, profileName, same),
	},
	{
		Key: "title", Group: "Site", FromProfile: func(p *profile.Profile) string { return p.Title },
		Usage: "title of the site",
		Doc:   "Title of the site, for the head of every page and the feeds.",
		field: text(func(c *Config) *string { return &c.Title }, notEmpty, oneLine),
	},
	{
		Key: "project", Group: "Site", FromProfile: func(p *profile.Profile) string { return p.Project },
		Usage: "name of the software",
		Doc:   "Name of the software, as it stands in sentences.",
		field: text(func(c *Config) *string { return &c.Project }, notEmpty, oneLine),
	},
	{
		Key: "description", Group: "Site", FromProfile: func(p *profile.Profile) string { return p.Description },
		Usage: "one sentence for search engines",
		Doc:   "One sentence that search engines show below the title.",
		field: text(func(c *Config) *string { return &c.Description }, oneLine),
	},
	{
		Key: "base_url", Flag: "base-url", Group: "Site", FromProfile: func(p *profile.Profile) string { return p.BaseURL },
		Value: "URL",
		Usage: "address under which the site is published",
		Doc: "Where the site is published: scheme and host, `https://download.example.org`. It has no path, because the download API " +
			"answers at the root of a host. Feeds, the sitemap and canonical links are made with it; links between pages are not.",
		field: one("URL", func(c *Config) *string { return &c.BaseURL }, baseURL, same),
	},
	{
		Key: "notice", Group: "Site",
		Usage: "maintenance notice, in Markdown",
		Doc:   "Markdown for the top of every page, for instance to announce a maintenance. Empty: no notice.",
		field: text(func(c *Config) *string { return &c.Notice }),
	},

	{
		Key: "source", Flag: "source", Group: "Packages", FromProfile: func(p *profile.Profile) string { return p.Source },
		Value: "URL",
		Usage: "where packages are listed: a Girder API, a packages.json, a saved listing, or sample",
		Doc: "Where the packages are listed: the URL of a Girder API; the URL or path of a [packages.json](packages-json.md), which any build system can write; " +
			"a file that holds a saved answer of Girder's `/app/<id>/package?limit=0`; or `sample`, a small catalogue that is part of the program. " +
			"A data folder holds either the sample or a real catalogue.",
		field: one("URL, file or sample", func(c *Config) *string { return &c.Source }, source, same),
	},
	{
		Key: "app", Flag: "app", Group: "Packages", FromProfile: func(p *profile.Profile) string { return p.App },
		Value: "ID",
		Usage: "application whose packages are published, by its id in Girder",
		Doc: "The `_id` of the application's folder in Girder, 24 hex digits. Packages of other applications are held back. " +
			"Sources other than Girder have no applications.",
		field: text(func(c *Config) *string { return &c.App }, appID),
	},
	{
		Key: "source_header", Group: "Packages", NotInFile: true, Secret: true,
		Usage: "request header for a source behind a login: \"Girder-Token: …\"",
		Doc: "A header that requests to the source carry, for sources behind a login: `Girder-Token: …` or `Authorization: Bearer …`. Only as " +
			"an environment variable, so that it is in no file and in no list of processes. It is sent over https, or to this machine, and nowhere else.",
		field: text(func(c *Config) *string { return &c.SourceHeader }, header),
	},
	{
		Key: "source_header_file", Group: "Packages",
		Usage: "file that holds such a header",
		Doc:   "A file whose first line is such a header, for cron. Make it readable for the user who runs sitegen alone.",
		field: file(func(c *Config) *string { return &c.SourceHeaderFile }),
	},
	{
		Key: "girder.api", Group: "Packages",
		Usage: "API that files of a saved listing are fetched from",
		Doc: "The base of the Girder API that the files of a saved listing are fetched from, `https://…/api/v1`. Empty: for the application of the " +
			"profile, the profile's; else the one that this data folder read last. Without any of these a saved listing cannot be built.",
		field: text(func(c *Config) *string { return &c.Girder.API }, apiBase),
	},
	{
		Key: "girder.download", Group: "Packages", Default: "file",
		Usage: "where downloads lead",
		Doc: "Where `/bitstream/<id>` leads. `file`: to the file by its own id, so that downloads can be resumed and have the right name; to the item " +
			"where the file's id is not known. A file that is uploaded again has another id: until the next build, its old one answers 400. " +
			"`item`: to the item's file, for every package; resuming such a download starts over. `hashsum`: to the file by its SHA-512, where that is known; " +
			"a package that was promoted by copying has its draft's file name then.",
		field: choice(func(c *Config) *string { return &c.Girder.Download }, "file", "item", "hashsum"),
	},
	{
		Key: "girder.timeout", Group: "Packages", Default: "3m",
		Usage: "time limit of one request",
		Doc: "How long one request to Girder may take, from the connection to the last byte of the answer, before it is given up and tried again. " +
			"A number with its unit: `90s`, `3m`.",
		field: duration(func(c *Config) *time.Duration { return &c.Girder.Timeout }),
	},
	{
		Key: "girder.max_size", Group: "Packages", Default: "64MiB",
		Usage: "largest listing that is read",
		Doc: "The largest listing that is read, after decompression: bytes, or a number with its unit, `64MiB`. A larger one is refused. " +
			"The listing of 700 packages has 0.6 MiB.",
		field: size(func(c *Config) *Size { return &c.Girder.MaxSize }),
	},
	{
		Key: "girder.retries", Group: "Packages", Default: "3",
		Usage: "further tries of a request",
		Doc:   "How often a request is tried again after a network error or an answer 429 or 5xx, with growing pauses. `0`: never.",
		field: number(func(c *Config) *int { return &c.Girder.Retries }, 0, 10),
	},
	{
		Key: "offline", Flag: "offline", Group: "Packages", Default: "false",
		Usage: "use the stored catalogue; do not contact the source",
		Doc:   "Build from the catalogue in the data folder, without contacting the source.",
		field: onOff(func(c *Config) *bool { return &c.Offline }),
	},
	{
		Key: "force", Flag: "force", Group: "Packages", Default: "false", NotInFile: true,
		Usage: "publish what the gate refuses, replace files in the way",
		Doc: "Publish a catalogue that the gate refuses: empty, without packages for an operating system, a fifth smaller, or with an older newest release. " +
			"Replace files that are in the way of the site's own. " +
			"For one run, after a look at the source; it cannot be set in the file, where it would stay.",
		field: onOff(func(c *Config) *bool { return &c.Force }),
	},

	{
		Key: "out", Flag: "out", Group: "Folders", Default: "public",
		Value: "FOLDER",
		Usage: "generated site",
		Doc:   "Folder of the generated site, the `root` of the web server. Files that sitegen did not write stay as they are.",
		field: folder(func(c *Config) *string { return &c.Out }),
	},
	{
		Key: "redirects", Flag: "redirects", Group: "Folders", Default: "redirects",
		Value: "FOLDER",
		Usage: "web server's configuration",
		Doc:   "Folder of the web server's configuration, in one folder for each kind of server (`nginx/`). Meant to be kept in version control.",
		field: folder(func(c *Config) *string { return &c.Redirects }),
	},
	{
		Key: "data", Flag: "data", Group: "Folders", Default: "var",
		Value: "FOLDER",
		Usage: "catalogue of packages",
		Doc:   "Folder of `catalogue.sqlite`, the packages and their history. Keep it out of the web server's reach, and in the backup.",
		field: folder(func(c *Config) *string { return &c.Data }),
	},
	{
		Key: "content", Group: "Folders", Default: "content",
		Usage: "pages in Markdown",
		Doc:   "Folder of the pages in Markdown. A file here takes the place of the one that is part of the program; the folder need not exist.",
		field: folder(func(c *Config) *string { return &c.Content }),
	},
	{
		Key: "layouts", Group: "Folders", Default: "layouts",
		Usage: "templates, partials and assets",
		Doc: "Folder of the templates, partials and assets. A file here takes the place of the one that is part of the program; " +
			"the folder need not exist.",
		field: folder(func(c *Config) *string { return &c.Layouts }),
	},

	{
		Key: "servers", OldKey: "targets", Group: "Redirects", Default: strings.Join(servers.Default(), ","),
		Usage: "servers to write redirects for",
		Doc: "The web servers to write redirects for, each in a folder of its own below the redirects folder: " + serverTitles() + ". " +
			"[redirects.md](redirects.md) says what each can answer. The key's older name, `targets`, is still read.",
		field: choiceList(func(c *Config) *[]string { return &c.Servers }, servers.Names()...),
	},
	{
		Key: "redirect_hosts", Group: "Redirects",
		Usage: "hosts that redirect rules may lead to",
		Doc:   "The hosts, beside the site's own, that rules in `rules.txt` may lead to: `[www.example.org, forum.example.org]`. A rule that leads elsewhere stops the build.",
		field: many("list of hosts", ",", func(c *Config) *[]string { return &c.RedirectHosts }, hostName, same),
	},
	{
		Key: "jobs", Flag: "jobs", Group: "Running", Default: "0",
		Value: "N",
		Usage: "pages rendered at once; 0 for one per processor",
		Doc:   "How many pages are rendered at once. `0`: one for each processor. The result is the same.",
		field: number(func(c *Config) *int { return &c.Jobs }, 0, 256),
	},
	{
		Key: "precompress", Group: "Running", Default: "gzip,br",
		Usage: "compressed copies beside the files",
		Doc:   "Which compressed copies to write beside the files, for servers that send them as they are. `[]`: none.",
		field: choiceList(func(c *Config) *[]string { return &c.Precompress }, "gzip", "br"),
	},
	{
		Key: "after_change", Group: "Running",
		Usage: "commands to run after the web server's configuration changed",
		Doc: "Commands to run, in this order, when files in the redirects folder changed: `nginx -t`, then `nginx -s reload`. " +
			"If the first does not succeed, the files are put back as they were. Each is one line, divided into words as in a shell " +
			"(spaces, quotes and backslashes), but run without one: for pipes, variables or `&&` write `sh -c '…'`. In the environment variable, " +
			"one command to a line.",
		field: commandList(func(c *Config) *[]Command { return &c.AfterChange }),
	},

	{
		Key: "stats.geoip", Flag: "geoip", Group: "Statistics", Command: "stats",
		Value: "FILE",
		Usage: "GeoIP database of cities (.mmdb); twice for IPv4 and IPv6 apart",
		Doc: "MaxMind DB files that tell where an address is, in the order in which they are asked; two for IPv4 and IPv6 apart. " +
			"In the environment variable, separated by commas. Empty: the one that `sitegen stats geoip-update` has fetched; " +
			"where there is none, countries are unknown.",
		field: fileList(func(c *Config) *[]string { return &c.Stats.GeoIP }),
	},
	{
		Key: "stats.geoip_attribution", Flag: "geoip-attribution", Group: "Statistics", Command: "stats",
		Value: "HTML",
		Usage: "what the database's licence asks for (default: by what the file says)",
		Doc: "HTML that the licence of the GeoIP database asks to be shown. Empty: by what the file says of itself, " +
			"which is enough for the databases of MaxMind and DB-IP.",
		field: text(func(c *Config) *string { return &c.Stats.Attribution }, oneLine),
	},
	{
		Key: "stats.log_formats", Flag: "log-line", Group: "Statistics", Command: "stats",
		Value: "FORMAT",
		Usage: "log_format of Nginx that lines may have, besides the formats that are recognised",
		Doc: "Formats that lines of logs may have, besides those that are recognised, each as in `log_format` of Nginx: " +
			"`['$remote_addr [$time_iso8601] \"$request\" $status \"$http_user_agent\"']`. In the environment variable, one to a line.",
		field: many("list of log formats", "\n", func(c *Config) *[]string { return &c.Stats.LogFormats }, logFormat, same),
	},
	{
		Key: "stats.json_fields.address", Group: "Statistics", Command: "stats",
		Usage: "field of JSON lines with the address of the visitor",
		Doc:   "The field that holds the address of the visitor in logs of JSON lines. Empty: one of `remote_addr`, `client_ip`, `remote_ip`, `c-ip`.",
		field: text(func(c *Config) *string { return &c.Stats.JSONFields.Address }, oneLine),
	},
	{
		Key: "stats.json_fields.time", Group: "Statistics", Command: "stats",
		Usage: "field of JSON lines with the time",
		Doc:   "The field that holds the time in logs of JSON lines. Empty: one of `time_local`, `time_iso8601`, `time`, `timestamp`, `@timestamp`, `ts`, `msec`.",
		field: text(func(c *Config) *string { return &c.Stats.JSONFields.Time }, oneLine),
	},
	{
		Key: "stats.json_fields.request", Group: "Statistics", Command: "stats",
		Usage: "field of JSON lines with the whole request line",
		Doc:   "The field that holds the whole request line, `GET /x HTTP/1.1` in logs of JSON lines. Empty: one of `request`.",
		field: text(func(c *Config) *string { return &c.Stats.JSONFields.Request }, oneLine),
	},
	{
		Key: "stats.json_fields.method", Group: "Statistics", Command: "stats",
		Usage: "field of JSON lines with the method",
		Doc:   "The field that holds the method, where there is no request line in logs of JSON lines. Empty: one of `request_method`, `method`, `cs-method`.",
		field: text(func(c *Config) *string { return &c.Stats.JSONFields.Method }, oneLine),
	},
	{
		Key: "stats.json_fields.path", Group: "Statistics", Command: "stats",
		Usage: "field of JSON lines with the path",
		Doc:   "The field that holds the path, where there is no request line in logs of JSON lines. Empty: one of `request_uri`, `uri`, `url`, `path`, `cs-uri-stem`.",
		field: text(func(c *Config) *string { return &c.Stats.JSONFields.Path }, oneLine),
	},
	{
		Key: "stats.json_fields.status", Group: "Statistics", Command: "stats",
		Usage: "field of JSON lines with the status of the answer",
		Doc:   "The field that holds the status of the answer in logs of JSON lines. Empty: one of `status`, `sc-status`.",
		field: text(func(c *Config) *string { return &c.Stats.JSONFields.Status }, oneLine),
	},
	{
		Key: "stats.json_fields.agent", Group: "Statistics", Command: "stats",
		Usage: "field of JSON lines with the user agent",
		Doc:   "The field that holds the user agent in logs of JSON lines. Empty: one of `http_user_agent`, `user_agent`, `agent`, `cs(User-Agent)`.",
		field: text(func(c *Config) *string { return &c.Stats.JSONFields.Agent }, oneLine),
	},
	{
		Key: "stats.user_agents", Flag: "user-agents", Group: "Statistics", Command: "stats",
		Value: "FILE",
		Usage: "newer user agent rules, regexes.yaml of ua-parser",
		Doc:   "File with user agent rules, `regexes.yaml` of ua-parser, in place of those of the program.",
		field: file(func(c *Config) *string { return &c.Stats.UserAgents }),
	},
	{
		Key: "stats.privacy", Flag: "privacy", Group: "Statistics", Default: "keyed", Command: "stats",
		Value: "keyed|daily|full",
		Usage: "what is kept of an address",
		Doc: "What is kept of an address. `keyed`: a hash with a key in the data folder. `daily`: a hash with a key that is deleted after the day; " +
			"format 1.0 is then off. `full`: the hash, and the address.",
		field: choice(func(c *Config) *string { return &c.Stats.Privacy }, "keyed", "daily", "full"),
	},
	{
		Key: "stats.min_country", Flag: "min-country", Group: "Statistics", Default: "5", Command: "stats",
		Value: "N",
		Usage: "downloads a month below which a country is published among others",
		Doc:   "Countries with fewer downloads in a month are published together, as others. `0`: none are.",
		field: number(func(c *Config) *int { return &c.Stats.MinCountry }, 0, 1_000_000),
	},
	{
		Key: "stats.legacy", Flag: "legacy", Group: "Statistics", Default: "true", Command: "stats",
		Usage: "publish the statistics of format 1.0, too, if the profile names their file",
		Doc:   "Publish the statistics of format 1.0, too, for the programs that read them, if the profile names their file (`legacy_statistics`).",
		field: onOff(func(c *Config) *bool { return &c.Stats.Legacy }),
	},

	{
		Key: "listen", Flag: "listen", Group: "Preview", Default: "127.0.0.1:8080", Command: "serve",
		Value: "HOST:PORT",
		Usage: "where the preview is served",
		Doc: "Where `sitegen serve` listens: host and port. Without a host (`:8080`) other machines can see the preview too. " +
			"Port `0`: one that is free.",
		field: one("host and port", func(c *Config) *string { return &c.Preview.Listen }, address, same),
	},
	{
		Key: "allow_hosts", Flag: "allow-host", Group: "Preview", Command: "serve",
		Value: "HOST",
		Usage: "name by which the preview may be asked for",
		Doc: "Names by which a preview may be asked for, beside `localhost` and addresses. A request for another name is refused, " +
			"so that a page on the Internet cannot read the preview through a name of its own.",
		field: many("list of hosts", ",", func(c *Config) *[]string { return &c.Preview.AllowedHosts }, hostName, same),
	},
	{
		Key: "as", Flag: "as", Group: "Preview", Default: servers.Names()[0], Command: "serve", NotInFile: true,
		Value: "SERVER",
		Usage: "answer as this server would: " + strings.Join(servers.Names(), ", "),
		Doc: "The server that the preview emulates, its limits included. `s3` is a bucket's website endpoint. For `cloudfront` " +
			"the generated function itself is run.",
		field: choice(func(c *Config) *string { return &c.Preview.As }, servers.Names()...),
	},
	{
		Key: "drafts", Flag: "drafts", Group: "Preview", Default: "false", Command: "serve", NotInFile: true,
		Usage: "show drafts",
		Doc:   "Show pages with `draft: true`. A build never publishes them.",
		field: onOff(func(c *Config) *bool { return &c.Preview.Drafts }),
	},
	{
		Key: "future", Flag: "future", Group: "Preview", Default: "false", Command: "serve", NotInFile: true,
		Usage: "show pages whose day is yet to come",
		Doc:   "Show pages with a `date` after today (UTC). A build publishes them when the day has come.",
		field: onOff(func(c *Config) *bool { return &c.Preview.Future }),
	},
	{
		Key: "refresh", Flag: "refresh", Group: "Preview", Default: "never", Command: "serve",
		Value: "DURATION",
		Usage: "how often to fetch the packages again",
		Doc:   "How often `sitegen serve` fetches the packages again: a number with its unit, `15m`, or `never`.",
		field: durationOrNever(func(c *Config) *time.Duration { return &c.Preview.Refresh }),
	},
	{
		Key: "poll", Flag: "poll", Group: "Preview", Default: "false", Command: "serve",
		Usage: "look for changed files twice a second",
		Doc: "Look for changed files twice a second rather than wait to be told. Needed on some file systems: those of other machines, " +
			"and folders that a container shares with its host.",
		field: onOff(func(c *Config) *bool { return &c.Preview.Poll }),
	},
	{
		Key: "open", Flag: "open", Group: "Preview", Default: "false", Command: "serve", NotInFile: true,
		Usage: "open the preview in a browser",
		Doc:   "Open the preview in the browser of this machine.",
		field: onOff(func(c *Config) *bool { return &c.Preview.Open }),
	},
	{
		Key: "log_format", Flag: "log-format", Group: "Messages", Default: "text",
		Value: "text|json",
		Usage: "form of messages",
		Doc:   "How messages are written to standard error: `text` for people, `json` for log collectors, one object to a line.",
		field: choice(func(c *Config) *string { return &c.LogFormat }, "text", "json"),
	},
}
