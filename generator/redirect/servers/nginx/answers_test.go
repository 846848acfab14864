package nginx_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"testing"

	"github.com/Slicer/sitegen/generator/testutil"
)

// TestCompressed checks that composed answers are compressed, also behind a proxy, and contain the same as the others.
func TestCompressed(t *testing.T) {
	t.Parallel()
	s := serve(t, testutil.Packages(t, "live"))
	for _, request := range []string{"/findall", "/findall?offset=-1&os=win", "/?offset=-1", "//findall"} {
		_, want := testutil.Ask(t, s.client, "GET", s.URL+request)
		for _, via := range []string{"", "1.1 proxy"} {
			req, err := http.NewRequest("GET", s.URL+request, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Accept-Encoding", "gzip")
			if via != "" {
				req.Header.Set("Via", via)
			}
			res, err := s.client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			if h := res.Header; h.Get("Content-Encoding") != "gzip" || h.Get("Vary") != "Accept-Encoding" {
				t.Errorf("%s: headers %v", request, h)
			} else if zr, err := gzip.NewReader(res.Body); err != nil {
				t.Errorf("%s: %v", request, err)
			} else if body, err := io.ReadAll(zr); err != nil || string(body) != want {
				t.Errorf("%s: %d bytes and error %v, want %d bytes", request, len(body), err, len(want))
			}
			res.Body.Close()
		}
	}
}
