package generator

import (
	"log/slog"
	"time"

	"github.com/Slicer/sitegen/generator/config"
)

// Options is what a build takes from outside.
type Options struct {
	Config config.Config
	Log    *slog.Logger     // messages while the build is under way; results are in the Report
	Now    func() time.Time // the clock
}
