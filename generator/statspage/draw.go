package statspage

import (
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"

	"github.com/dop251/goja"

	"github.com/Slicer/sitegen/generator/fault"
)

// chartScript is the script that draws all charts, in the folder of the layouts.
const chartScript = "assets/chart.js"

// drawer draws charts with chart.js. After the first error it draws nothing.
type drawer struct {
	vm     *goja.Runtime
	charts *goja.Object
	err    error
}

// newDrawer runs chart.js. If ctx is canceled, the script is interrupted.
func newDrawer(ctx context.Context, layouts fs.FS) (d *drawer, stop func() bool, err error) {
	source, err := fs.ReadFile(layouts, chartScript)
	if err != nil {
		return nil, nil, err
	}
	d = &drawer{vm: goja.New()}
	stop = context.AfterFunc(ctx, func() { d.vm.Interrupt(ctx.Err()) })
	if _, err := d.vm.RunScript("layouts/"+chartScript, string(source)); err != nil {
		stop()
		return nil, nil, inScript(err)
	}
	var ok bool
	if d.charts, ok = d.vm.Get("charts").(*goja.Object); !ok {
		stop()
		return nil, nil, inScript(fmt.Errorf("the script does not set globalThis.charts"))
	}
	return d, stop, nil
}

// draw calls a function of chart.js and returns its markup, in which the script has escaped all texts.
func (d *drawer) draw(function string, input any) template.HTML {
	if d.err != nil {
		return ""
	}
	text, err := json.Marshal(input)
	if err != nil {
		d.err = err
		return ""
	}
	call, ok := goja.AssertFunction(d.charts.Get(function))
	if !ok {
		d.err = inScript(fmt.Errorf("there is no function charts.%s", function))
		return ""
	}
	parse, _ := goja.AssertFunction(d.vm.Get("JSON").(*goja.Object).Get("parse"))
	parsed, err := parse(goja.Undefined(), d.vm.ToValue(string(text)))
	if err == nil {
		var markup goja.Value
		if markup, err = call(goja.Undefined(), parsed); err == nil {
			return template.HTML(markup.String())
		}
	}
	d.err = inScript(err)
	return ""
}

// inScript returns the error of a script that does not do what the page needs: the site may have replaced it.
func inScript(err error) error {
	return fault.Wrap(fault.Content, fmt.Errorf("layouts/%s: %w", chartScript, err), "")
}
