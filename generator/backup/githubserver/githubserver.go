// Package githubserver is a server with the part of GitHub's REST API that backups use, for tests: the releases of one
// repository and their assets, in version 2022-11-28 of the API (https://docs.github.com/en/rest/releases).
//
//	s := githubserver.Start(t)
//	p, err := place.Open(ctx, address, place.Options{API: s.URL, Token: githubserver.Token})
//
// It checks what GitHub requires of a request, and that no other host sees the token.
package githubserver

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

// Token is the token that the server accepts.
const Token = "ghp_0123456789abcdef"

// Repository is the repository of the server.
const Repository = "example/backups"

// Server is a running server. Its fields must not be changed while a request is answered.
type Server struct {
	*httptest.Server
	Private  bool             // whether the repository is private
	Tag      string           // of the release; "" if there is none
	Assets   map[int64]*Asset // of the release, by id
	Creation map[string]any   // the request that created the release

	// Trouble may answer a request instead of the server. It reports whether it did.
	Trouble func(w http.ResponseWriter, r *http.Request) bool

	t    testing.TB
	mu   sync.Mutex
	next int64 // id of the last asset
}

// Asset is a file of a release.
type Asset struct {
	Name, State string
	Data        []byte
}

// The states of an asset.
const (
	Starter  = "starter" // its upload was interrupted
	Uploaded = "uploaded"
)

// Start starts a server with a private repository without releases. It is stopped when the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t, Private: true, Assets: map[int64]*Asset{}, next: 7}
	mux := http.NewServeMux()
	const repo = "/repos/" + Repository
	mux.HandleFunc("GET "+repo, s.repository)
	mux.HandleFunc("GET "+repo+"/releases/tags/{tag}", s.byTag)
	mux.HandleFunc("POST "+repo+"/releases", s.create)
	mux.HandleFunc("GET "+repo+"/releases/1/assets", s.list)
	mux.HandleFunc("POST /uploads"+repo+"/releases/1/assets", s.upload)
	mux.HandleFunc("GET "+repo+"/releases/assets/{id}", s.download)
	mux.HandleFunc("DELETE "+repo+"/releases/assets/{id}", s.remove)
	mux.HandleFunc("GET /storage/{id}", s.storage)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { Problem(w, 404, "Not Found") })
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Trouble != nil && s.Trouble(w, r) {
			return
		}
		if !strings.HasPrefix(r.URL.Path, "/storage/") {
			if r.Header.Get("Authorization") != "Bearer "+Token {
				Problem(w, 401, "Bad credentials")
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

// Problem answers with an error, as GitHub does.
func Problem(w http.ResponseWriter, status int, message string, codes ...string) {
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

func Reply(w http.ResponseWriter, status int, v any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (s *Server) repository(w http.ResponseWriter, _ *http.Request) {
	Reply(w, 200, map[string]any{"full_name": "example/backups", "private": s.Private})
}

func (s *Server) release() map[string]any {
	return map[string]any{"id": 1, "tag_name": s.Tag,
		"upload_url": s.URL + "/uploads/repos/" + Repository + "/releases/1/assets{?name,label}"}
}

func (s *Server) byTag(w http.ResponseWriter, r *http.Request) {
	if s.Tag == "" || r.PathValue("tag") != s.Tag {
		Problem(w, 404, "Not Found")
		return
	}
	Reply(w, 200, s.release())
}

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	if err := json.NewDecoder(r.Body).Decode(&s.Creation); err != nil {
		Problem(w, 400, "Problems parsing JSON")
		return
	}
	if s.Tag != "" {
		Problem(w, 422, "Validation Failed", "already_exists")
		return
	}
	s.Tag, _ = s.Creation["tag_name"].(string)
	Reply(w, 201, s.release())
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	size, _ := strconv.Atoi(r.URL.Query().Get("per_page"))
	page, _ := strconv.Atoi(r.URL.Query().Get("page"))
	ids := slices.Sorted(maps.Keys(s.Assets))
	list := []map[string]any{}
	for i, id := range ids {
		if i/size == page-1 {
			list = append(list, s.describe(id))
		}
	}
	Reply(w, 200, list)
}

func (s *Server) describe(id int64) map[string]any {
	a := s.Assets[id]
	return map[string]any{"id": id, "name": a.Name, "state": a.State, "size": len(a.Data)}
}

func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	if r.ContentLength < 0 || r.Header.Get("Content-Type") == "" {
		Problem(w, 400, "Bad Content-Length or Content-Type")
		return
	}
	for _, a := range s.Assets {
		if a.Name == name {
			_, _ = io.Copy(io.Discard, r.Body)
			Problem(w, 422, "Validation Failed", "already_exists")
			return
		}
	}
	s.next++
	a := &Asset{Name: name, State: Starter}
	s.Assets[s.next] = a
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	a.Data, a.State = data, Uploaded
	Reply(w, 201, s.describe(s.next))
}

// asset returns the asset that a request names, or nil.
func (s *Server) asset(w http.ResponseWriter, r *http.Request) (int64, *Asset) {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	a := s.Assets[id]
	if a == nil {
		Problem(w, 404, "Not Found")
	}
	return id, a
}

func (s *Server) download(w http.ResponseWriter, r *http.Request) {
	id, a := s.asset(w, r)
	switch {
	case a == nil:
	case r.Header.Get("Accept") == "application/octet-stream":
		// Another host, which must not see the token.
		to := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
		http.Redirect(w, r, fmt.Sprintf("%s/storage/%d", to, id), http.StatusFound)
	default:
		Reply(w, 200, s.describe(id))
	}
}

func (s *Server) storage(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "" {
		s.t.Errorf("the token was sent to another host: %s", r.Host)
	}
	if _, a := s.asset(w, r); a != nil {
		_, _ = w.Write(a.Data)
	}
}

func (s *Server) remove(w http.ResponseWriter, r *http.Request) {
	if id, a := s.asset(w, r); a != nil {
		delete(s.Assets, id)
		w.WriteHeader(204)
	}
}
