package config

import (
	"crypto/sha256"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/dustin/go-humanize"
	"github.com/mattn/go-shellwords"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/profile"
	"github.com/Slicer/sitegen/generator/redirect"
)

// number returns a field for a whole number from low to high.
func number(at func(*Config) *int, low, high int) field {
	kind := fmt.Sprintf("number from %d to %d", low, high)
	f := one(kind, at, func(s, _ string) (int, error) {
		n, err := strconv.Atoi(s)
		if err != nil || n < low || n > high {
			return 0, invalid{what: "is not a " + kind}
		}
		return n, nil
	}, strconv.Itoa)
	f.bare = true
	return f
}

// longest limits durations: a typing error must not block a site for days.
const longest = 24 * time.Hour

// duration returns a field for a positive length of time.
func duration(at func(*Config) *time.Duration) field {
	return one("duration", at, func(s, _ string) (time.Duration, error) {
		d, err := time.ParseDuration(s)
		if err != nil {
			return 0, invalid{what: "is not a duration", hint: "write a number with its unit, for instance 90s or 3m"}
		}
		if d <= 0 || d > longest {
			return 0, invalid{what: "is not between 0s and 24h"}
		}
		return d, nil
	}, shortDuration)
}

// never is the text for an infinite interval, which Config stores as 0.
const never = "never"

// durationOrNever returns a field for a positive length of time or never.
func durationOrNever(at func(*Config) *time.Duration) field {
	f := duration(at)
	return one("duration, or never", at, func(s, dir string) (time.Duration, error) {
		if s == never {
			return 0, nil
		}
		var c Config
		if err := f.add(&c, s, dir); err != nil {
			return 0, err
		}
		return *at(&c), nil
	}, func(d time.Duration) string {
		if d == 0 {
			return never
		}
		return shortDuration(d)
	})
}

// shortDuration formats a duration without trailing zero units: 3m0s becomes 3m.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// largest limits sizes, because answers are held in memory.
const largest = 1 << 40

// size returns a field for a positive number of bytes.
func size(at func(*Config) *Size) field {
	f := one("size", at, func(s, _ string) (Size, error) {
		n, err := humanize.ParseBytes(s)
		if err != nil {
			return 0, invalid{what: "is not a size",
				hint: "write a number of bytes, or one with its unit, for instance 64MiB"}
		}
		if n == 0 || n > largest {
			return 0, invalid{what: "is not between 1 byte and 1 TiB"}
		}
		return Size(n), nil
	}, Size.String)
	f.bare = true
	return f
}

// String returns the size with a unit if that is exact (64MiB), else in bytes.
func (s Size) String() string {
	short := strings.ReplaceAll(humanize.IBytes(uint64(s)), " ", "")
	if n, err := humanize.ParseBytes(short); err == nil && Size(n) == s {
		return short
	}
	return strconv.FormatInt(int64(s), 10)
}

// commandList returns a field for a list of commands. In the environment variable, each command is on a separate line.
func commandList(at func(*Config) *[]Command) field {
	return many("list of commands", "\n", at, func(s, _ string) (Command, error) {
		if err := oneLine(s); err != nil {
			return Command{}, err
		}
		words := shellwords.NewParser()
		args, err := words.Parse(s)
		switch {
		case err != nil:
			return Command{}, invalid{what: "has a command with an unclosed quote or bracket"}
		case words.Position >= 0:
			return Command{}, invalid{what: "has a command with shell syntax",
				hint: "commands run without a shell; if you need one, write sh -c '…'"}
		case len(args) == 0 || args[0] == "":
			return Command{}, invalid{what: "has a command without a program"}
		}
		return Command{Text: s, Args: args}, nil
	}, func(c Command) string { return c.Text })
}

// baseURL parses the URL of the site and returns it without a trailing slash.
func baseURL(s, _ string) (string, error) {
	const example = "for instance https://download.example.org"
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return "", invalid{what: "must be an http or https URL with a host", hint: example}
	case u.User != nil:
		return "", invalid{what: "contains a user name", hint: example}
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(s, "#"):
		return "", invalid{what: "has a query or fragment", hint: example}
	case u.Path != "" && u.Path != "/":
		return "", invalid{what: "has a path", hint: "the download API answers at the root of a host; " + example}
	case !hostRE.MatchString(u.Host):
		return "", invalid{what: "has a host that is neither a domain name nor an address", hint: example}
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil
}

var (
	hostRE  = regexp.MustCompile(`^([0-9A-Za-z]([0-9A-Za-z.-]*[0-9A-Za-z])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$`)
	nameRE  = regexp.MustCompile(`^[0-9A-Za-z]{1,12}$`)
	wordRE  = regexp.MustCompile(`[0-9a-z]+`)
	colorRE = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)
	fontRE  = regexp.MustCompile(`^[A-Za-z][0-9A-Za-z -]*(, ?[A-Za-z][0-9A-Za-z -]*)*$`)
	appRE   = regexp.MustCompile(`^[0-9a-f]{24}$`)
)

// nameOf parses the name of a site. It is converted to lower case, because Nginx ignores the case of names. It has at
// most 12 letters: PCRE allows 32 for the name of a group, and the longest one of the Nginx configuration is
// sitegen_<name>_value_<number>.
func nameOf(s, _ string) (string, error) {
	if !nameRE.MatchString(s) {
		return "", invalid{what: "must be 1 to 12 letters and digits", hint: "for instance staging"}
	}
	return strings.ToLower(s), nil
}

