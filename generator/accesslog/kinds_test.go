package accesslog

import (
	"fmt"
	"strings"
	"testing"
)

// TestKinds parses the same request as many servers and programs around them write it.
func TestKinds(t *testing.T) {
	const (
		id    = "/bitstream/6a464e2543581bffa4f3cccb"
		agent = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"
		clf   = `203.0.113.9 - - [20/Sep/2026:00:01:32 +0000] "GET ` + id + ` HTTP/1.1" 302 0`
		line  = clf + ` "-" "` + agent + `"`
		clock = 1789862492
	)
	iis := "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port c-ip cs(User-Agent) sc-status sc-substatus\n"
	escaped := strings.ReplaceAll(line, `"`, `\"`)
	for _, tc := range []struct{ name, text, agent string }{
		{"common", clf, ""},
		{"combined", line, agent},
		{"virtual host with port", "example.org:443 " + line, agent},
		{"virtual host without port", "example.org " + line, agent},
		{"virtual host that is an address", "192.0.2.10:80 " + line, agent},
		{"lighttpd", strings.Replace(line, " - - ", " example.org - ", 1), agent},
		{"user with a blank", strings.Replace(line, " - - ", " - Jane Doe ", 1), agent},
		{"port", strings.Replace(line, "203.0.113.9", "203.0.113.9:60162", 1), agent},
		{"list of addresses", strings.Replace(line, "203.0.113.9", "203.0.113.9, 198.51.100.7", 1), agent},
		{"list without blanks", strings.Replace(line, "203.0.113.9", "203.0.113.9,198.51.100.7", 1), agent},
		{"list with ports", strings.Replace(line, "203.0.113.9", "203.0.113.9:1, 198.51.100.7:2", 1), agent},
		{"ingress-nginx", line + ` 512 0.001 [web-80] [] 10.0.0.1:80 0 0.001 302 0ab1`, agent},
		{"ingress-nginx of old", strings.Replace(line, " - - ", " - [203.0.113.9] - - ", 1), agent},
		{"time before the agent", strings.Replace(line, ` 0 "-"`, ` 0 0.001 "-"`, 1), agent},
		{"host before the request", strings.Replace(line, `"GET`, `example.org "GET`, 1), agent},
		{"forwarded list before the agent", strings.Replace(line, `"-" "`, `"-" "198.51.100.7" "`, 1), agent},
		{"forwarded list after the agent", line + ` "198.51.100.7"`, agent},
		{"milliseconds", strings.Replace(line, ":32 ", ":32.123 ", 1), agent},
		{"milliseconds after a comma", strings.Replace(line, ":32 ", ":32,123 ", 1), agent},
		{"ISO time", strings.Replace(line, "20/Sep/2026:00:01:32 +0000", "2026-09-20T00:01:32.5Z", 1), agent},
		{"epoch", strings.Replace(line, "20/Sep/2026:00:01:32 +0000", "1789862492.123", 1), agent},
		{"HTTP/2", strings.Replace(line, "HTTP/1.1", "HTTP/2.0", 1), agent},
		{"byte order mark", "\xEF\xBB\xBF" + line, agent},
		{"syslog", "<190>Sep 20 00:01:32 web nginx: " + line, agent},
		{"syslog, day of one digit", "Sep  2 00:01:32 web nginx[12]: " + line, agent},
		{"syslog without host", "<190>Sep 20 00:01:32 nginx: " + line, agent},
		{"syslog, host is an address", "Sep 20 00:01:32 10.0.0.5 nginx: " + line, agent},
		{"RFC 5424", "<190>1 2026-09-20T00:01:32Z web nginx 12 - - " + line, agent},
		{"RFC 5424, data", `<190>1 2026-09-20T00:01:32Z web nginx 12 ID [a@1 b="c"] ` + "\xEF\xBB\xBF" + line, agent},
		{"rsyslog", "2026-09-20T00:01:33.123456+00:00 web nginx[12]: " + line, agent},
		{"journalctl short-full", "Sun 2026-09-20 00:01:33 UTC web nginx[12]: " + line, agent},
		{"journalctl json", `{"MESSAGE":"` + escaped + `","__REALTIME_TIMESTAMP":"1789862493000000","PRIORITY":"6"}`, agent},
		{
			"HAProxy in syslog", "Sep 20 00:01:32 lb haproxy[12]: 203.0.113.9:33317 [20/Sep/2026:00:01:32.655] http-in~ " +
				"static/srv1 10/0/30/69/109 302 2750 - - ---- 1/1/1/1/0 0/0 {example.org|" + agent + "|text/html} {} " +
				`"GET ` + id + ` HTTP/1.1"`, agent,
		},
		{
			"HAProxy, fields of HTTPS", "203.0.113.9:33317 [20/Sep/2026:00:01:32.655] https-in~ static/srv1 " +
				"10/0/30/69/109 302 2750 - - ---- 1/1/1/1/0 0/0 {a #22b#22|c/2 #7Cx} " + `"GET ` + id +
				` HTTP/1.1" 0/0000000000000000/0/0/0 h/TLSv1.3/TLS_AES_256_GCM_SHA384`, "c/2 |x",
		},
		{
			"HAProxy, line cut", "203.0.113.9:33317 [20/Sep/2026:00:01:32.655] http-in static/srv1 10/0/30/69/109 302 2750 " +
				`- - ---- 1/1/1/1/0 0/0 "GET ` + id + ` HTTP/1.1`, "",
		},
		{
			"Envoy", `[2026-09-20T00:01:32.655Z] "GET ` + id + ` HTTP/1.1" 302 - 0 0 12 11 "203.0.113.9" "` + agent +
				`" "8a2f" "example.org" "10.0.0.1:80"`, agent,
		},
		{
			"Envoy, quotes in the agent", `[2026-09-20T00:01:32.655Z] "GET ` + id + ` HTTP/2" 302 - 0 0 12 11 "203.0.113.9" ` +
				`"Mozilla/5.0 "x \ y" (X11)" "8a2f" "example.org" "10.0.0.1:80"`, `Mozilla/5.0 "x \ y" (X11)`,
		},
		{"agent without referrer", clf + ` 0 12 "curl/8.5.0" [qtp1-12]`, "curl/8.5.0"},
		{"referrer without agent", clf + ` "https://example.org/a"`, ""},
		{
			"Istio", `[2026-09-20T00:01:32.655Z] "GET ` + id + ` HTTP/1.1" 302 - via_upstream - "-" 0 0 12 11 ` +
				`"203.0.113.9,10.0.0.2" "` + agent + `" "8a2f" "h" "10.0.0.1:80" outbound|80||x 10.0.0.1:3 - default`, agent,
		},
		{
			"API gateway", `{"ip":"203.0.113.9","requestTime":"20/Sep/2026:00:01:32 +0000","httpMethod":"GET","path":"` + id +
				`","status":"302","userAgent":"` + agent + `"}`, agent,
		},
		{"Forwarded as address", strings.Replace(line, "203.0.113.9", `for=203.0.113.9;by=192.0.2.1`, 1), agent},
		{
			"Forwarded in JSON", `{"time":"2026-09-20T00:01:32Z","forwarded":"For=\"203.0.113.9:47\";proto=https, for=x",` +
				`"request":"GET ` + id + ` HTTP/1.1","status":302}`, "",
		},
		{"journalctl short-unix", "1789862492.123456 web nginx[12]: " + line, agent},
		{"journalctl short-precise", "Sep 20 00:01:32.123456 web nginx[12]: " + line, agent},
		{"journalctl export", "__CURSOR=s=1\n_PID=12\nMESSAGE=" + line, agent},
		{
			"journalctl verbose", "Sun 2026-09-20 00:01:33.123456 UTC [s=1a;i=2b;b=3c]\n    _PID=12\n    MESSAGE=" + line, agent,
		},
		{"journalctl json-sse", `data: {"MESSAGE":"` + escaped + `"}`, agent},
		{"journalctl json-seq", "\x1e" + `{"MESSAGE":"` + escaped + `"}`, agent},
		{"docker compose in colors", "\x1b[36mweb-1  | \x1b[0m" + line, agent},
		{"journalctl json, bytes", `{"__REALTIME_TIMESTAMP":"1789862493000000","MESSAGE":` + bytesOf(line) + `}`, agent},
		{"JSON with a cookie", `Sep 20 00:01:32 web nginx: @cee: {"remote_addr":"203.0.113.9","time":"2026-09-20T00:01:32Z",` +
			`"request":"GET ` + id + ` HTTP/1.1","status":302}`, ""},
		{
			"CRI, in parts", "2026-09-20T00:01:33.1Z stdout P " + line[:20] + "\n2026-09-20T00:01:33.1Z stderr P x\n" +
				"2026-09-20T00:01:33.1Z stdout P " + line[20:70] + "\n2026-09-20T00:01:33.1Z stdout F " + line[70:], agent,
		},
		{
			"docker, in parts", `{"log":"` + escaped[:100] + `","stream":"stdout"}` + "\n" +
				`{"log":"` + escaped[100:] + `\n","stream":"stdout"}`, agent,
		},
		{
			"docker, without line endings", `{"log":"` + escaped[:100] + `","stream":"stdout"}` + "\n" +
				`{"log":"` + escaped + `","stream":"stdout"}`, agent,
		},
		{"CRI", "2026-09-20T00:01:33.123456789Z stdout F " + line, agent},
		{"kubectl --timestamps", "2026-09-20T00:01:33.123456789Z " + line, agent},
		{"kubectl --prefix", "[pod/web-1/nginx] " + line, agent},
		{"docker compose", "web-1  | " + line, agent},
		{"logcli", `2026-09-20T00:01:33Z {job="nginx", host="web"} ` + line, agent},
		{"logcli without labels", `2026-09-20T00:01:33Z {} ` + line, agent},
		{"last column", "771156\t2026-09-20T00:01:33\tweb\t10.0.0.1\tnginx\t" + line, agent},
		{"last column, after the time", "2026-09-20 00:01:33.123\t" + line, agent},
		{
			"Fluent Bit", `web.access: [1789862492.500000000, {"remote":"203.0.113.9","method":"GET","path":"` + id +
				`","code":"302","agent":"` + agent + `"}]`, agent,
		},
		{"Fluent Bit, with metadata", `[0] web: [[1789862492.500000000, {}], {"log":"` + escaped + `"}]`, agent},
		{"docker json-file", `{"log":"` + escaped + `\n","stream":"stdout","time":"2026-09-20T00:01:33.5Z"}`, agent},
		{"syslog in docker", `{"log":"<190>Sep 20 00:01:32 web nginx: ` + escaped + `\n","stream":"stdout"}`, agent},
		{
			"JSON in CRI", `2026-09-20T00:01:33.1Z stdout F {"ts":1789862492.5,"request":{"remote_ip":"203.0.113.9",` +
				`"method":"GET","uri":"` + id + `","headers":{"User-Agent":["` + agent + `"]}},"status":302}`, agent,
		},
		{
			"Caddy for consoles", "2026/09/20 00:01:32.123\tinfo\thttp.log.access\thandled request\t" +
				`{"request":{"remote_ip":"203.0.113.9","method":"GET","uri":"` + id + `","headers":{"User-Agent":["` +
				agent + `"]}},"status":302}`, agent,
		},
		{
			"Caddy behind a proxy", `{"ts":"2026-09-20T00:01:32Z","request":{"remote_ip":"10.0.0.1",` +
				`"client_ip":"203.0.113.9","method":"GET","uri":"` + id + `"},"status":302}`, "",
		},
		{
			"Traefik", `{"ClientAddr":"203.0.113.9:4321","ClientHost":"203.0.113.9","DownstreamStatus":302,` +
				`"RequestMethod":"GET","RequestPath":"` + id + `","StartUTC":"2026-09-20T00:01:32.5Z",` +
				`"request_User-Agent":"` + agent + `","time":"2026-09-20T00:01:32Z"}`, agent,
		},
		{
			"Logpush", `{"ClientIP":"203.0.113.9","ClientRequestMethod":"GET","ClientRequestURI":"` + id +
				`","EdgeResponseStatus":302,"EdgeStartTimestamp":1789862492000000000,"ClientRequestUserAgent":"` + agent +
				`"}`, agent,
		},
		{
			"microseconds, null agent", `{"clientIP":"203.0.113.9","method":"GET","path":"` + id +
				`","statusCode":302,"timestamp":1789862492000000,"userAgent":null}`, "",
		},
		{
			"Google", `{"httpRequest":{"requestMethod":"GET","requestUrl":"` + id + `","status":302,"userAgent":"` +
				agent + `","remoteIp":"203.0.113.9"},"timestamp":"2026-09-20T00:01:32.5Z"}`, agent,
		},
		{
			"CloudFront v2 JSON", `{"date":"2026-09-20","time":"00:01:32","c-ip":"203.0.113.9","cs-method":"GET",` +
				`"cs-uri-stem":"` + id + `","sc-status":"302","cs(User-Agent)":"Mozilla/5.0%20(X11)"}`, "Mozilla/5.0 (X11)",
		},
		{
			"Apache for Loggly", `{ "time":"[20/Sep/2026:00:01:32 +0000]", "remoteIP":"203.0.113.9", "host":"h", "request":"` +
				id + `", "query":"", "method":"GET", "status":"302", "userAgent":"` + agent + `", "referer":"-" }`, agent,
		},
		{
			"Elasticsearch", `{"_index":"nginx","_source":{"@timestamp":"2026-09-20T00:01:32.000Z","source":{"address":` +
				`"203.0.113.9"},"http":{"request":{"method":"GET"},"response":{"status_code":302}},"url":{"original":"` + id +
				`"},"user_agent":{"original":"` + agent + `"}}}`, agent,
		},
		{"Elasticsearch, line", `{"_index":"nginx","_source":{"@timestamp":"x","message":"` + escaped + `"}}`, agent},
		{"Splunk", `{"preview":false,"result":{"_raw":"` + escaped + `","_time":"2026-09-20 00:01:32.000 UTC"}}`, agent},
		{
			"Splunk HEC", `{"time":1789862492.1,"host":"web","event":{"remote_addr":"203.0.113.9","request":"GET ` + id +
				` HTTP/1.1","status":302,"http_user_agent":"` + agent + `"}}`, agent,
		},
		{
			"Google, JSON of a container", `{"jsonPayload":{"remote_addr":"203.0.113.9","request":"GET ` + id + ` HTTP/1.1",` +
				`"status":"302","http_user_agent":"` + agent + `"},"timestamp":"2026-09-20T00:01:32.5Z"}`, agent,
		},
		{
			"Datadog, status of the message", `{"date":"2026-09-20T00:01:32.1Z","status":"info","attributes":{"http":` +
				`{"status_code":302,"url":"` + id + `","method":"GET","useragent":"` + agent + `"},"network":{"client":{"ip":` +
				`"203.0.113.9"}}},"message":"x"}`, agent,
		},
		{
			"Azure App Service", `{"time":"2026-09-20T00:01:32Z","category":"AppServiceHTTPLogs","properties":"{\"CIp\":` +
				`\"203.0.113.9\",\"CsUriStem\":\"` + id + `\",\"CsMethod\":\"GET\",\"ScStatus\":302,\"UserAgent\":\"` + agent +
				`\",\"time\":\"2026-09-20T00:01:32Z\"}"}`, agent,
		},
		{
			"Azure Storage", `{"time":"2026-09-20T00:01:32.5Z","operationName":"GetBlob","statusCode":302,"callerIpAddress":` +
				`"203.0.113.9:99","properties":{"userAgentHeader":"` + agent + `"},"uri":"` + id + `"}`, agent,
		},
		{
			"Akamai without slash", `{"reqTimeSec":"1789862492.123","cliIP":"203.0.113.9","statusCode":"302","reqMethod":"GET",` +
				`"reqPath":"` + id[1:] + `","UA":"curl%2F8"}`, "curl/8",
		},
		{
			"Ceph", `{"time":"2026-09-20T00:01:32.1Z","remote_addr":"203.0.113.9","uri":"GET ` + id + ` HTTP/1.1",` +
				`"http_status":"302","user_agent":"curl/8"}`, "curl/8",
		},
		{
			"GitLab, address of the proxy", `{"method":"GET","remote_addr":"127.0.0.1:0","remote_ip":"203.0.113.9",` +
				`"status":302,"time":"2026-09-20T00:01:32Z","uri":"` + id + `","user_agent":"curl/8"}`, "curl/8",
		},
		{
			"Railway", `{"timestamp":"2026-09-20T00:01:32.1Z","method":"GET","path":"` + id + `","httpStatus":302,` +
				`"clientUa":"curl/8","srcIp":"203.0.113.9"}`, "curl/8",
		},
		{
			"LTSV", "time:20/Sep/2026:00:01:32 +0000\thost:203.0.113.9\tforwardedfor:-\treq:GET " + id + " HTTP/1.1\t" +
				"status:302\tsize:1\treferer:-\tua:a \\x22b\\x22\treqtime:0.1\tvhost:h", `a "b"`,
		},
		{
			"LTSV, names of Nginx", "time:2026-09-20T00:01:32+00:00\tremote_addr:203.0.113.9\trequest_method:GET\t" +
				"request_uri:" + id + "\tstatus:302\thttp_user_agent:" + agent, agent,
		},
		{
			"logfmt", `level=info ts=2026-09-20T00:01:32Z remote_addr=203.0.113.9 method=GET path=` + id +
				` status=302 user_agent="a \"b\" c" bytes=`, `a "b" c`,
		},
		{
			"Heroku", `2026-09-20T00:01:32.5+00:00 heroku[router]: at=info method=GET path="` + id + `" host=h ` +
				`request_id=1 fwd="203.0.113.9" dyno=web.1 status=302 bytes=0 protocol=https`, "",
		},
		{
			"uWSGI", "[pid: 1|app: 0|req: 1/1] 203.0.113.9 () {40 vars in 600 bytes} [Sun Sep 20 00:01:32 2026] GET " + id +
				" => generated 0 bytes in 1 msecs (HTTP/1.1 302) 4 headers in 100 bytes (1 switches on core 0)", "",
		},
		{"CSV of lines", "\"_raw\"\n\"" + strings.ReplaceAll(line, `"`, `""`) + "\"", agent},
		{
			"CSV with times and lines", "@timestamp,@message\n2026-09-20 00:01:32.000,\"" +
				strings.ReplaceAll(line, `"`, `""`) + "\"", agent,
		},
		{
			"CSV with semicolons", "time;remote_addr;method;uri;status;user_agent\n2026-09-20T00:01:32Z;203.0.113.9;GET;" + id +
				`;302;"a ""b"""`, `a "b"`,
		},
		{
			"tabs, with names", "time\tremote_addr\tmethod\turi\tstatus\tuser_agent\n2026-09-20T00:01:32Z\t203.0.113.9\tGET\t" +
				id + "\t302\t" + agent, agent,
		},
		{
			"Athena", `"date","time","request_ip","method","uri","status","user_agent"` + "\n" +
				`"2026-09-20","00:01:32","203.0.113.9","GET","` + id + `","302","Mozilla/5.0%20(X11)"`, "Mozilla/5.0 (X11)",
		},
		{
			"JSON in JSON without a time", `{"time":"2026-09-20T00:01:32Z","log":"{\"ip\":\"203.0.113.9\",\"path\":\"` + id +
				`\",\"status\":302}"}`, "",
		},
		{
			"lists without quotes", `{"remote_addr":"203.0.113.9","time_local":"20/Sep/2026:00:01:32 +0000",` +
				`"request":"GET ` + id + ` HTTP/2.0","urt":0.001, 0.002,"ust":-, 302,"x":,"status":302}`, "",
		},
		{
			"epoch with an exponent", `{"remote_addr":"203.0.113.9","ts":1.789862492123e+09,"request":"GET ` + id +
				` HTTP/2.0","status":302}`, "",
		},
		{
			"IIS", iis + "2026-09-20 00:01:32 10.0.0.1 GET " + id + " - 443 203.0.113.9 Mozilla/5.0+(X11) 302 0",
			"Mozilla/5.0 (X11)",
		},
		{
			"CloudFront v2 with timestamp", "#Fields: timestamp c-ip cs-method cs-uri-stem sc-status\n" +
				"1789862492\t203.0.113.9\tGET\t" + id + "\t302", "",
		},
		{
			"CloudFront v2 with timestamp(ms)", "#Fields: timestamp(ms) c-ip cs-method cs-uri-stem sc-status\n" +
				"1789862492123\t203.0.113.9\tGET\t" + id + "\t302", "",
		},
		{
			"Edgecast", "#Fields: timestamp c-ip sc-status cs-method cs-uri-stem - c-referrer c-user-agent customer-id\n" +
				"1789862492 203.0.113.9 TCP_HIT/302 GET " + id + ` - "-" "curl/8 (x y)" 12`, `curl/8 (x y)`,
		},
		{
			"names without #Fields", "date\ttime\tc-ip\tcs-method\tcs-uri-stem\tsc-status\n" +
				"2026-09-20\t00:01:32\t203.0.113.9\tGET\t" + id + "\t302", "",
		},
		{
			"Application Load Balancer", `https 2026-09-20T00:01:32.186641Z app/lb/50dc 203.0.113.9:2817 10.0.0.1:80 ` +
				`0.0 0.0 0.0 302 302 34 366 "GET ` + id + ` HTTP/1.1" "` + agent + `" ECDHE TLSv1.2 arn "Root=1" "-" "-" 0`,
			agent,
		},
		{
			"Classic Load Balancer", `2026-09-20T00:01:32.186641Z lb 203.0.113.9:2817 10.0.0.1:80 ` +
				`0.0 0.0 0.0 302 302 34 366 "GET ` + id + ` HTTP/1.1" "` + agent + `" - -`, agent,
		},
		{
			"S3, quotes in the request", `79a5 b [20/Sep/2026:00:01:32 +0000] 203.0.113.9 - R WEBSITE.GET.OBJECT k "GET ` +
				id + ` HTTP/1.1" 302 - 1 - 7 - "http://x/?"a" b" "curl "x" y" - h= - - - b TLSv1.2 - -`, `curl "x" y`,
		},
		{
			"S3, nothing quoted", `79a5 b [20/Sep/2026:00:01:32 +0000] 203.0.113.9 - R WEBSITE.GET.OBJECT k "GET ` + id +
				` HTTP/1.1" 302 - 1 - 7 - - - - h= - - - b TLSv1.2 - -`, "",
		},
		{"after another format", iis + "2026-09-20 00:01:32 ::1 GET /\n{}\n\n" + line, agent},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := formats(t).NewParser()
			var e Entry
			lines := strings.Split(tc.text, "\n")
			for _, line := range lines[:len(lines)-1] {
				_ = p.Parse([]byte(line), &e)
			}
			if err := p.Parse([]byte(lines[len(lines)-1]), &e); err != nil {
				t.Fatal(err)
			}
			if got := string(e.AgentText(nil)); string(e.Address) != "203.0.113.9" || e.Time != clock ||
				string(e.Method) != "GET" || string(e.URI) != id || e.Status != 302 || got != tc.agent {
				t.Errorf("address %q, time %d, %q %q, status %d, agent %q", e.Address, e.Time, e.Method, e.URI, e.Status, got)
			}
		})
	}
}

