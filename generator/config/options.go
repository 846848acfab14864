package config

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/deploy/objects"
	"github.com/Slicer/sitegen/generator/language"
	"github.com/Slicer/sitegen/generator/profile"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/servers"
)

// options is the table of all options, in the order of help and documentation.
var options = slices.Concat([]*Option{
	{
		Key: "profile", Group: "Site", Default: profile.Default,
		Usage: "project that the site is for: a built-in profile, or a file",
		Doc: "The project that the site is for: the path of a YAML file that describes it " +
			"([profile.md](profile.md)), or the name of a built-in profile. It sets the name of the project, the " +
			"systems and architectures of its packages, and where they are listed.",
		field: one("name or file", func(c *Config) *string { return &c.ProfileName }, profileName, same),
	},
	{
		Key: "title", Group: "Site", FromProfile: func(p *profile.Profile) string { return p.Title },
		Usage: "title of the site",
		Doc:   "Title of the site, shown in the head of every page and in the feeds.",
		field: text(func(c *Config) *string { return &c.Title }, notEmpty, oneLine),
	},
	{
		Key: "project", Group: "Site", FromProfile: func(p *profile.Profile) string { return p.Project },
		Usage: "name of the software",
		Doc:   "Name of the software, as used in sentences.",
		field: text(func(c *Config) *string { return &c.Project }, notEmpty, oneLine),
	},
	{
		Key: "description", Group: "Site", FromProfile: func(p *profile.Profile) string { return p.Description },
		Usage: "one sentence for search engines",
		Doc:   "One sentence that search engines show below the title.",
		field: text(func(c *Config) *string { return &c.Description }, oneLine),
	},
	{
		Key: "languages", Group: "Site", FromProfile: func(p *profile.Profile) string {
			return cmp.Or(strings.Join(p.Languages, ","), language.Base)
		},
		Usage: "languages of the pages",
		Doc: "The languages of the pages: `en`, `de`, or another one with a table of texts in " +
			"[layouts/languages/](layouts.md#languages). The pages of the first language are at the root of the " +
			"site, those of the others below `/de/`. Error pages, pages for queries such as `/?version=5.12`, feeds " +
			"and the API have the first language.",
		field: languageList(func(c *Config) *[]string { return &c.Languages }),
	},
	{
		Key: "base_url", Flag: "base-url", Group: "Site",
		FromProfile: func(p *profile.Profile) string { return p.BaseURL },
		Value:       "URL",
		Usage:       "address where the site is published",
		Doc: "Where the site is published: scheme and host, `https://download.example.org`. It has no path, because " +
			"the download API answers at the root of a host. Feeds, the sitemap and canonical links contain it; " +
			"links between pages do not.",
		field: one("URL", func(c *Config) *string { return &c.BaseURL }, baseURL, same),
	},
	{
		Key: "name", Group: "Site", Derived: func(c *Config) string { return siteName(c.BaseURL) },
		Usage: "name of the site in the web server's configuration",
		Doc: "The name of the site in the web server's configuration: up to 12 letters and digits, in lower case. " +
			"The sites of one Nginx need different names, because it is part of each variable's name: " +
			"`$sitegen_staging_os` for `staging`. The default consists of the first letters of the host in " +
			"`base_url` and of its hash, so sites with different hosts have different names; two sites with the same " +
			"`base_url` must set it. Changing the name changes every file of the configuration.",
		field: one("letters and digits", func(c *Config) *string { return &c.Name }, nameOf, same),
	},
	{
		Key: "notice", Group: "Site",
		Usage: "maintenance notice, in Markdown",
		Doc:   "Markdown shown at the top of every page, for instance to announce maintenance. Empty: no notice.",
		field: text(func(c *Config) *string { return &c.Notice }),
	},
	{
		Key: "logo", Group: "Site",
		Usage: "picture beside the name of the project",
		Doc: "Picture in the header of every page, beside the name of the project: an SVG or PNG file. Empty: " +
			"`logo.svg` or `logo.png` in `layouts/assets/`, if there is one.",
		field: picture(func(c *Config) *string { return &c.Logo }),
	},
	{
		Key: "icon", Group: "Site",
		Usage: "icon in the tabs of browsers",
		Doc: "Icon of the site in the tabs of browsers: an SVG or PNG file. Empty: `icon.svg` or `icon.png` in " +
			"`layouts/assets/`, else a built-in one.",
		field: picture(func(c *Config) *string { return &c.Icon }),
	},
	{
		Key: "colors.accent", Group: "Site",
		Usage: "colour of links and buttons",
		Doc: "Colour of links, buttons and the lines of charts, in hexadecimal digits and in quotes: `\"#0f766e\"`. " +
			"Text on buttons is black or white, whichever is easier to read. A build warns if the contrast to the " +
			"background is too low for text. Empty: the colour in `layouts/assets/`.",
		field: text(func(c *Config) *string { return &c.Colors.Accent }, hexColor),
	},
	{
		Key: "colors.accent_dark", Group: "Site",
		Usage: "the same in the dark colour scheme",
		Doc: "The same for visitors who prefer dark pages. Empty: `colors.accent`, as much lighter as needed for " +
			"text.",
		field: text(func(c *Config) *string { return &c.Colors.AccentDark }, hexColor),
	},
	{
		Key: "font", Group: "Site",
		Usage: "fonts of the text",
		Doc: "Fonts of the text, the preferred one first, as in the CSS property `font-family`: " +
			"`Inter, Segoe UI, sans-serif`. Visitors need one of them installed, or `layouts/assets/custom.css` loads " +
			"it with `@font-face` from a file in `layouts/assets/`. Empty: the fonts of the visitor's system.",
		field: text(func(c *Config) *string { return &c.Font }, fontFamily),
	},

	{
		Key: "source", Flag: "source", Group: "Packages",
		FromProfile: func(p *profile.Profile) string { return p.Source },
		Value:       "URL",
		Words:       []string{"sample"},
		Usage:       "list of packages: a Girder API, a packages.json, a saved listing, or sample",
		Doc: "Where the packages are listed: the URL of a Girder API; the URL or path of a " +
			"[packages.json](packages-json.md), which any build system can write; a file with a saved answer of " +
			"Girder's `/app/<id>/package?limit=0`; the database of the [old site](moving.md); or `sample`, a small " +
			"built-in catalogue. A data folder holds either the sample or a real catalogue, never both: the first " +
			"build with a real one replaces the sample.",
		field: one("URL, file or sample", func(c *Config) *string { return &c.Source }, source, same),
	},
	{
		Key: "app", Flag: "app", Group: "Packages", FromProfile: func(p *profile.Profile) string { return p.App },
		Value: "ID",
		Usage: "Girder id of the application whose packages are published",
		Doc: "The `_id` of the application's folder in Girder, 24 hex digits. Packages of other applications are " +
			"held back. Sources other than Girder have no applications.",
		field: text(func(c *Config) *string { return &c.App }, appID),
	},
	{
		Key: "source_header", Group: "Packages", NotInFile: true, Secret: true,
		Usage: "request header for a source behind a login: \"Girder-Token: …\"",
		Doc: "A header sent with every request to the source, for sources behind a login: `Girder-Token: …` or " +
			"`Authorization: Bearer …`. It can only be set as an environment variable, so that it appears in no file " +
			"and in no list of processes. It is only sent over https or to this machine.",
		field: text(func(c *Config) *string { return &c.SourceHeader }, header),
	},
	{
		Key: "source_header_file", Group: "Packages",
		Usage: "file that contains the request header",
		Doc: "A file whose first line is the request header, for runs from cron. Make it readable only for the " +
			"user who runs sitegen.",
		field: file(func(c *Config) *string { return &c.SourceHeaderFile }),
	},
	{
		Key: "girder.api", Group: "Packages",
		Usage: "API that the files of a saved listing are fetched from",
		Doc: "The base of the Girder API that the files of a saved listing are fetched from, `https://…/api/v1`. " +
			"Empty: for the profile's application, the profile's API; otherwise the API that this site read last. If " +
			"neither is known, a saved listing cannot be built.",
		field: text(func(c *Config) *string { return &c.Girder.API }, apiBase),
	},
	{
		Key: "girder.download", Group: "Packages", Default: "file",
		Usage: "what download links redirect to",
		Doc: "What `/bitstream/<id>` redirects to. `file`: the file by its own id, so that downloads can be resumed " +
			"and have the right name; if the file's id is unknown, the item. A file that is uploaded again gets a " +
			"new id: until the next build, the old id answers 400. `item`: the item's file, for every package; such " +
			"a download cannot be resumed, it starts over. `hashsum`: the file by its SHA-512, if known; a package " +
			"that was promoted by copying then has the file name of its draft.",
		field: choice(func(c *Config) *string { return &c.Girder.Download }, "file", "item", "hashsum"),
	},
	{
		Key: "girder.timeout", Group: "Packages", Default: "3m",
		Usage: "time limit of one request",
		Doc: "How long one request to Girder may take, from the connection to the last byte of the answer, before it " +
			"is aborted and retried. A number with its unit: `90s`, `3m`.",
		field: duration(func(c *Config) *time.Duration { return &c.Girder.Timeout }),
	},
	{
		Key: "girder.max_size", Group: "Packages", Default: "64MiB",
		Usage: "largest listing that is accepted",
		Doc: "The largest listing that is read, after decompression: bytes, or a number with its unit, `64MiB`. A " +
			"larger one is an error. As a guide, a listing of 700 packages has 0.6 MiB.",
		field: size(func(c *Config) *Size { return &c.Girder.MaxSize }),
	},
	{
		Key: "girder.retries", Group: "Packages", Default: "3",
		Usage: "retries of a failed request",
		Doc: "How often a request is retried after a network error or a status of 429 or 5xx, with increasing " +
			"pauses. `0`: never.",
		field: number(func(c *Config) *int { return &c.Girder.Retries }, 0, 10),
	},
	{
		Key: "offline", Flag: "offline", Group: "Packages", Default: "false",
		Usage: "use the stored catalogue; do not contact the source",
		Doc:   "Build from the catalogue in the data folder and do not contact the source.",
		field: onOff(func(c *Config) *bool { return &c.Offline }),
	},
	{
		Key: "force", Flag: "force", Group: "Packages", Default: "false", NotInFile: true,
		Usage: "publish a refused catalogue, replace files in the way",
		Doc: "Publish a catalogue that a build would refuse: one that is empty, lacks packages for an operating " +
			"system, has a fifth fewer packages, or has an older newest release. Also replace files in the public " +
			"folder that are in the way of the site's own. Use it for one run, after checking the source. It cannot " +
			"be set in the file, where it would stay in effect.",
		field: onOff(func(c *Config) *bool { return &c.Force }),
	},

	{
		Key: "out", Flag: "out", Group: "Folders", Default: "public",
		Value: "FOLDER",
		Usage: "folder of the generated site",
		Doc: "Folder of the generated site, the `root` of the web server. sitegen leaves files that it did not " +
			"write untouched.",
		field: folder(func(c *Config) *string { return &c.Out }),
	},
	{
		Key: "redirects", Flag: "redirects", Group: "Folders", Default: "redirects",
		Value: "FOLDER",
		Usage: "folder of the web server's configuration",
		Doc: "Folder of the web server's configuration, with one subfolder for each kind of server (`nginx/`). " +
			"Keep it in version control.",
		field: folder(func(c *Config) *string { return &c.Redirects }),
	},
	{
		Key: "data", Flag: "data", Group: "Folders", Default: "var",
		Value: "FOLDER",
		Usage: "folder of the catalogue of packages",
		Doc: "Folder of `catalogue.sqlite`, the packages and their history. Keep it out of the web server's reach. " +
			"`sitegen backup` copies what is in it ([backup.md](backup.md)).",
		field: folder(func(c *Config) *string { return &c.Data }),
	},
	{
		Key: "content", Group: "Folders", Default: "content",
		Usage: "pages in Markdown",
		Doc: "Folder of the pages in Markdown. A file here replaces the built-in one with the same name; the " +
			"folder may be missing.",
		field: folder(func(c *Config) *string { return &c.Content }),
	},
	{
		Key: "layouts", Group: "Folders", Default: "layouts",
		Usage: "templates, partials and assets",
		Doc: "Folder of the templates, partials and assets. A file here replaces the built-in one with the same " +
			"name; the folder may be missing.",
		field: folder(func(c *Config) *string { return &c.Layouts }),
	},

	{
		Key: "servers", OldKey: "targets", Group: "Redirects", Default: strings.Join(servers.Default(), ","),
		Usage: "servers to write redirects for",
		Doc: "The web servers to write redirects for, each in its own subfolder of the redirects folder: " +
			serverTitles() + ". " +
			"[redirects.md](redirects.md) describes what each can answer. The key's older name, `targets`, is still " +
			"accepted.",
		field: choiceList(func(c *Config) *[]string { return &c.Servers }, servers.Names()...),
	},
	{
		Key: "redirect_hosts", Group: "Redirects",
		Usage: "hosts that redirect rules may lead to",
		Doc: "The hosts, besides the site's own, that rules in `rules.txt` may lead to: `[www.example.org, " +
			"forum.example.org]`. A rule that leads to another host is an error.",
		field: many("list of hosts", ",", func(c *Config) *[]string { return &c.RedirectHosts }, hostName, same),
	},
	{
		Key: "headers", Group: "Redirects",
		Usage: "headers of all responses, besides those that protect visitors",
		Doc: "Headers of all responses, for instance `Strict-Transport-Security: max-age=31536000`, each on a " +
			"line of " +
			"its own. They replace " +
			"those that are sent by default, " + defaultHeaders() + "; one without a value is not sent. " +
			"[redirects.md](redirects.md#headers) describes the defaults, and which servers send them. In the " +
			"environment variable, write one per line.",
		field: pairs("keys and values", func(c *Config) *[]redirect.Header { return &c.Headers }, siteHeader,
			redirect.Header.String),
	},
	{
		Key: "jobs", Flag: "jobs", Group: "Running", Default: "0",
		Value: "N",
		Usage: "pages rendered at once; 0 for one per processor",
		Doc:   "How many pages are rendered at once. `0`: one per processor. The number does not change the result.",
		field: number(func(c *Config) *int { return &c.Jobs }, 0, 256),
	},
	{
		Key: "precompress", Group: "Running", Default: "gzip,br",
		Usage: "compressed copies to write next to the files",
		Doc: "The compressed copies to write next to the files, for servers that can send precompressed files. " +
			"`[]`: none.",
		field: choiceList(func(c *Config) *[]string { return &c.Precompress }, "gzip", "br"),
	},
	{
		Key: "after_change", Group: "Running",
		Usage: "commands to run after the web server's configuration changed",
		Doc: "Commands to run, in this order, when files in the redirects folder changed: `nginx -t`, then `nginx -s " +
			"reload`. If the first command fails, the previous files are restored. Each command is one line, split " +
			"into words as in a shell (spaces, quotes and backslashes), but run without a shell: for pipes, " +
			"variables or `&&` write `sh -c '…'`. In the environment variable, write one command per line.",
		field: commandList(func(c *Config) *[]Command { return &c.AfterChange }),
	},
	{
		Key: "after_change_timeout", Group: "Running", Default: "5m",
		Usage: "time limit of each command of after_change",
		Doc: "How long each command of `after_change` may take. After that time, the command and all processes that " +
			"it has started are stopped, and the command has failed. A number with its unit: `90s`, `5m`.",
		field: duration(func(c *Config) *time.Duration { return &c.AfterChangeTimeout }),
	},
	{
		Key: "metrics", Flag: "metrics", Group: "Running",
		Value: "FILE",
		Usage: "file for Prometheus, written after each run",
		Doc: "A file that each run of `build`, `stats`, `deploy` and `backup` replaces when it ends, also when it fails: " +
			"whether it succeeded, when, how long it took, and what it counted, for the textfile collector of " +
			"Prometheus' Node Exporter ([operations.md](operations.md#metrics)). The name ends in `.prom`, and each " +
			"site has a file of its own. Empty: none.",
		field: file(func(c *Config) *string { return &c.Metrics }),
	},
	{
		Key: "alert_every", Group: "Running", Default: "6h",
		Usage: "with --cron: pause before the same error is printed again",
		Doc: "With `--cron`, an error that lasts is printed once, and again after this time, so that cron does not " +
			"mail it after each run. A number with its unit, up to `24h`.",
		field: duration(func(c *Config) *time.Duration { return &c.AlertEvery }),
	},
}, statisticsOptions, []*Option{
	{
		Key: "listen", Flag: "listen", Group: "Preview", Default: "127.0.0.1:8080", Command: "serve",
		Value: "HOST:PORT",
		Usage: "address that the preview listens on",
		Doc: "The address that `sitegen serve` listens on: host and port. Without a host (`:8080`), other machines " +
			"can see the preview, too. Port `0`: any free port.",
		field: one("host and port", func(c *Config) *string { return &c.Preview.Listen }, address, same),
	},
	{
		Key: "allow_hosts", Flag: "allow-host", Group: "Preview", Command: "serve",
		Value: "HOST",
		Usage: "extra host name the preview answers to",
		Doc: "Host names the preview answers to, besides `localhost` and IP addresses. Requests for any other name " +
			"are refused, so that a page on the Internet cannot read the preview through a host name of its own (DNS " +
			"rebinding).",
		field: many("list of hosts", ",", func(c *Config) *[]string { return &c.Preview.AllowedHosts }, hostName, same),
	},
	{
		Key: "as", Flag: "as", Group: "Preview", Default: servers.Names()[0], Command: "serve", NotInFile: true,
		Value: "SERVER",
		Usage: "answer as this server would: " + strings.Join(servers.Names(), ", "),
		Doc: "The server that the preview emulates, including its limits. `s3` is a bucket's website endpoint. For " +
			"`cloudfront`, the preview runs the generated function itself, and shows what visitors see after `sitegen " +
			"deploy`.",
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
		Usage: "show pages with a date in the future",
		Doc:   "Show pages with a `date` after today (UTC). A build publishes them from that day on.",
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
		Usage: "check for changed files twice a second",
		Doc: "Check for changed files twice a second instead of waiting for events of the file system. Needed where " +
			"there are no such events: on network file systems, and in folders that a container shares with its host.",
		field: onOff(func(c *Config) *bool { return &c.Preview.Poll }),
	},
	{
		Key: "open", Flag: "open", Group: "Preview", Default: "false", Command: "serve", NotInFile: true,
		Usage: "open the preview in a browser",
		Doc:   "Open the preview in the browser of this machine.",
		field: onOff(func(c *Config) *bool { return &c.Preview.Open }),
	},
	{
		Key: "deploy.target", Group: "Deploying", Default: CloudFront,
		Usage: "where the site is deployed: CloudFront, or the website endpoint of a bucket",
		Doc: "Where `sitegen deploy` publishes the site: `cloudfront`, a distribution of CloudFront with a private " +
			"bucket and a key-value store, or `s3-website`, the website endpoint of a bucket, which has neither " +
			"editions nor rollbacks. [deploy.md](deploy.md) describes both.",
		field: choice(func(c *Config) *string { return &c.Deploy.Target }, CloudFront, S3Website),
	},
	{
		Key: "deploy.bucket", Flag: "bucket", Group: "Deploying", Command: "deploy",
		Value: "NAME",
		Usage: "bucket of the site",
		Doc:   "The name of the bucket that `sitegen deploy` uploads to.",
		field: text(func(c *Config) *string { return &c.Deploy.Bucket }, bucketName),
	},
	{
		Key: "deploy.store", Flag: "store", Group: "Deploying", Command: "deploy",
		Value: "ARN",
		Usage: "key-value store of the site",
		Doc: "The ARN of CloudFront's key-value store, `arn:aws:cloudfront::123456789012:key-value-store/…`. The " +
			"function of the distribution must be associated with it. Only for the target `cloudfront`.",
		field: text(func(c *Config) *string { return &c.Deploy.Store }, storeARN),
	},
	{
		Key: "deploy.edition", Flag: "edition", Group: "Deploying", Default: "production", Command: "deploy",
		Value: "NAME",
		Usage: "edition of the site: production, staging, the name of a branch",
		Doc: "The edition that is deployed: a site of its own in the same bucket and store, for instance `staging`. " +
			"Visitors see `production`; other editions are seen at the hosts in `deploy.hosts`. Up to 32 lower-case " +
			"letters, digits and hyphens. Only for the target `cloudfront`.",
		field: text(func(c *Config) *string { return &c.Deploy.Edition }, edition),
	},
	{
		Key: "deploy.hosts", Group: "Deploying",
		Usage: "hosts of editions other than production",
		Doc: "The hosts at which editions other than production are seen: `[staging.example.org staging]`. Each must " +
			"be an alternate domain name of the distribution. Only for the target `cloudfront`.",
		field: many("list of hosts with their editions", ",", func(c *Config) *[]EditionHost { return &c.Deploy.Hosts },
			editionHost, EditionHost.String),
	},
	{
		Key: "deploy.headers", Group: "Deploying",
		Usage: "response headers of files",
		Doc: "Response headers of files, besides the defaults: a pattern, in which `*` matches everything, and a " +
			"header: `['*.pdf Content-Disposition: attachment', '/drafts/* Cache-Control: no-store']`. The headers " +
			"are `Cache-Control`, `Content-Disposition`, `Content-Language` and `Content-Type`. Of several " +
			"rules that " +
			"match, the last one counts. In the environment variable, write one per line.",
		field: many("list of rules", "\n", func(c *Config) *[]objects.Rule { return &c.Deploy.Headers }, headerRule,
			objects.Rule.String),
	},
	{
		Key: "deploy.keep", Flag: "keep", Group: "Deploying", Default: "20", Command: "deploy",
		Value: "N",
		Usage: "deploys of each edition to keep for rollbacks",
		Doc: "How many deploys of each edition are kept, with everything that a rollback to them needs. Deploys that " +
			"were replaced less than a day ago are kept in any case. Only for the target `cloudfront`.",
		field: number(func(c *Config) *int { return &c.Deploy.Keep }, 1, 1000),
	},
	{
		Key: "deploy.max_deletes", Flag: "max-deletes", Group: "Deploying", Default: "1000", Command: "deploy",
		Value: "N",
		Usage: "objects that one deploy deletes at most",
		Doc:   "How many objects one deploy deletes at most. The next one continues. `0`: none.",
		field: number(func(c *Config) *int { return &c.Deploy.MaxDeletes }, 0, 1_000_000),
	},
	{
		Key: "deploy.uploads", Flag: "uploads", Group: "Deploying", Default: "16", Command: "deploy",
		Value: "N",
		Usage: "objects uploaded at the same time",
		Doc:   "How many objects are uploaded at the same time. Each takes up to 8 MiB of memory.",
		field: number(func(c *Config) *int { return &c.Deploy.Uploads }, 1, 256),
	},

	{
		Key: "log_format", Flag: "log-format", Group: "Messages", Default: "text",
		Value: "text|json",
		Usage: "format of messages",
		Doc: "How messages are written to standard error: `text` for people, `json` for log collectors (one object " +
			"per line).",
		field: choice(func(c *Config) *string { return &c.LogFormat }, "text", "json"),
	},
}, backupOptions)

// serverTitles lists the names of the servers with their titles, for documentation.
func serverTitles() string {
	var list []string
	for _, s := range servers.All() {
		list = append(list, "`"+s.Name()+"` ("+s.Describe().Title+")")
	}
	return strings.Join(list, ", ")
}

func defaultHeaders() string {
	var list []string
	for _, h := range redirect.DefaultHeaders() {
		list = append(list, "`"+h.Name+"`")
	}
	return strings.Join(list, ", ")
}
