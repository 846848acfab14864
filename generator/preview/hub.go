package preview

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// status is the message to open pages. Each status is complete, so a page may miss some of them.
type status struct {
	Build     string           `json:"build"`            // id of the build; a page of another build must reload
	From      []string         `json:"from,omitempty"`   // previous builds that differ only in style sheets
	Sheets    map[string]Sheet `json:"sheets,omitempty"` // new style sheets by the URLs of those in From
	Problems  string           `json:"problems"`         // mistakes of the newest edit, as text; "" for none
	Server    string           `json:"server"`           // name of the emulated server
	Catalogue string           `json:"catalogue"`
	Time      string           `json:"time"`         // of the build
	Took      int64            `json:"milliseconds"` // from the start of the build to the reload
	Warnings  int              `json:"warnings"`     // number of warnings; -1 until the check has finished
}

// hub sends the status to open pages as server-sent events.
type hub struct {
	mu     sync.Mutex
	last   []byte // the newest status, as JSON
	opened map[*listener]bool
}

// listener is an open page.
type listener struct {
	page string      // its path and query
	news chan []byte // has a buffer of one, for the newest status
}

// send sends a status to all open pages.
func (h *hub) send(s status) {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err) // cannot happen: a status consists of strings and numbers
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = data
	for l := range h.opened {
		l.send(data)
	}
}

// send sends a status to the page. It replaces a status that the page has not received yet. h.mu must be locked.
func (l *listener) send(data []byte) {
	select {
	case <-l.news:
	default:
	}
	l.news <- data
}

// open adds a page, which receives the last status at once.
func (h *hub) open(page string) *listener {
	l := &listener{page, make(chan []byte, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.opened == nil {
		h.opened = map[*listener]bool{}
	}
	h.opened[l] = true
	if h.last != nil {
		l.send(h.last)
	}
	return l
}

// close removes a page.
func (h *hub) close(l *listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.opened, l)
}

// pages returns the paths and queries of the open pages, without duplicates.
func (h *hub) pages() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []string
	for l := range h.opened {
		list = append(list, l.page)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// ServeHTTP sends status messages to a page until the page is closed.
func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", emulate.NoStore)
	control := http.NewResponseController(w)
	l := h.open(r.URL.Query().Get("page"))
	defer h.close(l)
	fmt.Fprint(w, "retry: 500\n\n")
	for {
		if err := control.Flush(); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case data := <-l.news:
			if _, err := fmt.Fprintf(w, "data: %s\n\n", data); err != nil {
				return
			}
		}
	}
}
