package accesslog

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// flat is a printable copy of an Entry.
type flat struct {
	Address, Time, Method, URI string
	Status                     int
	Agent                      string
}

func flatten(e *Entry) flat {
	return flat{string(e.Address), time.Unix(e.Time, 0).UTC().Format(time.RFC3339), string(e.Method),
		string(e.URI), e.Status, string(e.AgentText(nil))}
}

func formats(t testing.TB, logFormats ...string) *Formats {
	t.Helper()
	f, err := NewFormats(logFormats, Fields{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// detect returns a parser that has parsed the lines of a text.
func detect(f *Formats, text string) *Parser {
	p := f.NewParser()
	var e Entry
	for line := range strings.Lines(text) {
		p.Parse(trimEnd([]byte(line)), &e)
	}
	return p
}

const cloudFrontHead = "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) " +
	"cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query\n"

func TestParse(t *testing.T) {
	const id = "/bitstream/6a464e2543581bffa4f3cccb"
	for _, tc := range []struct {
		name, format string // a log_format, or "" for a built-in format
		text         string // the log; its last line is parsed
		parser       string
		want         flat
	}{
		{
			"combined", "",
			`203.0.113.9 - - [20/Sep/2026:00:01:32 +0000] "GET ` + id + ` HTTP/1.1" 302 0 "-" "curl/7.88.1"`,
			"combined", flat{"203.0.113.9", "2026-09-20T00:01:32Z", "GET", id, 302, "curl/7.88.1"},
		},
		{
			"user name with blanks, IPv6, time zone with half an hour", "",
			`2001:db8::1 - Jane Doe [20/Sep/2026:00:01:32 +0530] "GET / HTTP/2.0" 200 5 "-" "x"`,
			"combined", flat{"2001:db8::1", "2026-09-19T18:31:32Z", "GET", "/", 200, "x"},
		},
		{
			"escape sequences of Nginx and Apache", "",
			`192.0.2.1 - - [20/Sep/2026:00:01:32 -0500] "GET /a\x22b HTTP/1.1" 404 5 "http://x/\"q" ` +
				`"a \x22b\x22 \"c\" \\ \xD0\x9F"`,
			"combined", flat{"192.0.2.1", "2026-09-20T05:01:32Z", "GET", `/a\x22b`, 404, "a \"b\" \"c\" \\ П"},
		},
		{
			"leap second, further fields after the user agent", "",
			`192.0.2.1 - - [29/Feb/2024:23:59:60 +0000] "GET / HTTP/1.1" 404 5 "-" "x" "10.0.0.1" rt=0.1`,
			"combined", flat{"192.0.2.1", "2024-02-29T23:59:59Z", "GET", "/", 404, "x"},
		},
		{
			"TLS handshake on a plain HTTP port", "",
			`192.0.2.1 - - [20/Sep/2026:00:01:32 +0000] "\x16\x03\x01" 400 157 "-" "-"`,
			"combined", flat{"192.0.2.1", "2026-09-20T00:01:32Z", "", "", 400, ""},
		},
		{
			"garbled first line", "",
			"garbled\n\n" + `192.0.2.1 - - [20/Sep/2026:00:01:32 +0000] "GET /" 200 157 "-" "-"`,
			"combined", flat{"192.0.2.1", "2026-09-20T00:01:32Z", "GET", "/", 200, ""},
		},
		{
			"S3", "",
			`79a5 bucket [06/Feb/2026:00:00:38 +0000] 192.0.2.3 - REQ1 WEBSITE.GET.OBJECT bitstream/x "GET ` + id +
				` HTTP/1.1" 302 - 113 - 7 - "-" "S3 "quoted"; \x22" - host= - - - b TLSv1.2 - -`,
			"S3 server access log", flat{"192.0.2.3", "2026-02-06T00:00:38Z", "GET", id, 302, `S3 "quoted"; "`},
		},
		{
			"CloudFront", "",
			cloudFrontHead + "2026-09-20\t00:01:32\tFRA56-P4\t0\t203.0.113.141\tGET\td111.cloudfront.net\t" + id +
				"\t304\t-\tMozilla/5.0%2520(a%252C%2520%22b%22%20%D0%9F)\t-",
			"CloudFront standard log",
			flat{"203.0.113.141", "2026-09-20T00:01:32Z", "GET", id, 304, `Mozilla/5.0 (a, "b" П)`},
		},
		{
			"CloudFront, other columns", "",
			"#Fields: time date cs(User-Agent) sc-status cs-uri-stem cs-method c-ip\n" +
				"00:01:32\t2026-09-20\t-\t200\t/\tHEAD\t::1",
			"CloudFront standard log", flat{"::1", "2026-09-20T00:01:32Z", "HEAD", "/", 200, ""},
		},
		{
			"JSON", "",
			`{"time_local":"20/Sep/2026:00:01:32 +0000","remote_addr":"192.0.2.7","request":"GET \/bitstream\/1 HTTP/1.1",` +
				`"status":302,"x":{"a":["}"]},"http_user_agent":"a \"b\" \u041f \ud83d\ude00"}`,
			"JSON lines", flat{"192.0.2.7", "2026-09-20T00:01:32Z", "GET", "/bitstream/1", 302, "a \"b\" П 😀"},
		},
		{
			"JSON, separate method and path, Unix time", "",
			` { "ts" : 1789862492.5 , "client_ip":"::1","method":"GET","uri":"/x","status":"200" } `,
			"JSON lines", flat{"::1", "2026-09-20T00:01:32Z", "GET", "/x", 200, ""},
		},
		{
			"log_format",
			`$host ${remote_addr} [$time_iso8601] $request_method|$request_uri|$status "$http_user_agent" $x`,
			`h 192.0.2.7 [2026-09-20T00:01:32+02:00] GET|/x|200 "a\"b" -`,
			"log_format 1", flat{"192.0.2.7", "2026-09-19T22:01:32Z", "GET", "/x", 200, `a"b`},
		},
		{
			"log_format that ends with a variable", `$msec $status $remote_addr $request`,
			`1789862492.000 200 ::1 GET /a b HTTP/1.1`,
			"log_format 1", flat{"::1", "2026-09-20T00:01:32Z", "GET", "/a b", 200, ""},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var custom []string
			if tc.format != "" {
				custom = []string{tc.format}
			}
			p := detect(formats(t, custom...), tc.text)
			if p == nil {
				t.Fatal("format not recognised")
			}
			if p.Name() != tc.parser {
				t.Errorf("format %q, want %q", p.Name(), tc.parser)
			}
			var e Entry
			line := []byte(tc.text[strings.LastIndexByte(tc.text, '\n')+1:])
			if err := p.Parse(line, &e); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, flatten(&e)); diff != "" {
				t.Errorf("entry (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInvalidLines(t *testing.T) {
	f := formats(t)
	parsers := map[string]*Parser{
		"combined":   detect(f, `192.0.2.1 - - [20/Sep/2026:00:01:32 +0000] "GET /" 200 157 "-" "-"`),
		"cloudfront": detect(f, cloudFrontHead),
		"json":       detect(f, `{"time":"2026-09-20T00:01:32Z","remote_addr":"x","uri":"/","status":200}`),
	}
	// combinedLine returns a line in the combined format.
	combinedLine := func(address, time string) string {
		return address + " - - [" + time + `] "GET / HTTP/1.1" 302 0 "-" "-"`
	}
	for _, tc := range []struct {
		name, parser, line string
		want               error
	}{
		{"empty", "combined", "", ErrEmpty},
		{"binary", "combined", "\x16\x03\x01 not a request", ErrFields},
		{"truncated", "combined", "192.0.2.1 - - [20/Sep/2026:00:00", ErrFields},
		{"month Foo", "combined", combinedLine("192.0.2.1", "31/Foo/2026:00:00:00 +0000"), ErrTime},
		{"31 February", "combined", combinedLine("192.0.2.1", "31/Feb/2026:00:00:00 +0000"), ErrTime},
		{"hour 25", "combined", combinedLine("192.0.2.1", "01/Feb/2026:25:00:00 +0000"), ErrTime},
		{"year 1970", "combined", combinedLine("192.0.2.1", "01/Jan/1970:00:00:00 +0000"), ErrTime},
		{"time zone of 99 hours", "combined", combinedLine("192.0.2.1", "01/Feb/2026:00:00:00 +9900"), ErrTime},
		{"no address", "combined", combinedLine("-", "01/Feb/2026:00:00:00 +0000"), ErrAddress},
		{"control character in the address", "combined", combinedLine("1\x01", "01/Feb/2026:00:00:00 +0000"),
			ErrAddress},
		{"status in words", "combined",
			`192.0.2.1 - - [01/Feb/2026:00:00:00 +0000] "GET / HTTP/1.1" yes 0 "-" "-"`, ErrStatus},
		{"user agent without closing quote", "combined",
			`192.0.2.1 - - [01/Feb/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 0 "-" "x\"`, ErrFields},
		{"missing columns", "cloudfront", "2026-09-20\t00:01:32\tFRA\t0\t::1\tGET", ErrFields},
		{"comment", "cloudfront", "#Version: 1.0", ErrComment},
		{"letters in the date", "cloudfront", "2026-09-xx\t00:01:32\tFRA\t0\t::1\tGET\th\t/\t200\t-\t-", ErrTime},
		{"not closed", "json", `{"time":"2026-09-20T00:01:32Z","remote_addr":"x"`, ErrJSON},
		{"text after the object", "json", `{"time":"2026-09-20T00:01:32Z"} x`, ErrJSON},
		{"trailing comma", "json", `{"status":200,}`, ErrJSON},
		{"missing fields", "json", `{"status":200}`, ErrFields},
		{"no fields", "json", `{}`, ErrMessage},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var e Entry
			if got := parsers[tc.parser].Parse([]byte(tc.line), &e); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestLogFormatErrors(t *testing.T) {
	for _, tc := range []struct{ format, want string }{
		{"$remote_addr$time_local", "nothing between $remote_addr"},
		{"$time_local $request $status", "no $remote_addr"},
		{"$remote_addr $request $status", "no $time_local"},
		{"$remote_addr $msec $uri $status", "no $request"},
		{"$remote_addr $msec $request", "no $status"},
		{"$remote_addr $", "no variable name after $"},
	} {
		if _, err := NewFormats([]string{tc.format}, Fields{}); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q: got %v, want %q", tc.format, err, tc.want)
		}
	}
}

// TestDays compares every day of the valid years with the calendar of the standard library.
func TestDays(t *testing.T) {
	for d := time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC); d.Year() <= lastYear; d = d.AddDate(0, 0, 1) {
		if got := days(d.Year(), int(d.Month()), d.Day()); got != d.Unix()/86400 {
			t.Fatalf("%v: day %d, want %d", d, got, d.Unix()/86400)
		}
		if next := d.AddDate(0, 0, 1); next.Day() == 1 && monthLength(d.Year(), int(d.Month())) != d.Day() {
			t.Fatalf("%v: month has %d days", d, monthLength(d.Year(), int(d.Month())))
		}
	}
}

// TestFormatsAgree parses the same requests from the logs of three servers.
func TestFormatsAgree(t *testing.T) {
	read := func(name string) (entries []flat, invalid map[string]int, format string) {
		f, err := os.Open(filepath.Join("..", "..", "testdata", "stats", name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		text, compression, err := Decompress(f)
		if err != nil || compression != Gzip {
			t.Fatal(compression, err)
		}
		defer text.Close()
		br := bufio.NewReaderSize(text, 64<<10)
		p := formats(t).NewParser()
		invalid = map[string]int{}
		lines := NewLines(br, 0)
		for {
			line, err := lines.Next()
			if err != nil {
				return entries, invalid, p.Name()
			}
			var e Entry
			switch err := p.Parse(line, &e); err {
			case nil:
				got := flatten(&e)
				got.URI, _, _ = strings.Cut(got.URI, "?") // CloudFront has the query in another column
				entries = append(entries, got)
			case ErrComment:
			default:
				invalid[err.Error()]++
			}
		}
	}
	want, invalid, format := read("access.log.gz")
	if format != "combined" || len(want) != 6000 {
		t.Errorf("%d entries in the format %s, want 6000 in the format combined", len(want), format)
	}
	wantInvalid := map[string]int{ErrEmpty.Error(): 1, ErrFields.Error(): 4, ErrTime.Error(): 2}
	if diff := cmp.Diff(wantInvalid, invalid); diff != "" {
		t.Errorf("invalid lines (-want +got):\n%s", diff)
	}
	for _, name := range []string{"cloudfront.log.gz", "s3.log.gz"} {
		got, invalid, _ := read(name)
		if diff := cmp.Diff(want, got); diff != "" || len(invalid) > 0 {
			t.Errorf("%s: invalid lines %v, entries (-want +got):\n%s", name, invalid, diff)
		}
	}
}
