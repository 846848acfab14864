package website

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Config is the website configuration of a bucket. Its JSON is that of website.json and of the AWS command
// put-bucket-website.
type Config struct {
	IndexDocument struct {
		Suffix string `json:"Suffix"` // name of the index page of a folder
	} `json:"IndexDocument"`
	ErrorDocument struct {
		Key string `json:"Key"` // key of the page for status 404; "" for none
	} `json:"ErrorDocument"`
	RoutingRules []RoutingRule `json:"RoutingRules,omitempty"` // the first one that matches is used
}

// RoutingRule redirects all keys with a prefix. The fields of Redirect that are "" are not used.
type RoutingRule struct {
	Condition struct {
		KeyPrefixEquals string `json:"KeyPrefixEquals,omitempty"` // "" for any key
		HTTPError       string `json:"HttpErrorCodeReturnedEquals,omitempty"`
	} `json:"Condition"`
	Redirect struct {
		Protocol             string `json:"Protocol,omitempty"`
		HostName             string `json:"HostName,omitempty"`
		ReplaceKeyWith       string `json:"ReplaceKeyWith,omitempty"`
		ReplaceKeyPrefixWith string `json:"ReplaceKeyPrefixWith,omitempty"`
		HTTPRedirectCode     string `json:"HttpRedirectCode,omitempty"`
	} `json:"Redirect"`
}

// ParseConfig parses website.json.
func ParseConfig(data []byte) (*Config, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields() // S3 would not get what this program does not know
	c := &Config{}
	if err := dec.Decode(c); err != nil {
		return nil, fmt.Errorf("parse the website configuration: %w", err)
	}
	return c, nil
}

// hash returns a hash of the configuration.
func (c *Config) hash() string {
	data, err := json.Marshal(c)
	if err != nil {
		panic(err) // a structure of strings can always be encoded
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:sumSize])
}
