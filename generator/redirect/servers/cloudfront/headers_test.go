package cloudfront

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/redirect"
)

// TestHeaders checks the policy that is compiled from the headers of a site, and the warnings about those that
// CloudFront cannot send.
func TestHeaders(t *testing.T) {
	for _, tt := range []struct {
		own      string
		want     func(p *policy) any
		value    any
		warnings []string
	}{
		{"Strict-Transport-Security: max-age=63072000; includeSubDomains; preload",
			func(p *policy) any { return *p.SecurityHeadersConfig.StrictTransportSecurity },
			strictTransportSecurity{true, 63072000, true, true}, nil},
		{"strict-transport-security: max-age=300",
			func(p *policy) any { return *p.SecurityHeadersConfig.StrictTransportSecurity },
			strictTransportSecurity{true, 300, false, false}, nil},
		{"Strict-Transport-Security: for ever",
			func(p *policy) any { return p.SecurityHeadersConfig.StrictTransportSecurity == nil }, true,
			[]string{"cloudfront cannot send the header Strict-Transport-Security: for ever; the value must be " +
				"max-age"}},
		{"Content-Security-Policy: default-src 'none'",
			func(p *policy) any { return *p.SecurityHeadersConfig.ContentSecurityPolicy },
			contentSecurityPolicy{true, "default-src 'none'"}, nil},
		{"X-Frame-Options: sameorigin", func(p *policy) any { return *p.SecurityHeadersConfig.FrameOptions },
			frameOptions{true, "SAMEORIGIN"}, nil},
		{"X-Frame-Options: ALLOW-FROM https://example.org",
			func(p *policy) any { return p.SecurityHeadersConfig.FrameOptions == nil }, true,
			[]string{"the value must be one of DENY, SAMEORIGIN"}},
		{"Referrer-Policy: no-referrer", func(p *policy) any { return *p.SecurityHeadersConfig.ReferrerPolicy },
			referrerPolicy{true, "no-referrer"}, nil},
		{"Referrer-Policy: no-referrer, origin",
			func(p *policy) any { return p.SecurityHeadersConfig.ReferrerPolicy == nil }, true,
			[]string{"the value must be one of no-referrer,"}},
		{"X-Content-Type-Options:", func(p *policy) any { return p.SecurityHeadersConfig.ContentTypeOptions == nil },
			true,
			nil},
		{"X-Own: a \"b\"", func(p *policy) any { return p.CustomHeadersConfig.Items[1] },
			customHeader{"X-Own", `a "b"`, true}, nil},
		{"X-Long: " + strings.Repeat("x", 3400) + "\nX-Longer: " + strings.Repeat("x", 3400) + "\nX-Longest: " +
			strings.Repeat("x", 3400), func(p *policy) any { return p.CustomHeadersConfig.Quantity }, 4,
			[]string{"has at most 10 custom headers and 10240 bytes of values; response-headers.json has 4 and 10"}},
	} {
		var own []redirect.Header
		for line := range strings.SplitSeq(tt.own, "\n") {
			h, err := redirect.ParseHeader(line)
			if err != nil {
				t.Fatal(err)
			}
			own = append(own, h)
		}
		c := &redirect.Compilation{}
		var p policy
		if err := json.Unmarshal(headers(c, &redirect.Table{Headers: redirect.Headers(own)}), &p); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.value, tt.want(&p)); diff != "" {
			t.Errorf("%.80s (-want +got):\n%s", tt.own, diff)
		}
		found := slices.ContainsFunc(c.Findings, func(f redirect.Finding) bool {
			return len(tt.warnings) > 0 && strings.Contains(f.Message, tt.warnings[0])
		})
		if len(c.Findings) != len(tt.warnings) || found != (len(tt.warnings) > 0) {
			t.Errorf("%.80s: findings %v, want %q", tt.own, c.Findings, tt.warnings)
		}
	}
}
