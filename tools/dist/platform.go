package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// platform is an operating system with an architecture, as Go names them.
type platform struct {
	os, arch string
	zig      string   // the target of Zig's C compiler
	tags     string   // build tags, separated by commas
	ldflags  string   // flags of Go's linker besides those of all platforms
	notices  []string // licenses of what Zig links besides SQLite, in Zig's folder
}

// platforms returns the platforms of a release. Programs for Linux are static: they contain the C library musl. They
// use Go's own resolver and reader of /etc/passwd, which behave the same on every system.
func platforms() []platform {
	linux := func(arch, zig string) platform {
		return platform{
			os: "linux", arch: arch, zig: zig + "-linux-musl",
			tags: "netgo,osusergo", ldflags: `-extldflags "-static -s"`,
			notices: []string{"LICENSE", "lib/libc/musl/COPYRIGHT"},
		}
	}
	return []platform{linux("amd64", "x86_64"), linux("arm64", "aarch64")}
}

// folder returns the name of the platform as a part of a path.
func (p platform) folder() string { return p.os + "_" + p.arch }

// environ returns the environment in which the go command works for the platform. It fixes everything from outside of
// the checkout that changes the bytes of the program, except the versions of Go and Zig.
func (p platform) environ() []string {
	return append(os.Environ(),
		"GOFLAGS=-trimpath", "GOWORK=off", "GOEXPERIMENT=", "GOFIPS140=off", "GOAMD64=v1", "GOARM64=v8.0",
		"CGO_ENABLED=1", "CGO_CFLAGS=-g -O2", "CGO_CPPFLAGS=", "CGO_LDFLAGS=",
		"GOOS="+p.os, "GOARCH="+p.arch, "CC=zig cc -target "+p.zig)
}

// build compiles the program of the checkout in root.
func (p platform) build(ctx context.Context, root, program string) error {
	ldflags := "-s -w -buildid= -linkmode=external " + p.ldflags
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=true",
		"-tags", p.tags, "-ldflags", ldflags, "-o", program, "./cmd/sitegen")
	cmd.Dir, cmd.Env = root, p.environ()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build for %s/%s: %w\n%s", p.os, p.arch, err, out)
	}
	return nil
}

// zigFolder returns the folder in which Zig is installed.
func zigFolder() (string, error) {
	zig, err := exec.LookPath("zig")
	if err != nil {
		return "", fmt.Errorf("find Zig, which .ci/zig installs: %w", err)
	}
	zig, err = filepath.EvalSymlinks(zig)
	return filepath.Dir(zig), err
}

// output runs a command in a folder and returns what it prints.
func output(ctx context.Context, dir string, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var stderr strings.Builder
	cmd.Dir, cmd.Env, cmd.Stderr = dir, env, &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return out, nil
}
