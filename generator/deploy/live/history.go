package live

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/Slicer/sitegen/generator/parallel"
)

// history is the order in which deploys were live.
type history struct {
	ids   []string             // of all records, the newest first
	live  map[string]bool      // the deploys that are live, one for each edition
	ended map[string]time.Time // when a deploy was replaced by another; without those that are live or never were
}

// history reads which deploys are live. The deploys of an edition were live in the order of their ids, except those
// that were cut off: these are newer than the one that is live, or their successor names another one as its previous.
// Only a record can tell that, so deploys that were cut off count as if they had been live until the next one: see
// refine.
func (l *Live) history(ctx context.Context) (*history, error) {
	ids, err := l.ids(ctx)
	if err != nil {
		return nil, err
	}
	h := &history{ids: ids, live: map[string]bool{}, ended: map[string]time.Time{}}
	current := map[string]string{} // id of the live deploy by edition
	next := map[string]string{}    // id of the next newer deploy by edition
	for _, id := range ids {
		edition := editionOf(id)
		at, ok := current[edition]
		if !ok {
			s, err := l.State(ctx, edition)
			if err != nil {
				return nil, err
			}
			at = s.ID
			current[edition] = at
			h.live[at] = true
		}
		if id < at {
			h.ended[id] = timeOf(next[edition])
		}
		if id <= at {
			next[edition] = id
		}
	}
	return h, nil
}

// succeed adds a deploy to a history as if it were live. If no other deploy of its edition has a record, it reads the
// state of the edition, as history would: so that the requests are the same.
func (l *Live) succeed(ctx context.Context, h *history, r *Record) error {
	if !slices.ContainsFunc(h.ids, func(id string) bool { return editionOf(id) == r.Edition }) {
		if _, err := l.State(ctx, r.Edition); err != nil {
			return err
		}
	}
	for id := range h.live {
		if editionOf(id) == r.Edition {
			delete(h.live, id)
			h.ended[id] = r.Time
		}
	}
	h.live[r.ID] = true
	h.ids = append([]string{r.ID}, h.ids...)
	return nil
}

// refine corrects a history with the records of all deploys, by id. The record of a deploy names the one that it
// replaced; what is between them was cut off.
func (h *history) refine(records map[string]*Record) {
	for at := range h.live {
		for r := records[at]; r != nil && r.Previous != ""; r = records[r.Previous] {
			for _, id := range h.ids {
				if id > r.Previous && id < r.ID && editionOf(id) == r.Edition {
					delete(h.ended, id)
				}
			}
			if _, ok := h.ended[r.Previous]; ok {
				h.ended[r.Previous] = timeOf(r.ID)
			}
		}
	}
}

// Entry is a deploy in a list.
type Entry struct {
	ID, Edition, Of string // as in Record
	Time            time.Time
	Facts                 // without Contents
	Files           int   // number of files
	Bytes           int64 // of all files
	Live            bool
	// Unfinished is true for a deploy that is not live and never was: it was cut off, or is still running.
	Unfinished bool
	// Damaged is true for a deploy whose record is incomplete: a rollback cannot return to it.
	Damaged bool
}

// List returns the deploys that have a record, the newest first. edition selects those of one edition; "" means all. It
// logs a warning for a deploy that is live and has no record.
func (l *Live) List(ctx context.Context, edition string) ([]Entry, error) {
	h, err := l.history(ctx)
	if err != nil {
		return nil, err
	}
	ids := slices.DeleteFunc(slices.Clone(h.ids), func(id string) bool {
		return edition != "" && editionOf(id) != edition
	})
	for _, id := range slices.Sorted(maps.Keys(h.live)) {
		if id != "" && !slices.Contains(h.ids, id) && (edition == "" || editionOf(id) == edition) {
			l.Log.Warn("the record of a live deploy is missing in the bucket; sitegen deploy --verify writes a new one",
				"deploy", id)
		}
	}
	list := make([]Entry, len(ids))
	var mu sync.Mutex
	order := make(map[string]*Record, len(ids)) // only what refine needs
	err = parallel.For(ctx, l.Jobs, len(ids), func(i int) error {
		r, err := l.readRecord(ctx, ids[i]) // large, so only an entry of it is kept in memory
		if isMissing(err) {
			return nil // a collection has just deleted it
		}
		if err != nil {
			return err
		}
		list[i] = Entry{
			ID: r.ID, Edition: r.Edition, Of: r.Of, Time: r.Time, Facts: r.Facts, Files: len(r.Files),
			Live: h.live[r.ID], Damaged: r.lost != "",
		}
		list[i].Contents = ""
		for _, f := range r.Files {
			list[i].Bytes += f.Size
		}
		mu.Lock()
		defer mu.Unlock()
		order[r.ID] = &Record{ID: r.ID, Edition: r.Edition, Previous: r.Previous}
		return nil
	})
	h.refine(order)
	for i := range list {
		_, ended := h.ended[list[i].ID]
		list[i].Unfinished = !list[i].Live && !ended
	}
	return slices.DeleteFunc(list, func(e Entry) bool { return e.ID == "" }), err
}