// bytesOf returns a text as an array of bytes in JSON.
func bytesOf(text string) string {
	return strings.ReplaceAll(fmt.Sprint([]byte(text)), " ", ",")
}

// TestParts reads lines in parts, with a new parser for each part, as the next run has one.
func TestParts(t *testing.T) {
	const line = `203.0.113.9 - - [20/Sep/2026:00:01:32 +0000] "GET /x HTTP/1.1" 302 0 "-" "curl/8"`
	for _, tc := range []struct {
		name       string
		lines      []string
		requests   int
		incomplete int64
	}{
		{"whole", []string{"P " + line[:9], "P " + line[9:30], "F " + line[30:]}, 1, 0},
		{"after a whole line", []string{"F " + line, "P " + line[:9], "F " + line[9:]}, 2, 0},
		{"last part missing", []string{"F " + line, "P " + line, "P " + line[9:]}, 1, 2},
		{"too long", []string{"P " + strings.Repeat("x", 3*maxLine), "P " + strings.Repeat("x", 3*maxLine), "F "}, 0, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			state, requests := "", 0
			var p *Parser
			for _, line := range tc.lines {
				p = formats(t).NewParser()
				p.Restore(state)
				if p.Parse([]byte("2026-09-20T00:01:33.1Z stdout "+line), new(Entry)) == nil {
					requests++
				}
				state = p.State()
			}
			if n, _ := p.Held(); requests != tc.requests || n+p.Dropped() > tc.incomplete {
				t.Errorf("%d requests, %d incomplete", requests, n)
			}
		})
	}
	p := formats(t).NewParser()
	for _, text := range []string{"a", "b", "c"} {
		if err := p.Parse([]byte(`{"log":"`+text+`"}`), new(Entry)); err != ErrComment {
			t.Error(err)
		}
	}
	if n, begin := p.Held(); n != 3 || string(begin) != "abc" {
		t.Errorf("%d and %d lines incomplete: %s", n, p.Dropped(), begin)
	}
	if err := p.Parse([]byte(`{"message":"not a part"}`), new(Entry)); err == nil || err == ErrComment {
		t.Error(err)
	}
	if err := p.Parse([]byte(`{"log":"d\n"}`), new(Entry)); err == nil || err == ErrComment {
		t.Error(err)
	}
	if n, begin := p.Held(); n != 0 || p.Dropped() != 3 || begin != nil {
		t.Errorf("%d and %d lines incomplete: %s", n, p.Dropped(), begin)
	}
}

