package gate_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/supply/gate"
	"github.com/Slicer/sitegen/generator/testutil"
)

// build returns a package whose id is derived from the arguments. It is a nightly build if release is "".
func build(os catalog.OS, arch catalog.Arch, revision int, release string) *catalog.Package {
	return &catalog.Package{ID: fmt.Sprintf("%s-%s-%d-%s", os, arch, revision, release), OS: os, Arch: arch,
		Revision: revision, Release: release}
}

// catalogue returns three releases and three nightly builds for each operating system: 18 packages.
func catalogue() (list []*catalog.Package) {
	for _, os := range []catalog.OS{"win", "macosx", "linux"} {
		for i, release := range []string{"5.10.0", "5.12.3", "5.12.4"} {
			list = append(list, build(os, "amd64", 100+10*i, release), build(os, "amd64", 200+10*i, ""))
		}
	}
	return list
}

// without returns list without the packages for which are returns true.
func without(list []*catalog.Package, are func(*catalog.Package) bool) []*catalog.Package {
	return slices.DeleteFunc(slices.Clone(list), are)
}

func TestCheck(t *testing.T) {
	isWindows := func(p *catalog.Package) bool { return p.OS == "win" }
	isNewest := func(p *catalog.Package) bool { return p.Release == "5.12.4" }
	arm := build("macosx", "arm64", 120, "5.12.4")
	twin := build("win", "amd64", 120, "5.12.4")
	twin.ID = "another build of it"

	tests := []struct {
		name          string
		before, after []*catalog.Package
		want          []string
	}{
		{"first run", nil, catalogue(), nil},
		{"nothing new", catalogue(), catalogue(), nil},
		{"one more nightly", catalogue(), append(catalogue(), build("linux", "amd64", 300, "")), nil},
		{"one nightly fewer", catalogue(),
			without(catalogue(), func(p *catalog.Package) bool { return p.Revision == 200 && p.OS == "linux" }), nil},
		{"a new release on one system first", catalogue(), append(catalogue(), build("linux", "amd64", 130, "5.12.5")),
			nil},
		{"one old release fewer", catalogue(),
			without(catalogue(), func(p *catalog.Package) bool { return p.Release == "5.10.0" && isWindows(p) }), nil},
		{"the same release, built again", catalogue(),
			append(without(catalogue(), func(p *catalog.Package) bool { return isWindows(p) && isNewest(p) }), twin),
			nil},
		{"all nightlies replaced", catalogue(),
			slices.Concat(without(catalogue(), func(p *catalog.Package) bool { return p.Release == "" }),
				nightlies(400), nightlies(410), nightlies(420)), nil},
		{"a system that never had packages", without(catalogue(), isWindows), without(catalogue(), isWindows), nil},

		{"no packages", catalogue(), nil,
			[]string{"the source lists no package that can be published (18 are published now)"}},
		{"no packages on the first run", nil, nil,
			[]string{"the source lists no package that can be published (0 are published now)"}},
		{"a missing system on the first run", nil, without(catalogue(), isWindows), nil},
		{"a missing system", catalogue(), without(catalogue(), isWindows), []string{
			"there is no package for Windows (6 are published now)",
			"there are 12 packages, more than a fifth fewer than the 18 published now",
			"3 of the 9 released packages published now are gone, or have another id",
		}},
		{"only nightlies of a system", append(catalogue(), nightlies(400)...),
			without(append(catalogue(), nightlies(400)...),
				func(p *catalog.Package) bool { return isWindows(p) && p.Release != "" }), []string{
				"there is no release for Windows amd64 (5.12.4 (revision 120) is published now)",
				"3 of the 9 released packages published now are gone, or have another id",
			}},
		{"the newest release withdrawn", catalogue(),
			without(catalogue(), func(p *catalog.Package) bool { return isNewest(p) && isWindows(p) }), []string{
				"the newest release for Windows amd64 is 5.12.3 (revision 110), older than 5.12.4 (revision 120), " +
					"which is published now",
			}},
		{"the newest release marked as pre-release again", catalogue(),
			change(catalogue(), isNewest, func(p *catalog.Package) { p.PreRelease = true }), []string{
				"the newest release for Windows amd64 is 5.12.3 (revision 110), older than 5.12.4 (revision 120), " +
					"which is published now",
				"the newest release for macOS amd64 is 5.12.3 (revision 110), older than 5.12.4 (revision 120), " +
					"which is published now",
				"the newest release for Linux amd64 is 5.12.3 (revision 110), older than 5.12.4 (revision 120), " +
					"which is published now",
			}},
		{"the only release of an architecture withdrawn", append(catalogue(), arm), catalogue(), []string{
			"there is no release for macOS arm64 (5.12.4 (revision 120) is published now)",
		}},
		{"a fifth is allowed", append(catalogue(), nightlies(400)[:2]...),
			without(catalogue(), func(p *catalog.Package) bool { return p.Revision == 200 && p.OS != "linux" }), nil},
		{"more than a fifth is not", append(catalogue(), nightlies(400)...),
			without(catalogue(), func(p *catalog.Package) bool { return p.Revision == 200 && p.OS != "linux" }),
			[]string{
				"there are 16 packages, more than a fifth fewer than the 21 published now",
			}},
		{"all ids changed", catalogue(),
			change(catalogue(), func(*catalog.Package) bool { return true }, func(p *catalog.Package) { p.ID += "x" }),
			[]string{
				"9 of the 9 released packages published now are gone, or have another id",
			}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			refusals := gate.Check(testutil.Scheme(t), test.before, test.after)
			for _, r := range refusals {
				got = append(got, r.Problem)
				if !strings.HasPrefix(r.Check, "Check ") || !strings.HasSuffix(r.Check, ".") {
					t.Errorf("the hint %q does not mention what to check", r.Check)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("refusals (-want +got):\n%s", diff)
			}
			err := gate.Err(refusals, nil)
			if (err == nil) != (test.want == nil) || err != nil &&
				(fault.KindOf(err) != fault.Gate || err.Error() != strings.Join(test.want, "\n")) {
				t.Errorf("Err = %v", err)
			}
		})
	}
}

