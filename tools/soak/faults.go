package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// room is the size of the file systems: sitegen doctor wants 200 MiB free.
const room = 400 << 20

// disk is a file system in memory.
type disk struct{ path string }

func mount(path string) (disk, error) {
	err := syscall.Mount("soak", path, "tmpfs", 0, fmt.Sprintf("size=%d,mode=755", room))
	if err != nil {
		err = fmt.Errorf("mount %s: %w", path, err)
	}
	return disk{path}, err
}

// fill leaves no more than 64 kB of room.
func (d disk) fill() error {
	var s syscall.Statfs_t
	if err := syscall.Statfs(d.path, &s); err != nil {
		return err
	}
	used := int64(s.Blocks-s.Bfree) * s.Bsize
	return d.remount(0, fmt.Sprintf("size=%d", used+64<<10))
}

func (d disk) empty() error { return d.remount(0, fmt.Sprintf("size=%d", room)) }

// lock makes the file system read-only as soon as no process is writing a file there.
func (d disk) lock(ctx context.Context) error {
	for {
		err := d.remount(syscall.MS_RDONLY, "")
		if !errors.Is(err, syscall.EBUSY) {
			return err
		}
		if !wait(ctx, 20*time.Millisecond) {
			return nil
		}
	}
}

func (d disk) unlock() error { return d.remount(0, "") }

func (d disk) remount(flags uintptr, data string) error {
	return syscall.Mount("soak", d.path, "tmpfs", flags|syscall.MS_REMOUNT, data)
}

// faults makes one fault after the other, and knows when there was one.
type faults struct {
	mu    sync.Mutex
	names []string // of those that have begun
	now   bool
}

// seen returns a mark for since.
func (f *faults) seen() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now {
		return len(f.names) - 1
	}
	return len(f.names)
}

// since returns the name of a fault that there was at the mark or since, "" if there was none.
func (f *faults) since(mark int) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.names) > mark {
		return f.names[len(f.names)-1]
	}
	return ""
}

func (f *faults) begin(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.names, f.now = append(f.names, name), true
}

func (f *faults) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = false
}

// makeFaults makes one fault after the other until the context is done.
func (s *soak) makeFaults(ctx context.Context, length time.Duration) {
	list := s.troubles(ctx)
	for round := 0; wait(ctx, length); round++ {
		if round%len(list) == 0 {
			rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		}
		t := list[round%len(list)]
		s.faults.begin(t.name)
		err := t.begin()
		wait(ctx, length)
		err = errors.Join(err, t.end())
		s.faults.end()
		if err != nil {
			s.report.fault("make the fault %q: %v", t.name, err)
		}
		s.report.count("faults: " + t.name)
	}
}

type breakage struct {
	name       string
	begin, end func() error
}

func (s *soak) troubles(ctx context.Context) (list []breakage) {
	for _, t := range []trouble{down, corrupt, slow} {
		list = append(list, breakage{string(t),
			func() error { s.source.set(t); return nil }, func() error { s.source.set(none); return nil }})
	}
	for _, d := range s.disks {
		name := filepath.Base(d.path)
		list = append(list, breakage{name + " full", d.fill, d.empty},
			breakage{name + " read-only", func() error { return d.lock(ctx) }, d.unlock})
	}
	return list
}