// TestNoAddress parses lines in which something else is at the place of the address.
func TestNoAddress(t *testing.T) {
	const rest = ` - - [20/Sep/2026:00:01:32 +0000] "GET / HTTP/1.1" 302 0 "-" "Mozilla/5.0"`
	for _, address := range []string{"client=x", "</b>", "{web}", "x\\x1b", "-"} {
		if err := formats(t).NewParser().Parse([]byte(address+rest), new(Entry)); err == nil {
			t.Errorf("%s: no error", address)
		}
	}
	for _, address := range []string{"192.0.2.*", "192.0.2.xxx", "192.0.2.0/24", "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="} {
		var e Entry
		if err := formats(t).NewParser().Parse([]byte(address+rest), &e); err != nil || string(e.Address) != address {
			t.Errorf("%s: %q, %v", address, e.Address, err)
		}
	}
}

func TestNoRequest(t *testing.T) {
	for _, line := range []string{
		`79a5 b [20/Sep/2026:00:01:32 +0000] - - R S3.EXPIRE.OBJECT k "-" - - 145 - 8 - "-" "-" - h= - - - b`,
		"#Software: Microsoft Internet Information Services 10.0",
		"-- Boot 6a464e2543581bffa4f3cccb --",
		"    _SYSTEMD_UNIT=nginx.service",
		"Sun 2026-09-20 00:01:33.123456 UTC [s=1a;i=2b;b=3c;m=4;t=5;x=6]",
	} {
		if err := formats(t).NewParser().Parse([]byte(line), new(Entry)); err != ErrComment {
			t.Errorf("%s: %v, want a comment", line, err)
		}
	}
}