// WasLive reports whether a deploy is live or was live. at is the id of the deploy that is live in its edition. WasLive
// reads the records from that one back. If one of them is missing or damaged, older deploys count as if they had been
// live.
func (l *Live) WasLive(ctx context.Context, r *Record, at string) (bool, error) {
	for at > r.ID {
		next, err := l.readRecord(ctx, at)
		if isMissing(err) || err == nil && next.Previous == "" {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		at = next.Previous
	}
	return at == r.ID, nil
}

// NoEditionError is the error of a command that needs a deploy of an edition that has none.
type NoEditionError struct{ Command, Edition string }

func (e *NoEditionError) Error() string {
	return fmt.Sprintf("%s %s: nothing has been deployed to this edition", e.Command, e.Edition)
}

// AmbiguousError is the error of an abbreviated id that several deploys have.
type AmbiguousError struct {
	Text string
	IDs  []string // of these deploys, the newest first
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("%q is the beginning of the ids of %d deploys, for instance %s and %s", e.Text, len(e.IDs),
		e.IDs[0], e.IDs[1])
}

// Resolve returns the id of the deploy that a text names: an id, the beginning of one, or the beginning of the number
// at its end, for example 4f2a. The error is a NoRecordError or an AmbiguousError. A complete id is returned as it is,
// also if there is no such deploy.
func (l *Live) Resolve(ctx context.Context, text string) (string, error) {
	if idRE.MatchString(text) {
		return text, nil
	}
	ids, err := l.ids(ctx)
	if err != nil {
		return "", err
	}
	ids = slices.DeleteFunc(ids, func(id string) bool {
		number := id[strings.LastIndex(id, "-")+1:]
		return text == "" || !strings.HasPrefix(id, text) && !strings.HasPrefix(number, text)
	})
	switch len(ids) {
	case 0:
		return "", &NoRecordError{text}
	case 1:
		return ids[0], nil
	}
	return "", &AmbiguousError{text, ids}
}

// LiveLostError is the error of a rollback without an id if the record of the live deploy is missing or damaged. Only
// that record names the deploy that was live before.
type LiveLostError struct{ reason error }

func (e *LiveLostError) Error() string { return e.reason.Error() }

// Unwrap returns the reason, a NoRecordError or fs.ErrNotExist.
func (e *LiveLostError) Unwrap() error { return e.reason }

// ErrNoDeploy is the error of a rollback without an earlier deploy.
var ErrNoDeploy = errors.New("there is no earlier deploy")

// Earlier returns the id of the deploy that a rollback without an id returns to: the last one before the live one that
// had another site. If the live deploy is itself a rollback, it is the one before that which it returned to:
//
//	A, B, C        a rollback returns to B
//	A, B, C, B'    the next one to A
func (l *Live) Earlier(ctx context.Context, edition string) (string, error) {
	s, err := l.State(ctx, edition)
	if err != nil {
		return "", err
	}
	if s.ID == "" {
		return "", &NoEditionError{"roll back", edition}
	}
	live, err := l.Record(ctx, s.ID)
	if isMissing(err) {
		return "", fmt.Errorf("roll back %s without an id: %w", edition, &LiveLostError{err})
	}
	if err != nil {
		return "", err
	}
	for r := live; ; {
		id := r.Previous
		if editionOf(r.Of) == edition {
			id = r.Of
		}
		if id == "" {
			return "", fmt.Errorf("roll back %s: %w", edition, ErrNoDeploy)
		}
		if r, err = l.Record(ctx, id); isMissing(err) {
			return "", fmt.Errorf("roll back %s: %w", edition, ErrNoDeploy)
		} else if err != nil {
			return "", err
		}
		if r.Site != live.Site {
			return r.ID, nil
		}
	}
}
