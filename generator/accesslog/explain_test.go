package accesslog

import (
	"strings"
	"testing"
)

// TestExplain explains lines in unknown formats, and reads each with the pattern that is proposed.
func TestExplain(t *testing.T) {
	for _, tc := range []struct {
		line, want, pattern string // pattern is "" if none can be proposed
	}{
		{
			`[2026-09-20T00:01:32+00:00] 203.0.113.9 "GET /x HTTP/1.1" 302 "curl/8"`,
			"here, the address is not at the beginning",
			`[$time_iso8601] $remote_addr "$request" $status "$http_user_agent"`,
		},
		{
			"203.0.113.9|2026-09-20T00:01:32+00:00|GET|/x|302|curl/8",
			"here, the time is not in brackets and the request is not in quotes",
			"$remote_addr|$time_iso8601|$request_method|$request_uri|$status|$http_user_agent",
		},
		{
			"203.0.113.9\t20/Sep/2026:00:01:32 +0000\tGET /x HTTP/1.1\t302\t145\tcurl/8",
			`line: 203.0.113.9\t20/Sep`, `$remote_addr\t$time_local\t$request\t$status\t${field}\t$http_user_agent`,
		},
		{
			`"203.0.113.9","2026-09-20 00:01:32","GET","/x","302","curl/8"`, "the address is not at the beginning",
			`"$remote_addr","$time_iso8601","$request_method","$request_uri","$status","$http_user_agent"`,
		},
		{
			`1789862492.123 ip=203.0.113.9 request="GET /x HTTP/1.1" code=302 agent="curl/8" x`, "nearest format is combined",
			`$msec ip=$remote_addr request="$request" code=$status agent="$http_user_agent"`,
		},
		{
			`203.0.113.9 - - [20/Sep/2026:00:01:32 +0000] GET /x HTTP/1.1 302 145 - curl/8`, "the request is not in quotes",
			"$remote_addr ${field} ${field} [$time_local] $request_method $request_uri ${field} $status ${field} ${field} " +
				"$http_user_agent",
		},
		{
			`302 203.0.113.9 [20/Sep/2026:00:01:32 +0000] "curl/8" "GET /x HTTP/1.1"`, "the status is before the request",
			`$status $remote_addr [$time_local] "$http_user_agent" "$request"`,
		},
		{
			"1789862492.123\t203.0.113.9\t0.001\t302\t0\tGET\thttps\th\t/x\t0\tFRA\tcurl/8", "the request is not in quotes",
			`$msec\t$remote_addr\t${field}\t$status\t${field}\t$request_method\t${field}\t${field}\t$request_uri\t` +
				`${field}\t${field}\t$http_user_agent`,
		},
		{
			`2026-09-20T00:01:32.5+00:00 heroku[router]: at=info method=GET path="/x" fwd="203.0.113.9" status=302 bytes=0 ` +
				`agent=curl/8`, "the address is not at the beginning", `$time_iso8601 ${field}[${field}]${field} at=${field} ` +
				`method=$request_method path="$request_uri" fwd="$remote_addr" status=$status bytes=${field} ` +
				`agent=$http_user_agent`,
		},
		{
			`<134>2026-09-20T00:01:33Z cache-fra mylog[5]: 203.0.113.9 "-" "-" Sun, 20 Sep 2026 00:01:32 GMT GET /x 302 curl/8`,
			"it contains a line of another format: the nearest format is combined; here, the time is not in brackets",
			`$remote_addr "${field}" "${field}" $time_local $request_method $request_uri $status $http_user_agent`,
		},
		{
			`203.0.113.9 "-" "-" Sun, 20 Sep 2026 00:01:32 GMT GET /x 302 curl/8`, "the time is not in brackets",
			`$remote_addr "${field}" "${field}" $time_local $request_method $request_uri $status $http_user_agent`,
		},
		{`203.0.113.9 - - [31/Foo/2026:00:01:32 +0000] "GET /x HTTP/1.1" 302 1`, `the month "Foo" is not English`, ""},
		{`{"resourceLogs":[{"scopeLogs":[]}]}`, "a batch of OpenTelemetry", ""},
		{"hello world", `there is no address, there is no valid time such as`, ""},
		{"2026/09/20 10:00:00 [error] 12#12: *1 open() failed", "looks like an error log", ""},
		{"[Sun Sep 20 00:01:32.123456 2026] [core:error] [pid 1] AH1: x", "looks like an error log", ""},
		{"2026-09-20\t00:01:32\tFRA2\t1\t203.0.113.9\tGET\th\t/x\t302", "the #Fields line is missing", ""},
		{"x\x00\x01\x02", "this is not text", ""},
		{`{"status":302,"who":"203.0.113.9"}`, "no known key has the address, time, path", ""},
		{
			`{"who":"203.0.113.9","when":"2026-09-20T00:01:32Z","what":"GET /x HTTP/1.1","code":302}`,
			"try, in sitegen.yaml: stats: {json_fields: {address: who, time: when, request: what}}", "",
		},
		{
			`{"a":{"who":"203.0.113.9","t":1789862492},"m":"GET","p":"/x","s":302}`,
			"json_fields: {address: a.who, time: a.t, status: s, path: p, method: m}}", "",
		},
		{
			`{"@when":"2026-09-20T00:01:32Z","src_ip":"203.0.113.9","web":{"url":"/x","how":"GET","status":302,"by":"curl/8 x"}}`,
			`json_fields: {time: "@when", status: web.status, path: web.url, method: web.how, agent: web.by}}`, "",
		},
		{`{"status":302,`, "the line is not a JSON object", ""},
		{`{"records":[{"status":302},{"status":302}]}`, "a line has a list of requests", ""},
	} {
		got := formats(t).Explain([]byte(tc.line))
		if !strings.Contains(got, tc.want) {
			t.Errorf("%s: %s, want %s", tc.line, got, tc.want)
		}
		_, pattern, _ := strings.Cut(got, "try --log-line '")
		if pattern = strings.TrimSuffix(pattern, "'"); pattern != tc.pattern {
			t.Errorf("%s: proposes %s, want %s", tc.line, pattern, tc.pattern)
		}
		if pattern == "" {
			continue
		}
		var e Entry
		if err := formats(t, pattern).NewParser().Parse([]byte(tc.line), &e); err != nil ||
			string(e.Address) != "203.0.113.9" || e.Time != 1789862492 || string(e.Method) != "GET" ||
			string(e.URI) != "/x" || e.Status != 302 || string(e.AgentText(nil)) != "curl/8" {
			t.Errorf("%s: %s: %v, %+v", tc.line, pattern, err, flatten(&e))
		}
	}
}

