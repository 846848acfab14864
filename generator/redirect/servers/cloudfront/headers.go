package cloudfront

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/redirect"
)

// headersFile is the name of the file with the configuration of a response headers policy.
const headersFile = "response-headers.json"

// Quotas of a response headers policy, from "Quotas on headers" in the Amazon CloudFront Developer Guide.
const (
	maxCustomHeaders = 10
	maxPolicyValues  = 10240 // bytes of all values together
)

// policy is a ResponseHeadersPolicyConfig, as the AWS CLI reads it. CloudFront accepts some headers only in the fields
// of SecurityHeadersConfig, and there only certain values.
type policy struct {
	Name                  string
	Comment               string
	SecurityHeadersConfig security
	CorsConfig            cors
	CustomHeadersConfig   items[customHeader]
}

type security struct {
	ContentSecurityPolicy   *contentSecurityPolicy   `json:",omitempty"`
	ContentTypeOptions      *contentTypeOptions      `json:",omitempty"`
	FrameOptions            *frameOptions            `json:",omitempty"`
	ReferrerPolicy          *referrerPolicy          `json:",omitempty"`
	StrictTransportSecurity *strictTransportSecurity `json:",omitempty"`
}

type contentSecurityPolicy struct {
	Override              bool
	ContentSecurityPolicy string
}

type contentTypeOptions struct{ Override bool }

type frameOptions struct {
	Override    bool
	FrameOption string
}

type referrerPolicy struct {
	Override       bool
	ReferrerPolicy string
}

type strictTransportSecurity struct {
	Override               bool
	AccessControlMaxAgeSec int
	IncludeSubdomains      bool
	Preload                bool
}

type cors struct {
	AccessControlAllowOrigins     items[string]
	AccessControlAllowHeaders     items[string]
	AccessControlAllowMethods     items[string]
	AccessControlAllowCredentials bool
	OriginOverride                bool
}

// items is a list, as the AWS CLI reads it.
type items[T any] struct {
	Quantity int
	Items    []T
}

func itemsOf[T any](list ...T) items[T] { return items[T]{len(list), list} }

type customHeader struct {
	Header, Value string
	Override      bool
}

// The values of headers that CloudFront accepts.
var (
	framePolicies    = []string{"DENY", "SAMEORIGIN"}
	referrerPolicies = []string{"no-referrer", "no-referrer-when-downgrade", "origin", "origin-when-cross-origin",
		"same-origin", "strict-origin", "strict-origin-when-cross-origin", "unsafe-url"}
	transportRE = regexp.MustCompile(`(?i)^max-age=(\d{1,9})((?:\s*;\s*(?:includeSubDomains|preload))*)\s*;?\z`)
)

// headers returns the configuration of a response headers policy with the headers of all responses. It adds a warning
// to c for each header that CloudFront cannot send.
func headers(c *redirect.Compilation, t *redirect.Table) []byte {
	p := policy{
		Name:    strings.TrimSuffix("sitegen-"+t.Name, "-"),
		Comment: "Headers of all responses, compiled by sitegen",
		// Scripts of other sites may read the JSON files and feeds, as with other servers. Everything is public: there
		// are no cookies and no logins.
		CorsConfig: cors{
			AccessControlAllowOrigins: itemsOf("*"), AccessControlAllowHeaders: itemsOf("*"),
			AccessControlAllowMethods: itemsOf("GET", "HEAD", "OPTIONS"), OriginOverride: true,
		},
	}
	custom, size := []customHeader{}, 0
	for _, h := range t.Headers {
		size += len(h.Value)
		if values, known := p.SecurityHeadersConfig.set(h); !known {
			custom = append(custom, customHeader{h.Name, h.Value, true})
		} else if values != "" {
			c.Warn(nil, "cloudfront cannot send the header %s; the value must be %s", h, values)
		}
	}
	if len(custom) > maxCustomHeaders || size > maxPolicyValues {
		c.Warn(nil, "cloudfront: a response headers policy has at most %d custom headers and %d bytes of values; "+
			"%s has %d and %d", maxCustomHeaders, maxPolicyValues, headersFile, len(custom), size)
	}
	p.CustomHeadersConfig = itemsOf(custom...)
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		panic(err) // cannot happen: the policy consists of texts, numbers and lists
	}
	return append(data, '\n')
}

// set sets the field of a header. known is false if there is no field for it. If CloudFront does not accept the value,
// set describes the valid ones.
func (s *security) set(h redirect.Header) (valid string, known bool) {
	switch strings.ToLower(h.Name) {
	case "content-security-policy":
		s.ContentSecurityPolicy = &contentSecurityPolicy{true, h.Value}
	case "x-content-type-options":
		if !strings.EqualFold(h.Value, "nosniff") {
			return "nosniff", true
		}
		s.ContentTypeOptions = &contentTypeOptions{true}
	case "x-frame-options":
		value := strings.ToUpper(h.Value)
		if !slices.Contains(framePolicies, value) {
			return "one of " + strings.Join(framePolicies, ", "), true
		}
		s.FrameOptions = &frameOptions{true, value}
	case "referrer-policy":
		if !slices.Contains(referrerPolicies, h.Value) {
			return "one of " + strings.Join(referrerPolicies, ", "), true
		}
		s.ReferrerPolicy = &referrerPolicy{true, h.Value}
	case "strict-transport-security":
		m := transportRE.FindStringSubmatch(h.Value)
		if m == nil {
			return "max-age=SECONDS, and if needed ; includeSubDomains; preload", true
		}
		age, err := strconv.Atoi(m[1])
		if err != nil {
			panic(err) // cannot happen: nine digits
		}
		words := strings.ToLower(m[2])
		s.StrictTransportSecurity = &strictTransportSecurity{true, age, strings.Contains(words, "includesubdomains"),
			strings.Contains(words, "preload")}
	default:
		return "", false
	}
	return "", true
}