// siteName returns the default name of the site at a base URL: up to four letters and digits of the host, and four
// digits of its hash. For example, https://download.example.org is named downf462. It does not depend on the scheme.
func siteName(base string) string {
	_, host, _ := strings.Cut(base, "://")
	start := strings.Join(wordRE.FindAllString(host, -1), "")
	hash := sha256.Sum256([]byte(host))
	return fmt.Sprintf("%.4s%x", start, hash[:2])
}

// source parses a URL, the word sample, or a path. A relative path is resolved like a folder's.
func source(s, dir string) (string, error) {
	if s == "" {
		return "", invalid{what: "is empty", hint: "write the URL of a Girder API, a packages.json, or sample"}
	}
	if err := oneLine(s); err != nil {
		return "", err
	}
	if s == "sample" || strings.Contains(s, "://") {
		return s, nil
	}
	if m := kindRE.FindStringSubmatch(s); m != nil {
		return m[1] + within(dir, m[2]), nil
	}
	return within(dir, s), nil
}

// kindRE matches a path after the name of a kind of source: packages:dist/list. A name has two letters or more, because
// one letter is a Windows drive (C:\list).
var kindRE = regexp.MustCompile(`^([a-z]{2,}:)(.+)$`)

func appID(s string) error {
	if s != "" && !appRE.MatchString(s) {
		return invalid{what: "must be 24 lower-case hex digits",
			hint: "it is the _id of the application's folder in Girder"}
	}
	return nil
}

func notEmpty(s string) error {
	if strings.TrimSpace(s) == "" {
		return invalid{what: "is empty"}
	}
	return nil
}

func oneLine(s string) error {
	if strings.ContainsAny(s, "\n\r") {
		return invalid{what: "must be a single line"}
	}
	return printable(s)
}

// hexColor reports a text that is not a colour in the notation #rrggbb; it may be empty.
func hexColor(s string) error {
	if s != "" && !colorRE.MatchString(s) {
		return invalid{what: "must be a colour with six hexadecimal digits, in quotes", hint: `for instance "#0f766e"`}
	}
	return nil
}

// fontFamily reports a text that is not a list of names of fonts; it may be empty.
func fontFamily(s string) error {
	if s != "" && !fontRE.MatchString(s) {
		return invalid{what: "must be names of fonts with commas between", hint: "for instance Inter, sans-serif"}
	}
	return nil
}

// printable rejects control characters and invalid UTF-8, which no text or path should contain.
func printable(s string) error {
	if strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\t' || r == unicode.ReplacementChar
	}) {
		return invalid{what: "has unprintable characters"}
	}
	return nil
}

// logFormat does a rough check of a log format. Package accesslog checks the exact syntax when it reads logs.
func logFormat(s, _ string) (string, error) {
	if isDirective(s) {
		s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
	}
	if !strings.ContainsAny(s, "$%") {
		return "", invalid{what: "has a format without variables",
			hint: "use the syntax of Nginx's log_format: $remote_addr …, or of Apache's LogFormat: %h …"}
	}
	return s, oneLine(s)
}

// logFormats returns a field for a list of log formats. A directive of Nginx may have several lines:
//
//	log_format main '$remote_addr [$time_local] '
//	                '"$request" $status "$http_user_agent"';
func logFormats(at func(*Config) *[]string) field {
	f := many("list of log formats", "\n", at, logFormat, same)
	f.continues = func(item, line string) bool {
		return isDirective(item) && !strings.HasSuffix(item, ";") && strings.ContainsRune(`'";`, rune(line[0]))
	}
	return f
}

// isDirective reports whether a log format is a directive of Nginx.
func isDirective(format string) bool {
	return strings.HasPrefix(strings.TrimSpace(format), "log_format")
}

// hostName parses a host name without a port.
func hostName(s, _ string) (string, error) {
	if !hostRE.MatchString(s) || strings.ContainsAny(s, ":[") {
		return "", invalid{what: "must be a host name",
			hint: "without scheme, port and path, for instance www.example.org"}
	}
	return strings.ToLower(s), nil
}

// siteHeader parses a header of all responses.
func siteHeader(s, _ string) (redirect.Header, error) {
	h, err := redirect.ParseHeader(s)
	if err != nil {
		return h, invalid{what: "has an invalid header", hint: err.Error()}
	}
	return h, nil
}

// profileName parses the name of a built-in profile or the path of a file.
func profileName(s, dir string) (string, error) {
	switch {
	case s == "":
		return "", invalid{what: "is empty",
			hint: "write the path of a profile, or one of " + strings.Join(profile.BuiltIn(), ", ")}
	case slices.Contains(profile.BuiltIn(), s):
		return s, nil
	}
	return within(dir, s), oneLine(s)
}

// apiBase checks the base of a Girder API, which may be empty.
func apiBase(s string) error {
	if s != "" && !catalog.ValidURL(s+"/") {
		return invalid{what: "must be an http or https URL", hint: "write the base of the API, https://…/api/v1"}
	}
	return nil
}

var headerRE = regexp.MustCompile(`^[!#$%&'*+.^_\x60|~0-9A-Za-z-]+:[ \t]*[^\s].*$`)

// header checks a request header, which may be empty.
func header(s string) error {
	if s != "" && !headerRE.MatchString(s) {
		return invalid{what: "must be a request header", hint: "write Name: value"}
	}
	return nil
}
