package place_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// secret is the token that the server accepts.
const secret = "ghp_0123456789abcdef"

// server answers as the REST API of GitHub does, version 2022-11-28, as far as releases and their assets are concerned:
// https://docs.github.com/en/rest/releases. It has the repository example/backups.
type server struct {
	*httptest.Server
	t testing.TB

	mu       sync.Mutex
	private  bool
	tag      string // of the release; "" if there is none
	assets   map[int64]*stored
	next     int64
	creation map[string]any // the request that created the release

	// trouble may answer a request instead of the server. It reports whether it did.
	trouble func(w http.ResponseWriter, r *http.Request) bool
}

// stored is an asset.
type stored struct {
	name, state string
	data        []byte
}

func newServer(t testing.TB) *server {
	t.Helper()
	s := &server{t: t, private: true, assets: map[int64]*stored{}, next: 7}
	mux := http.NewServeMux()
	const repo = "/repos/example/backups"
	mux.HandleFunc("GET "+repo, s.repository)
	mux.HandleFunc("GET "+repo+"/releases/tags/{tag}", s.byTag)
	mux.HandleFunc("POST "+repo+"/releases", s.create)
	mux.HandleFunc("GET "+repo+"/releases/1/assets", s.list)
	mux.HandleFunc("POST /uploads"+repo+"/releases/1/assets", s.upload)
	mux.HandleFunc("GET "+repo+"/releases/assets/{id}", s.download)
	mux.HandleFunc("DELETE "+repo+"/releases/assets/{id}", s.remove)
	mux.HandleFunc("GET /storage/{id}", s.storage)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { problem(w, 404, "Not Found") })
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.trouble != nil && s.trouble(w, r) {
			return
		}
		if !strings.HasPrefix(r.URL.Path, "/storage/") {
			if r.Header.Get("Authorization") != "Bearer "+secret {
				problem(w, 401, "Bad credentials")
				return
			}
			if r.Header.Get("User-Agent") == "" || r.Header.Get("X-GitHub-Api-Version") != "2022-11-28" {
				t.Errorf("%s %s: headers %v", r.Method, r.URL, r.Header)
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// problem answers with an error, as GitHub does.
func problem(w http.ResponseWriter, status int, message string, codes ...string) {
	type code struct {
		Resource string `json:"resource"`
		Field    string `json:"field"`
		Code     string `json:"code"`
	}
	list := []code{}
	for _, c := range codes {
		list = append(list, code{"ReleaseAsset", "name", c})
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"message": message, "errors": list})
}

func reply(w http.ResponseWriter, status int, v any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (s *server) repository(w http.ResponseWriter, _ *http.Request) {
	reply(w, 200, map[string]any{"full_name": "example/backups", "private": s.private})
}

func (s *server) release() map[string]any {
	return map[string]any{"id": 1, "tag_name": s.tag,
		"upload_url": s.URL + "/uploads/repos/example/backups/releases/1/assets{?name,label}"}
}

func (s *server) byTag(w http.ResponseWriter, r *http.Request) {
	if s.tag == "" || r.PathValue("tag") != s.tag {
		problem(w, 404, "Not Found")
		return
	}
	reply(w, 200, s.release())
}

func (s *server) create(w http.ResponseWriter, r *http.Request) {
	if err := json.NewDecoder(r.Body).Decode(&s.creation); err != nil {
		problem(w, 400, "Problems parsing JSON")
		return
	}
	if s.tag != "" {
		problem(w, 422, "Validation Failed", "already_exists")
		return
	}
	s.tag, _ = s.creation["tag_name"].(string)
	reply(w, 201, s.release())
}

func (s *server) list(w http.ResponseWriter, r *http.Request) {
	size, _ := strconv.Atoi(r.URL.Query().Get("per_page"))
	page, _ := strconv.Atoi(r.URL.Query().Get("page"))
	ids := slices.Sorted(maps.Keys(s.assets))
	list := []map[string]any{}
	for i, id := range ids {
		if i/size == page-1 {
			list = append(list, s.describe(id))
		}
	}
	reply(w, 200, list)
}

func (s *server) describe(id int64) map[string]any {
	a := s.assets[id]
	return map[string]any{"id": id, "name": a.name, "state": a.state, "size": len(a.data)}
}

func (s *server) upload(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	if r.ContentLength < 0 || r.Header.Get("Content-Type") == "" {
		problem(w, 400, "Bad Content-Length or Content-Type")
		return
	}
	for _, a := range s.assets {
		if a.name == name {
			_, _ = io.Copy(io.Discard, r.Body)
			problem(w, 422, "Validation Failed", "already_exists")
			return
		}
	}
	s.next++
	a := &stored{name: name, state: "starter"}
	s.assets[s.next] = a
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	a.data, a.state = data, "uploaded"
	reply(w, 201, s.describe(s.next))
}

// asset returns the asset that a request names, or nil.
func (s *server) asset(w http.ResponseWriter, r *http.Request) (int64, *stored) {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	a := s.assets[id]
	if a == nil {
		problem(w, 404, "Not Found")
	}
	return id, a
}

func (s *server) download(w http.ResponseWriter, r *http.Request) {
	id, a := s.asset(w, r)
	switch {
	case a == nil:
	case r.Header.Get("Accept") == "application/octet-stream":
		// Another host, which must not see the token.
		to := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
		http.Redirect(w, r, fmt.Sprintf("%s/storage/%d", to, id), http.StatusFound)
	default:
		reply(w, 200, s.describe(id))
	}
}

func (s *server) storage(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "" {
		s.t.Errorf("the token was sent to another host: %s", r.Host)
	}
	if _, a := s.asset(w, r); a != nil {
		_, _ = w.Write(a.data)
	}
}

func (s *server) remove(w http.ResponseWriter, r *http.Request) {
	if id, a := s.asset(w, r); a != nil {
		delete(s.assets, id)
		w.WriteHeader(204)
	}
}
