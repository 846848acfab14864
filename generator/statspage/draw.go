package statspage

import (
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"

	"github.com/dop251/goja"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/language"
)

// chartScript is the script that draws all charts, in the folder of the layouts.
const chartScript = "assets/chart.js"

// drawer draws charts with chart.js, in a language. After the first error it draws nothing.
type drawer struct {
	*language.Table
	words  language.Script
	vm     *goja.Runtime
	charts *goja.Object
	err    error
}

// newDrawer runs chart.js. If ctx is canceled, the script is interrupted.
func newDrawer(ctx context.Context, layouts fs.FS, t *language.Table) (d *drawer, stop func() bool, err error) {
	source, err := fs.ReadFile(layouts, chartScript)
	if err != nil {
		return nil, nil, err
	}
	d = &drawer{Table: t, vm: goja.New()}
	if d.words, err = t.Script("scripts.charts"); err != nil {
		return nil, nil, err
	}
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
	if d.draw("speak", d.words); d.err != nil {
		stop()
		return nil, nil, d.err
	}
	return d, stop, nil
}

// text returns a text of the page.
func (d *drawer) text(key string) string { return d.MustText(key, nil) }

// share formats a fraction for people: 37.5 %.
func (d *drawer) share(part, whole int64) string {
	if whole == 0 {
		return d.Tenths(0, false) + " %"
	}
	return d.Tenths(100*float64(part)/float64(whole), false) + " %"
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
