package output

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// descriptor is a handle that uses the file descriptor of its folder.
type descriptor struct {
	fd    int
	chmod bool // see folder.chmod
}

// openHandle opens a folder below f. If it does not exist, the error is an [fs.ErrNotExist].
//
// RESOLVE_BENEATH keeps the kernel from leaving f, by a symbolic link or otherwise. Kernels before 5.6 do not have
// openat2, and some containers forbid it. Then, and after any other error, the portable way succeeds or has a better
// error.
func openHandle(f folder, dir string) (handle, error) {
	how := unix.OpenHow{Flags: unix.O_DIRECTORY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_BENEATH}
	fd, err := retry(func() (int, error) { return unix.Openat2(int(f.self.Fd()), dir, &how) })
	switch {
	case err == nil:
		return descriptor{fd, f.chmod}, nil
	case errors.Is(err, unix.ENOENT):
		return nil, err
	}
	return openRootHandle(f, dir)
}

func (d descriptor) create(name string) (tempFile, error) {
	const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := retry(func() (int, error) { return unix.Openat(d.fd, name, flags, uint32(fileMode)) })
	if err != nil {
		return nil, err
	}
	if d.chmod {
		_ = unix.Fchmod(fd, uint32(fileMode)) // fails on file systems without modes only
	}
	return rawFile(fd), nil
}

func (d descriptor) setTime(name string, mtime time.Time) error {
	t, err := unix.TimeToTimespec(mtime)
	if err != nil {
		return err
	}
	return unix.UtimesNanoAt(d.fd, name, []unix.Timespec{t, t}, unix.AT_SYMLINK_NOFOLLOW)
}

func (d descriptor) rename(from, to string) error { return unix.Renameat(d.fd, from, d.fd, to) }

func (d descriptor) remove(name string) error {
	err := unix.Unlinkat(d.fd, name, 0)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EISDIR) {
		return nil
	}
	return err
}

func (d descriptor) sync() error {
	_, err := retry(func() (int, error) { return 0, unix.Fsync(d.fd) })
	return err
}

func (d descriptor) Close() error { return unix.Close(d.fd) }

// rawFile is the file descriptor of a file. Unlike an [os.File], it is not registered with the runtime's poller, which
// takes system calls and is of no use for files on a disk.
type rawFile int

func (f rawFile) Write(p []byte) (written int, err error) {
	for written < len(p) {
		n, err := retry(func() (int, error) { return unix.Write(int(f), p[written:]) })
		if err != nil {
			return written, err
		}
		written += n
	}
	return written, nil
}

func (f rawFile) Sync() error {
	_, err := retry(func() (int, error) { return 0, unix.Fsync(int(f)) })
	return err
}

func (f rawFile) Close() error { return unix.Close(int(f)) }

// retry repeats a system call while signals interrupt it. The Go runtime sends itself signals to preempt goroutines.
func retry(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}
