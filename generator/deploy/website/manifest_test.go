package website

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
)

// compress returns a text as a manifest is stored.
func compress(text string) []byte {
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	zw.Write([]byte(text))
	zw.Close()
	return b.Bytes()
}

func TestParseManifest(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"no JSON":        {"x", "damaged"},
		"old":            {`{"format":0}`, "unknown format 0"},
		"newer":          {`{"format":2,"files":[]}`, "has format 2, the newest known format is 1"},
		"no id":          {`{"format":1,"files":{}}`, "no id"},
		"no files":       {`{"format":1,"id":"x"}`, "no files"},
		"a slash":        {`{"format":1,"id":"x","files":{"/a":{}}}`, "invalid key"},
		"the manifest":   {`{"format":1,"id":"x","files":{".sitegen/manifest.json.gz":{}}}`, "reserved"},
		"unknown kind":   {`{"format":1,"id":"x","files":{"a":{"kind":"b"}}}`, `unknown kind "b"`},
		"no hash":        {`{"format":1,"id":"x","files":{"a":{}}}`, "no hash"},
		"a size below 0": {`{"format":1,"id":"x","files":{"a":{"size":-1,"unsure":true}}}`, "size -1"},
	} {
		if _, err := parseManifest(compress(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	good := `{"format":1,"id":"x","files":{"a":{"sum":"1","headers":"2"},"b":{"kind":"page","unsure":true}}}`
	m, err := parseManifest(compress(good))
	if err != nil || len(m.Files) != 2 {
		t.Errorf("%+v, %v", m, err)
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(`{"format":1,"id":"x","claim":"2026-11-26T08:46:52Z","files":{"a":{"sum":"1","headers":"2"}}}`))
	f.Add([]byte(`{"format":1,"id":"x","files":{"a":{"unsure":true,"gone":"2026-11-26T08:46:52Z"}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseManifest(compress(string(text)))
		if err != nil {
			return
		}
		first, err := m.encode()
		if err != nil {
			return // a year beyond 9999
		}
		again, err := parseManifest(first)
		if err != nil {
			t.Fatal(err)
		}
		if second, err := again.encode(); err != nil || !bytes.Equal(first, second) {
			t.Errorf("a second round differs: %v", err)
		}
	})
}
