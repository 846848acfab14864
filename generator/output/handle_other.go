//go:build !linux

package output

// openHandle opens a folder below f. The error of one that does not exist is an [fs.ErrNotExist].
func openHandle(f folder, dir string) (handle, error) { return openRootHandle(f, dir) }
