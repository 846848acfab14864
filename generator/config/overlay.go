package config

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
)

// OverlayEnv is the environment variable that names the overlay, like the flag --overlay.
const OverlayEnv = "SITEGEN_OVERLAY"

var overlayRE = regexp.MustCompile(`^[0-9a-z][0-9a-z-]{0,31}$`)

// overlay reads a second file over the configuration file, for another site of the same checkout. For example, the
// overlay staging of sitegen.yaml is sitegen.staging.yaml. Its keys replace those of the first file, lists as a whole.
// There is only one overlay, and it has none of its own.
func (l *loader) overlay(base, name string) error {
	if !overlayRE.MatchString(name) {
		return fmt.Errorf("--overlay and %s must be 1 to 32 lower-case letters, digits and hyphens (found %.80q); for "+
			"instance staging", OverlayEnv, name)
	}
	ext := filepath.Ext(base)
	path := strings.TrimSuffix(base, ext) + "." + name + ext
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the overlay %s: %w", name, err)
	}
	l.config.Overlay = path
	before := l.config
	l.file(path, data)
	// Two sites that write to the same folder would remove the files of each other.
	for _, key := range []string{"out", "redirects", "data"} {
		f := find(key).field
		if folder := f.show(&l.config)[0]; folder == f.show(&before)[0] {
			at := Origin{At: fault.Place{File: path}}
			l.errorf(at, "%s must differ from that of %s, because both sites would write to it (found %q); set it here",
				key, base, folder)
		}
	}
	return nil
}
