package config

import (
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
)

// number is a whole number from low to high.
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

// longest bounds durations, so that one that is mistyped does not stop a site for days.
const longest = 24 * time.Hour

// duration is a length of time above zero.
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

// never is the length of time that does not end, written 0 in Config.
const never = "never"

// durationOrNever is a length of time above zero, or never.
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

// shortDuration writes 3m0s as 3m.
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

// largest bounds sizes: an answer is held in memory.
const largest = 1 << 40

// size is a number of bytes above zero.
func size(at func(*Config) *Size) field {
	f := one("size", at, func(s, _ string) (Size, error) {
		n, err := humanize.ParseBytes(s)
		if err != nil {
			return 0, invalid{what: "is not a size", hint: "write a number of bytes, or one with its unit, for instance 64MiB"}
		}
		if n == 0 || n > largest {
			return 0, invalid{what: "is not between 1 byte and 1 TiB"}
		}
		return Size(n), nil
	}, Size.String)
	f.bare = true
	return f
}

// String writes the size with a unit where that loses nothing, else in bytes.
func (s Size) String() string {
	short := strings.ReplaceAll(humanize.IBytes(uint64(s)), " ", "")
	if n, err := humanize.ParseBytes(short); err == nil && Size(n) == s {
		return short
	}
	return strconv.FormatInt(int64(s), 10)
}

// commandList is a list of commands, which in the environment stand on lines of their own.
func commandList(at func(*Config) *[]Command) field {
	return many("list of commands", "\n", at, func(s, _ string) (Command, error) {
		if err := oneLine(s); err != nil {
			return Command{}, err
		}
		words := shellwords.NewParser()
		args, err := words.Parse(s)
		switch {
		case err != nil:
			return Command{}, invalid{what: "has a command with an open quote or bracket"}
		case words.Position >= 0:
			return Command{}, invalid{what: "has a command with shell syntax", hint: "commands run without a shell; write sh -c '…' for one"}
		case len(args) == 0 || args[0] == "":
			return Command{}, invalid{what: "has a command without a program"}
		}
		return Command{Text: s, Args: args}, nil
	}, func(c Command) string { return c.Text })
}

// baseURL reads the address of the site and gives it without a slash at the end.
func baseURL(s, _ string) (string, error) {
	const example = "write for instance https://download.example.org"
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return "", invalid{what: "is not an http or https URL with a host", hint: example}
	case u.User != nil:
		return "", invalid{what: "has a user name in it", hint: example}
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(s, "#"):
		return "", invalid{what: "has a query or fragment", hint: example}
	case u.Path != "" && u.Path != "/":
		return "", invalid{what: "has a path", hint: "the download API answers at the root of a host; " + example}
	case !hostRE.MatchString(u.Host):
		return "", invalid{what: "has a host that is no domain name or address", hint: example}
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil
}

var (
	hostRE = regexp.MustCompile(`^([0-9A-Za-z]([0-9A-Za-z.-]*[0-9A-Za-z])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$`)
	appRE  = regexp.MustCompile(`^[0-9a-f]{24}$`)
)

// source is a URL, the word sample, or a file, which like a folder is relative to where it was written.
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

// kindRE matches a path after the name of a kind of sources, packages:dist/list. One letter is a drive of Windows.
var kindRE = regexp.MustCompile(`^([a-z]{2,}:)(.+)$`)

func appID(s string) error {
	if s != "" && !appRE.MatchString(s) {
		return invalid{what: "is not 24 lower-case hex digits", hint: "it is the _id of the application's folder in Girder"}
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
		return invalid{what: "has more than one line"}
	}
	return printable(s)
}

// printable refuses what no text has and no path should have.
func printable(s string) error {
	if strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\t' || r == unicode.ReplacementChar
	}) {
		return invalid{what: "has characters that cannot be printed"}
	}
	return nil
}

// logFormat reads the format of log lines; what it may hold is known where logs are read.
func logFormat(s, _ string) (string, error) {
	if !strings.Contains(s, "$") {
		return "", invalid{what: "has a format without variables", hint: "write it as log_format of Nginx: $remote_addr …"}
	}
	return s, oneLine(s)
}

// hostName reads a host without a port.
func hostName(s, _ string) (string, error) {
	if !hostRE.MatchString(s) || strings.ContainsAny(s, ":[") {
		return "", invalid{what: "is no host name", hint: "for instance www.example.org, without scheme, port and path"}
	}
	return strings.ToLower(s), nil
}

// profileName is the name of a built-in profile, or a file.
func profileName(s, dir string) (string, error) {
	switch {
	case s == "":
		return "", invalid{what: "is empty", hint: "write the path of a profile, or one of " + strings.Join(profile.BuiltIn(), ", ")}
	case slices.Contains(profile.BuiltIn(), s):
		return s, nil
	}
	return within(dir, s), oneLine(s)
}

// apiBase is the base of a Girder API, which may be none.
func apiBase(s string) error {
	if s != "" && !catalog.ValidURL(s+"/") {
		return invalid{what: "is not an http or https URL", hint: "write the base of the API, https://…/api/v1"}
	}
	return nil
}

var headerRE = regexp.MustCompile(`^[!#$%&'*+.^_\x60|~0-9A-Za-z-]+:[ \t]*[^\s].*$`)

// header is a line of a request's head, which may be none.
func header(s string) error {
	if s != "" && !headerRE.MatchString(s) {
		return invalid{what: "is not a request header", hint: "write Name: value"}
	}
	return nil
}
