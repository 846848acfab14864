package disk

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// TestTryLock takes a free lock, one that another run has, and one that a process looks at.
func TestTryLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if held, err := IsLocked(path); held || err != nil {
		t.Errorf("without a file: locked %v, %v", held, err)
	}
	run, other := flock.New(path), flock.New(path)
	if taken, err := TryLock(run); !taken || err != nil {
		t.Fatalf("a free lock: %v, %v", taken, err)
	}
	if taken, err := TryLock(other); taken || err != nil {
		t.Errorf("a lock that another run has: %v, %v", taken, err)
	}
	if held, err := IsLocked(path); !held || err != nil {
		t.Errorf("while a run has it: locked %v, %v", held, err)
	}
	if err := run.Unlock(); err != nil {
		t.Fatal(err)
	}
	if held, err := IsLocked(path); held || err != nil {
		t.Errorf("after the run: locked %v, %v", held, err)
	}

	look := flock.New(path)
	if _, err := look.TryRLock(); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*lookPause, func() { _ = look.Unlock() })
	if taken, err := TryLock(other); !taken || err != nil {
		t.Errorf("a lock that a process looks at: %v, %v", taken, err)
	}
}

// TestLooksAtALock takes a lock again and again while others look at it. It is always free.
func TestLooksAtALock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	done := make(chan struct{})
	var looks sync.WaitGroup
	for range 3 {
		looks.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, err := IsLocked(path); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range 300 {
		lock := flock.New(path)
		if taken, err := TryLock(lock); !taken || err != nil {
			t.Fatalf("attempt %d: %v, %v", i, taken, err)
		}
		if err := lock.Unlock(); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	looks.Wait()
}