// FuzzLines fuzzes logs of several lines, each of which may be in any format.
func FuzzLines(f *testing.F) {
	for _, s := range []string{
		"#Fields: date time c-ip cs-method cs-uri-stem sc-status\n2026-09-20 00:01:32 ::1 GET / 302",
		`{"log":}`, `{"log":"{\"log\":\"\\u0000\"}"}`, "<190>1 2026-09-20T00:01:32Z a b c d - {}", "Sep 20 00:01:32 a: ",
		"2026-09-20T00:01:32Z stdout F ", "2026-09-20 00:01:32.123 UTC", "Sun 2026-09-20 00:01:32 UTC web nginx[12]: ",
		`https 2026-09-20T00:01:32.1Z a 203.0.113.9:2 b 0 0 0 302 302 3 3 "GET / HTTP/1.1" "x" `,
		`a b [20/Sep/2026:00:01:32 +0000] 203.0.113.9 - R O k "GET / HTTP/1.1" 302 - 1 - 7 - "-" "x" - h`,
		`1.2.3.4:5, [::1]:6 - - [20/Sep/2026:00:01:32 +0000] "GET / HTTP/1.1" 302 1 "-" "1.2.3.4" "a"`,
		"date\ttime\tc-ip\tcs-method\tcs-uri-stem\tsc-status\n", "a | b", "[pod/a] b",
	} {
		f.Add(s, 0)
		f.Add(s, 2)
	}
	f.Fuzz(func(t *testing.T, text string, proxies int) {
		formats := formats(t, "%h %t %r %s", "$remote_addr, $x [$time_local] $request $status")
		formats.TrustedProxies = proxies & 3
		p := formats.NewParser()
		var e Entry
		for line := range strings.SplitSeq(text, "\n") {
			before := strings.Clone(line)
			b := []byte(line)
			if p.Parse(b, &e) == nil {
				checkEntry(t, b, &e)
			} else if len(b) > 0 {
				formats.Explain(b)
			}
			if string(b) != before {
				t.Error("Parse modified the line")
			}
		}
		q := formats.NewParser()
		q.Restore(p.State())
		if q.State() != p.State() {
			t.Errorf("state %q, want %q", q.State(), p.State())
		}
	})
}

func FuzzApache(f *testing.F) {
	f.Add(`%h %l %u %t \"%r\" %>s %b`)
	f.Add(`[%{%d/%b/%Y:%T}t.%{msec_frac}t %{%z}t] %m %U%q %s`)
	f.Fuzz(func(t *testing.T, format string) {
		text, err := translateApache(format)
		if err == nil && len(text) > 40*len(format)+40 {
			t.Errorf("%d bytes from %d", len(text), len(format))
		}
	})
}
