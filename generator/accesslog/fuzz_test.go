package accesslog

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// checkEntry checks the properties that every entry has, for any line.
func checkEntry(t *testing.T, line []byte, e *Entry) {
	if e.Time < days(firstYear, 1, 1)*86400-15*3600 || e.Time > days(lastYear+1, 1, 1)*86400+15*3600 {
		t.Errorf("time %d", e.Time)
	}
	if e.Status < 0 || e.Status > 999 || len(e.Address) == 0 {
		t.Errorf("status %d, address %q", e.Status, e.Address)
	}
	if bytes.ContainsAny(e.Address, " \t\n") {
		t.Errorf("address %q", e.Address)
	}
	if agent := e.AgentText(nil); len(agent) > len(line) {
		t.Errorf("user agent of %d bytes from a line of %d bytes", len(agent), len(line))
	}
}

// fuzzParser fuzzes the lines of a log that begins with head: entries must be valid, and parsing must not modify the
// line.
func fuzzParser(f *testing.F, head string, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		p := detect(formats(t), head)
		before := bytes.Clone(line)
		var e Entry
		if p.Parse(line, &e) == nil {
			checkEntry(t, line, &e)
		}
		if !bytes.Equal(before, line) {
			t.Error("Parse modified the line")
		}
	})
}

func FuzzCombined(f *testing.F) {
	const good = `192.0.2.1 - - [20/Sep/2026:00:01:32 +0000] "GET /a\x22 HTTP/1.1" 200 157 "-" "a\"b \x5C"`
	fuzzParser(f, good, good, "", "\x16\x03", `- - - [31/Foo/2026:00:00:00 +0000] "" - - "" "\`)
}

func FuzzBucketLog(f *testing.F) {
	const good = `79a5 b [06/Feb/2026:00:00:38 +0000] 192.0.2.3 - R O k "GET /x HTTP/1.1" 302 - 1 - 7 - "-" "S3 "q"" - h`
	fuzzParser(f, good, good, "- - - -")
}

func FuzzCloudFront(f *testing.F) {
	const good = "2026-09-20\t00:01:32\tF\t0\t::1\tGET\th\t/x\t304\t-\tM%2520%\t-"
	fuzzParser(f, cloudFrontHead, good, "#Fields: a\tb", "#Fields:", "\t\t\t")
}

func FuzzJSONLines(f *testing.F) {
	const good = `{"time":"2026-09-20T00:01:32Z","remote_addr":"::1","uri":"\/","status":200,` +
		`"agent":"\u00e4\ud83d\ude00\"","x":[{"}":1}]}`
	f.Add([]byte(good))
	f.Add([]byte(`{"a":"\`))
	f.Fuzz(func(t *testing.T, line []byte) {
		p := formats(t).NewParser()
		var e Entry
		if p.Parse(line, &e) != nil {
			return
		}
		checkEntry(t, line, &e)
		// encoding/json must find the same user agent. Keys like user_agent set it, too, so the line must contain the
		// word only once. The libraries replace invalid UTF-8 differently, so texts with U+FFFD are not compared.
		var all map[string]any
		if bytes.Contains(line, []byte("\n")) || json.Unmarshal(line, &all) != nil ||
			bytes.Count(line, []byte(`agent`)) != 1 {
			return
		}
		want, ok := all["agent"].(string)
		if !ok || want == "-" || !json.Valid(line) {
			return
		}
		got := e.AgentText(nil)
		replaced := bytes.ContainsRune(got, '\uFFFD') || strings.ContainsRune(want, '\uFFFD')
		if string(bytes.ToValidUTF8(got, []byte("\uFFFD"))) != want && !replaced {
			t.Errorf("user agent %q, want %q", got, want)
		}
	})
}

func FuzzLogFormat(f *testing.F) {
	f.Add(combined, `192.0.2.1 - - [20/Sep/2026:00:01:32 +0000] "GET / HTTP/1.1" 200 157 "-" "x"`)
	f.Add(`$msec $status ${remote_addr} $request`, "1789862492 200 ::1 GET /")
	f.Add("$", "")
	f.Fuzz(func(t *testing.T, format, line string) {
		p, err := compile("fuzz", format)
		if err != nil {
			return
		}
		var e Entry
		if p.Parse([]byte(line), &e) == nil {
			checkEntry(t, []byte(line), &e)
		}
	})
}

func FuzzTime(f *testing.F) {
	f.Add("20/Sep/2026:00:01:32 +0530")
	f.Add("2026-09-20T00:01:32+05:30")
	f.Add("2026-09-20T00:01:32.123456Z")
	f.Add("1789862492.123")
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := parseTime([]byte(text))
		for _, layout := range []string{"02/Jan/2006:15:04:05 -0700", time.RFC3339Nano} {
			want, err := time.Parse(layout, text)
			if err != nil || want.Year() < firstYear || want.Year() > lastYear {
				continue
			}
			if _, offset := want.Zone(); offset%60 != 0 || offset < -14*3600 || offset > 14*3600 {
				continue
			}
			if len(text) < 19 {
				continue // time.Parse accepts days of one digit
			}
			if ok && got != want.Unix() {
				t.Errorf("%q: got %d, want %d", text, got, want.Unix())
			}
		}
	})
}
