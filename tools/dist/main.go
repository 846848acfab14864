// Dist builds the files of a release of sitegen from a checkout, for make dist:
//
//	sitegen_1.2.3_linux_amd64.tar.gz      the program, its documentation and its licenses
//	sitegen_1.2.3_linux_amd64.cdx.json    its software bill of materials (CycloneDX)
//	sitegen_1.2.3-1_amd64.deb             its Debian package
//	linux_amd64/                          the program and its licenses, unpacked
//	container/                            what the image of the Containerfile contains besides the program
//	SHA256SUMS                            checksums of the files to publish
//
// The version, the commit and the date are those that the go command stamps into the program: a tag such as v1.2.3, or
// a pseudo-version between two tags. The same commit makes the same bytes in any folder, with the same versions of Go
// and of Zig.
//
// Zig must be in PATH, for its C compiler; .ci/zig installs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
)

func main() {
	names := flag.String("targets", "all", "platforms to build for, such as linux/amd64,linux/arm64")
	root := flag.String("root", ".", "folder of the checkout")
	out := flag.String("out", "dist", "folder to create for the files")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *root, *out, *names); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root, out, names string) error {
	chosen, err := choose(names)
	if err != nil {
		return err
	}
	r := release{}
	if r.root, err = filepath.Abs(root); err != nil {
		return err
	}
	if r.out, err = filepath.Abs(out); err != nil {
		return err
	}
	return r.write(ctx, chosen)
}

// choose returns the platforms with the given names.
func choose(names string) ([]platform, error) {
	if names == "all" {
		return platforms(), nil
	}
	var chosen []platform
next:
	for name := range strings.SplitSeq(names, ",") {
		for _, p := range platforms() {
			if p.os+"/"+p.arch == name {
				chosen = append(chosen, p)
				continue next
			}
		}
		return nil, fmt.Errorf("-targets: unknown platform %q", name)
	}
	return chosen, nil
}
