package live

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// State is the state of an edition in the store. It changes together with the root.
type State struct {
	ID string `json:"id"` // the deploy that is live; "" if there was none yet
	// Site is a hash of what was deployed: the bucket, the files and the tree, without the assets of earlier deploys.
	// If a site has the same hash, there is nothing to deploy.
	Site string `json:"site"`
}

// stateKey returns the key of the state of an edition. The function at the edge does not read it.
func stateKey(edition string) string { return "deploy:" + edition }

// leaseKey is the key of the lease of a collection.
const leaseKey = "deploy-lease"

// leaseTime is the time that a collection may take. A collection stops before; see collectTime.
const leaseTime = 10 * time.Minute

// lease is the value of leaseKey.
type lease struct {
	By    string    `json:"by"` // id of the deploy that collects
	Until time.Time `json:"until"`
}

// readJSON reads a value of the store into v. It reports whether the key exists.
func (l *Live) readJSON(ctx context.Context, key string, v any) (bool, error) {
	text, err := l.Store.Get(ctx, key)
	if isMissing(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read %s from the key-value store: %w", key, err)
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return false, &DamagedKeyError{key, err}
	}
	return true, nil
}

// DamagedKeyError is the error of a key of the store that has a value which no deploy writes.
type DamagedKeyError struct {
	Key    string
	reason error
}

func (e *DamagedKeyError) Error() string {
	return fmt.Sprintf("the key %s of the key-value store is damaged: %s", e.Key, e.reason)
}

// Unwrap returns the reason.
func (e *DamagedKeyError) Unwrap() error { return e.reason }

// State reads the state of an edition.
func (l *Live) State(ctx context.Context, edition string) (s State, err error) {
	_, err = l.readJSON(ctx, stateKey(edition), &s)
	return s, err
}

// The time between two reads of a lease, which cost money, begins with leasePause and doubles up to maxLeasePause.
const (
	leasePause    = 2 * time.Second
	maxLeasePause = 16 * time.Second
)

// awaitLease waits until no collection is running and returns the version of the store at that time.
func (l *Live) awaitLease(ctx context.Context) (Version, error) {
	var seen lease
	since := l.Now() // when seen was read first
	for pause := leasePause; ; pause = min(2*pause, maxLeasePause) {
		v, err := l.Store.Describe(ctx)
		if err != nil {
			return v, fmt.Errorf("read the version of the key-value store: %w", err)
		}
		var held lease
		exists, err := l.readJSON(ctx, leaseKey, &held)
		if err != nil {
			return v, err
		}
		// If this machine's clock is ahead, the lease expires too early for the other deployer: it stops collecting a
		// minute before its end, and the rest is up to the clocks.
		now := l.Now()
		if held.By != seen.By || !held.Until.Equal(seen.Until) {
			seen, since = held, now
		}
		// If the clock of the other deployer is ahead, the lease seems to last longer than it can.
		if !exists || now.After(held.Until) || now.Sub(since) >= leaseTime {
			return v, nil
		}
		if pause == leasePause {
			l.Log.Info("waiting: another deploy is removing old objects, or was killed", "deploy", held.By, "until",
				held.Until)
		}
		if err := l.Sleep(ctx, pause); err != nil {
			return v, err
		}
	}
}

// toJSON encodes a value of the store. The types that it is called with can always be encoded.
func toJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}