func TestTrustedProxies(t *testing.T) {
	const rest = ` - - [20/Sep/2026:00:01:32 +0000] "GET / HTTP/1.1" 302 0 "-" "Mozilla/5.0"`
	for _, tc := range []struct {
		line    string
		proxies int
		want    string
	}{
		{"198.51.100.66, 203.0.113.9, 192.0.2.10" + rest, 0, "198.51.100.66"},
		{"198.51.100.66, 203.0.113.9, 192.0.2.10" + rest, 1, "192.0.2.10"},
		{"198.51.100.66, 203.0.113.9, 192.0.2.10" + rest, 2, "203.0.113.9"},
		{"198.51.100.66, 203.0.113.9, 192.0.2.10" + rest, 9, "198.51.100.66"},
		{"10.0.0.1" + rest + ` "198.51.100.66, 203.0.113.9"`, 0, "10.0.0.1"},
		{"10.0.0.1" + rest + ` "198.51.100.66, 203.0.113.9"`, 1, "203.0.113.9"},
		{"10.0.0.1" + rest + ` "-"`, 1, "10.0.0.1"},
		{"10.0.0.1" + strings.Replace(rest, "Mozilla/5.0", "-", 1) + ` x=1 forwarded_for="203.0.113.9" id="v-1"`, 1, "203.0.113.9"},
		{"10.0.0.1" + rest + ` "<script>, 203.0.113.9"`, 1, "203.0.113.9"},
		{"10.0.0.1" + rest + ` "<script>, 203.0.113.9"`, 2, "203.0.113.9"},
		{"10.0.0.1" + rest + ` "203.0.113.9, <script>"`, 1, "10.0.0.1"},
		{`{"remote_addr":"10.0.0.1","x_forwarded_for":["198.51.100.66","203.0.113.9"],"time":"2026-09-20T00:01:32Z",` +
			`"request":"GET / HTTP/1.1","status":302}`, 1, "203.0.113.9"},
		{`{"remote_addr":"10.0.0.1","http_cf_connecting_ip":"203.0.113.9","time":"2026-09-20T00:01:32Z",` +
			`"request":"GET / HTTP/1.1","status":302}`, 1, "203.0.113.9"},
		{"unknown, 203.0.113.9" + rest, 0, "203.0.113.9"},
		{"198.51.100.66, 203.0.113.9, unknown" + rest, 1, "203.0.113.9"},
		{`for=198.51.100.66, for="[2001:db8::17]:4711"` + rest, 1, "2001:db8::17"},
		{`for=unknown;proto=http,for=_hidden, for=203.0.113.9` + rest, 0, "203.0.113.9"},
		{"10.0.0.1" + rest + ` "for=198.51.100.66, for=\x22[2001:db8::17]\x22"`, 1, "2001:db8::17"},
		{"10.0.0.1" + rest + ` "for=198.51.100.66, for=\"[2001:db8::17]\""`, 2, "198.51.100.66"},
		{"10.0.0.1" + rest + ` "for=198.51.100.66"`, 0, "10.0.0.1"},
		{`{"remote_addr":"10.0.0.1","x_forwarded_for":"198.51.100.66, 203.0.113.9","time":"2026-09-20T00:01:32Z",` +
			`"request":"GET / HTTP/1.1","status":302}`, 0, "10.0.0.1"},
		{`{"remote_addr":"10.0.0.1","x_forwarded_for":"198.51.100.66, 203.0.113.9","time":"2026-09-20T00:01:32Z",` +
			`"request":"GET / HTTP/1.1","status":302}`, 1, "203.0.113.9"},
		{"[2001:db8::1]:443" + rest, 0, "2001:db8::1"},
		{"2001:db8::1" + rest, 0, "2001:db8::1"},
		{"::ffff:203.0.113.9" + rest, 0, "::ffff:203.0.113.9"},
	} {
		f := formats(t)
		f.TrustedProxies = tc.proxies
		var e Entry
		if err := f.NewParser().Parse([]byte(tc.line), &e); err != nil || string(e.Address) != tc.want {
			t.Errorf("%s, %d proxies: %q, %v, want %s", tc.line, tc.proxies, e.Address, err, tc.want)
		}
	}
}

