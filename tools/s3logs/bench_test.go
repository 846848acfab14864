package s3logs

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// delay is the time that a reply of a distant server takes longer: S3 takes 20 to 50 ms to answer a GET request.
const delay = 30 * time.Millisecond

// BenchmarkObjects measures a first run over 5,000 small objects, over the same objects of a distant server, and over
// the same logs on disk. Besides the time, it reports the CPU seconds of this process and those of the server: on one
// machine, the server takes CPU time that a real bucket does not.
func BenchmarkObjects(b *testing.B) {
	bucket := newBucket(b)
	folder := b.TempDir()
	for i, piece := range pieces(b, 5000) {
		name := fmt.Sprintf("E2.%04d.gz", i)
		bucket.put(b, name, piece)
		if err := os.WriteFile(filepath.Join(folder, name), piece, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.gz"))
	if err != nil {
		b.Fatal(err)
	}
	want := truth(b)
	for _, test := range []struct {
		name, server string
		logs         []string
	}{
		{"disk", bucket.API, files},
		{"bucket", bucket.API, []string{"s3://logs/"}},
		{"distant", distant(b, bucket.API), []string{"s3://logs/"}},
	} {
		b.Run(test.name, func(b *testing.B) {
			setenv(b, login("http://"+test.server))
			own, server := ownCPU(b), bucket.CPU(b)
			for b.Loop() {
				if table, _, _ := bucket.count(b, b.TempDir(), test.logs...); table != want {
					b.Error("the table is wrong")
				}
			}
			b.ReportMetric((ownCPU(b)-own).Seconds()/float64(b.N), "cpu-s/op")
			b.ReportMetric((bucket.CPU(b)-server).Seconds()/float64(b.N), "server-cpu-s/op")
		})
	}
}

// ownCPU returns the CPU time that this process has used.
func ownCPU(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// distant returns the address of a proxy (host:port) that passes on each byte of the server's replies after the delay.
func distant(b *testing.B, server string) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return // closed
			}
			far, err := net.Dial("tcp", server)
			if err != nil {
				near.Close()
				continue
			}
			go func() {
				defer far.Close()
				io.Copy(far, near)
			}()
			go passLate(near, far)
		}
	}()
	return l.Addr().String()
}

// passLate passes on what it reads after the delay.
func passLate(to io.WriteCloser, from io.Reader) {
	type part struct {
		data []byte
		due  time.Time
	}
	parts := make(chan part, 1000)
	go func() {
		defer to.Close()
		for p := range parts {
			time.Sleep(time.Until(p.due))
			to.Write(p.data) // an error also ends the connection's other direction
		}
	}()
	defer close(parts)
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			parts <- part{append([]byte(nil), buf[:n]...), time.Now().Add(delay)}
		}
		if err != nil {
			return
		}
	}
}
