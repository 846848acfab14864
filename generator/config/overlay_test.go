package config_test

import (
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/config"
)

const production = "base_url: https://download.example.org\nservers: [nginx, s3]\nlanguages: [en, de]\n"

const staging = "base_url: https://staging.example.org\nservers: [nginx]\n" +
	"out: staging/public\nredirects: staging/redirects\ndata: staging/var\n"

func TestOverlay(t *testing.T) {
	siteFolder(t, production)
	write(t, "sitegen.staging.yaml", staging)
	for name, in := range map[string]config.Input{
		"flag":     {Overlay: "staging", Flags: map[string][]string{"jobs": {"2"}}},
		"variable": {Environ: []string{"SITEGEN_OVERLAY=staging", "SITEGEN_JOBS=2"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := load(t, in)
			if c.BaseURL != "https://staging.example.org" || len(c.Servers) != 1 || c.Out != "staging/public" ||
				len(c.Languages) != 2 || c.Jobs != 2 || c.Overlay != "sitegen.staging.yaml" || c.File != "sitegen.yaml" {
				t.Errorf("configuration %+v", c)
			}
			for key, want := range map[string]string{
				"base_url": "sitegen.staging.yaml:1", "languages": "sitegen.yaml:3", "content": "default",
			} {
				if got := c.Origin(key).String(); got != want {
					t.Errorf("origin of %s: %s, want %s", key, got, want)
				}
			}
		})
	}
	if c := load(t, config.Input{}); c.BaseURL != "https://download.example.org" || c.Overlay != "" {
		t.Errorf("without the overlay: %+v", c)
	}
}

func TestOverlayErrors(t *testing.T) {
	tests := []struct{ name, overlay, text, want string }{
		{"missing", "stagin", staging, "read the overlay stagin: open sitegen.stagin.yaml: no such file or directory"},
		{"a path", "../staging", staging, `must be 1 to 32 lower-case letters, digits and hyphens`},
		{"the same folders", "staging", "out: staging\nredirects: ./redirects\n",
			`sitegen.staging.yaml: redirects must differ from that of sitegen.yaml, because both sites would write to it ` +
				`(found "redirects"); set it here
sitegen.staging.yaml: data must differ`},
		{"a mistake", "staging", staging + "titel: x\n", `sitegen.staging.yaml:6:1: unknown key "titel"`},
		{"nested folders", "staging", "out: public/staging\nredirects: r\ndata: public\n", "do not nest them"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			siteFolder(t, production)
			write(t, "sitegen.staging.yaml", tt.text)
			_, err := config.Load(config.Input{Overlay: tt.overlay})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}
