package count

import (
	"cmp"
	"context"

	"github.com/Slicer/sitegen/generator/accesslog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/logsource"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/stats"
)

// Drop takes back what was read by mistake, on these days or from these logs, and publishes the statistics again: see
// stats.Engine.Drop. A dry run changes nothing.
func Drop(ctx context.Context, p *project.Project, days, logs []string, dryRun bool) (report *stats.Dropped,
	err error) {
	names, err := accesslog.Expand(logs)
	if err != nil {
		return nil, fault.Wrap(fault.Usage, err, "")
	}
	buckets := &logsource.Buckets{}
	if names, err = buckets.Expand(ctx, names); err != nil {
		return nil, err
	}
	e, err := open(ctx, p, Options{DryRun: dryRun}, buckets)
	if err != nil {
		return nil, err
	}
	defer func() { err = cmp.Or(err, e.Close()) }()
	if report, err = e.Drop(ctx, days, names); err != nil {
		return nil, err
	}
	report.Files, err = publish(ctx, p, e, dryRun)
	return report, err
}