func TestApacheFormats(t *testing.T) {
	for _, tc := range []struct{ format, line string }{
		{`%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"`,
			`203.0.113.9 - - [20/Sep/2026:00:01:32 +0000] "GET /x HTTP/1.1" 302 0 "-" "curl/8"`},
		{`%v %a [%{%d/%b/%Y:%T}t.%{msec_frac}t %{%z}t] %m %U%q %s "%{user-agent}i" %D`,
			`h 203.0.113.9 [20/Sep/2026:00:01:32.123 +0000] GET /x 302 "curl/8" 12`},
		{`%{X-Forwarded-For}i %l %u %t "%r" %>s "%{User-Agent}i"`,
			`203.0.113.9, 198.51.100.7, 10.0.0.1 - - [20/Sep/2026:00:01:32 +0000] "GET /x HTTP/1.1" 302 "curl/8"`},
		{`%{X-Forwarded-For}i|%{sec}t|%r|%>s|%{User-Agent}i`, `203.0.113.9|1789862492|GET /x HTTP/1.1|302|curl/8`},
		{`%{c}a %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\" %{ms}T %I`,
			`203.0.113.9 - [20/Sep/2026:00:01:32 +0000] "GET /x HTTP/1.1" 302 0 "-" "curl/8" 1 2`},
		{`%h %{%Y-%m-%dT%H:%M:%S%z}t "%r" %<s "%{User-agent}i"`,
			`203.0.113.9 2026-09-20T02:01:32+0200 "GET /x HTTP/1.1" 302 "curl/8"`},
		{`%h\t%{usec}t\t%m\t%U\t%s\t%{User-agent}i`, "203.0.113.9\t1789862492123456\tGET\t/x\t302\tcurl/8"},
		{`LogFormat "%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"" vhost_combined`,
			`h:443 203.0.113.9 - - [20/Sep/2026:00:01:32 +0000] "GET /x HTTP/1.1" 302 0 "-" "curl/8"`},
		{"log_format  main  '$remote_addr - $remote_user [$time_local] \"$request\" '\n  '$status $body_bytes_sent " +
			"\"$http_referer\" '\n  '\"$http_user_agent\" \"$http_x_forwarded_for\"';",
			`203.0.113.9 - - [20/Sep/2026:00:01:32 +0000] "GET /x HTTP/1.1" 302 0 "-" "curl/8" "-"`},
		{`log_format json escape=json '{"ip":"$remote_addr","t":"$msec","r":"$request","s":$status,"a":"$http_user_agent"}';`,
			`{"ip":"203.0.113.9","t":"1789862492.123","r":"GET /x HTTP/1.1","s":302,"a":"curl/8"}`},
		{`$remote_addr $time_local $request $status $http_user_agent`,
			`203.0.113.9 20/Sep/2026:02:01:32 +0200 GET /x HTTP/1.1 302 curl/8`},
		{`${remote_addr}|$time_iso8601|$request_method|$scheme://$host$request_uri|$status|$http_user_agent`,
			`203.0.113.9|2026-09-20T00:01:32+00:00|GET|https://h/x|302|curl/8`},
		{`$remote_addr "$request_method $uri$is_args$args $server_protocol" $status $msec "$http_user_agent"`,
			`203.0.113.9 "GET /x HTTP/1.1" 302 1789862492.123 "curl/8"`},
		{`100%% %!200h %t "%r" %>s "%{User-Agent}i"`,
			`100% 203.0.113.9 [20/Sep/2026:00:01:32 +0000] "GET /x HTTP/1.1" 302 "curl/8"`},
	} {
		var e Entry
		err := formats(t, tc.format).NewParser().Parse([]byte(tc.line), &e)
		if err != nil || string(e.Address) != "203.0.113.9" || e.Time != 1789862492 || string(e.URI) != "/x" ||
			e.Status != 302 || string(e.AgentText(nil)) != "curl/8" {
			t.Errorf("%s: %v, %+v", tc.format, err, flatten(&e))
		}
	}
	for _, format := range []string{"%h %t %r", "%h %", "%{x", "%t %r %s", `%h %^[%d:%t %^] "%r" %s`} {
		if _, err := NewFormats([]string{format}, Fields{}); err == nil {
			t.Errorf("%s: no error", format)
		}
	}
}
