// Package deb makes the Debian package of sitegen: the program, its systemd units, a configuration, manual pages and
// completions.
//
// The package installs the files of docs/ops where Debian has them: the units in /usr/lib/systemd/system, the program
// that mails failures in /usr/lib/sitegen. Files for an administrator to change are in /etc. The scripts in files/ make
// the user sitegen and the folders that the units need, such as /srv/download, and remove neither the site nor its
// databases.
//
// The same input makes the same bytes: everything in the package has the date of the release.
package deb

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/goreleaser/nfpm/v2"
	nfpmdeb "github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
)

// Package describes a package to make.
type Package struct {
	Root       string    // folder of the repository: docs/ and CHANGELOG.md are packed
	Binary     string    // the program that is packed, for Arch
	Program    string    // the same program for this machine: it prints the manual pages and completions
	Arch       string    // as Go names it: amd64, arm64
	Version    string    // of the release: v1.2.0, v1.2.0-rc1
	Date       time.Time // of the release
	Maintainer string    // name <address>

	// Licenses are the licenses of what is linked into the program, by their paths below licenses/.
	Licenses map[string][]byte
}

// revision is the version of the package for one version of the program.
const revision = "1"

const description = `generator of static download sites
sitegen turns the packages of a software project into a static download
site, and into the configuration of the web server that answers its
download links.
.
This package has systemd units that build the site, count downloads,
make backups and look for faults. They are not enabled: see
/usr/share/doc/sitegen/README.Debian.`

// Write makes the package in a folder, and returns its path. The name of the file is the one that Debian uses:
// sitegen_1.2.0~rc1-1_amd64.deb.
func (p Package) Write(folder string) (path string, err error) {
	version, err := Version(p.Version)
	if err != nil {
		return "", err
	}
	if p.Maintainer == "" {
		return "", errors.New("the package needs a maintainer")
	}
	depends, err := libraries(p.Binary)
	if err != nil {
		return "", err
	}
	work, err := os.MkdirTemp("", "sitegen-deb")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	s := &stage{Package: p, folder: work, version: version}
	if err := s.fill(); err != nil {
		return "", err
	}
	info := nfpm.WithDefaults(&nfpm.Info{
		Name:            "sitegen",
		Arch:            p.Arch,
		Version:         version,
		VersionSchema:   "none", // it is mapped already
		Release:         revision,
		Section:         "web",
		Priority:        "optional",
		Maintainer:      p.Maintainer,
		Description:     description,
		Homepage:        "https://github.com/Slicer/sitegen",
		DisableGlobbing: true,
		MTime:           p.Date,
		Overridables: nfpm.Overridables{
			Umask:   0o022,
			Depends: append(depends, "adduser"),
			Recommends: []string{"ca-certificates", "default-mta | mail-transport-agent", "logrotate", "nginx",
				"polkitd"},
			Suggests: []string{"bash-completion", "cron", "git", "prometheus-node-exporter"},
			Contents: s.contents,
			Scripts: nfpm.Scripts{
				PostInstall: s.control("postinst"), PreRemove: s.control("prerm"), PostRemove: s.control("postrm"),
			},
			Deb: nfpm.Deb{Compression: "gzip"}, // xz saves a tenth, and takes ten times as long,
		},
	})
	if s.err != nil {
		return "", s.err
	}
	path = filepath.Join(folder, fmt.Sprintf("sitegen_%s-%s_%s.deb", version, revision, p.Arch))
	out, err := os.Create(path)
	if err != nil {
		return "", err
	}
	err = nfpmdeb.Default.Package(info, out)
	if err := errors.Join(err, out.Close()); err != nil {
		return "", errors.Join(fmt.Errorf("make %s: %w", path, err), os.Remove(path))
	}
	return path, nil
}

var (
	versionRE = regexp.MustCompile(`^v?(\d+(?:\.\d+)*)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?$`)
	hyphens   = strings.NewReplacer("-", ".")
)

// Version returns the version of a release as Debian writes it. A pre-release sorts before its release: v1.2.0-rc1
// becomes 1.2.0~rc1. Hyphens become dots, because a hyphen would begin the version of the package.
func Version(release string) (string, error) {
	m := versionRE.FindStringSubmatch(release)
	if m == nil {
		return "", fmt.Errorf("%q is not a version such as v1.2.0 or v1.2.0-rc1", release)
	}
	version := m[1]
	if m[2] != "" {
		version += "~" + hyphens.Replace(m[2])
	}
	if m[3] != "" {
		version += "+" + hyphens.Replace(m[3])
	}
	return version, nil
}

// content returns an entry of the package.
func (s *stage) content(source, target, kind string, mode os.FileMode) *files.Content {
	return &files.Content{
		Source: source, Destination: target, Type: kind,
		FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: mode, MTime: s.Date},
	}
}
