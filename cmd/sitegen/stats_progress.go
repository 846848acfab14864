package main

import (
	"os"

	"github.com/spf13/cobra"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progressBar shows how far the reading of logs is, on a terminal; elsewhere it shows nothing.
type progressBar struct {
	all *mpb.Progress
	bar *mpb.Bar
}

// progress makes the bar for that many bytes.
func (p *program) progress(cmd *cobra.Command, bytes int64) *progressBar {
	f, ok := p.messages.w.(*os.File)
	if !ok || bytes == 0 || given(cmd, "quiet") || given(cmd, "json") {
		return &progressBar{}
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return &progressBar{}
	}
	all := mpb.New(mpb.WithOutput(f), mpb.WithWidth(40))
	return &progressBar{all, all.AddBar(bytes, mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name("reading "), decor.CountersKibiByte("% .0f / % .0f")),
		mpb.AppendDecorators(decor.Percentage(), decor.Name(" "), decor.AverageETA(decor.ET_STYLE_GO)))}
}

// set tells how many bytes are read.
func (b *progressBar) set(read int64) {
	if b.bar != nil {
		b.bar.SetCurrent(read)
	}
}

// end takes the bar away.
func (b *progressBar) end() {
	if b.bar != nil {
		b.bar.Abort(true)
		b.all.Wait()
	}
}