// TestErr checks that a refusal lists the records held back: if all 756 records have an unknown system, there is
// nothing to publish.
func TestErr(t *testing.T) {
	held := []catalog.Held{
		{ID: "1", Field: "system", Value: "windows", Reason: "not one of win, linux",
			Hint: "add an alias to the profile"},
		{ID: "2", Field: "system", Value: "darwin", Reason: "not one of win, linux",
			Hint: "add an alias to the profile"},
		{ID: "3", Field: "size", Value: "0", Reason: "upload not finished"},
	}
	err := gate.Err(gate.Check(testutil.Scheme(t), nil, nil), held)
	want := `the source lists no package that can be published (0 are published now)
held back: 2 × system: not one of win, linux, for example "windows"; add an alias to the profile
held back: 1 × size: upload not finished, for example "0"`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
	refused, ok := errors.AsType[*gate.RefusedError](err)
	if !ok || len(refused.Held) != 2 || len(refused.Held[0].Held) != 2 || len(fault.Hints(err)) != 1 {
		t.Errorf("%+v, hints %q", refused, fault.Hints(err))
	}
}

// TestCheckDoesNotDependOnOrder checks that the order of the packages does not matter.
func TestCheckDoesNotDependOnOrder(t *testing.T) {
	before := testutil.Packages(t, "live")
	backwards := slices.Clone(before)
	slices.Reverse(backwards)
	if refusals := gate.Check(testutil.Scheme(t), before, backwards); refusals != nil {
		t.Errorf("refused its own order: %v", refusals)
	}
	if refusals := gate.Check(testutil.Scheme(t), backwards, before); refusals != nil {
		t.Errorf("refused its own order: %v", refusals)
	}
}

func nightlies(revision int) (list []*catalog.Package) {
	for _, os := range []catalog.OS{"win", "macosx", "linux"} {
		list = append(list, build(os, "amd64", revision, ""))
	}
	return list
}

func change(list []*catalog.Package, are func(*catalog.Package) bool, how func(*catalog.Package)) []*catalog.Package {
	for _, p := range list {
		if are(p) {
			how(p)
		}
	}
	return list
}
