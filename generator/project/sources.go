package project

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/folder"
	"github.com/Slicer/sitegen/generator/site"
)

// Sources are hashes of what people edit: the folders with content and layouts, without the built-in files, the file
// with the rules, that with the packages held back, and the settings that a build depends on. A build stores them at
// the start of its fingerprint, from which a deploy finds out what has been edited since:
//
//	content:5d41402abc… layouts:7d793037a0… rules:e3b0c44298… holds:3973e022e9… settings:2c26b46b68… all:9b74c9897b…
type Sources struct{ content, layouts, rules, holds, settings string }

// ReadSources reads the files that people edit, each once: content and layouts of in are replaced by copies in memory,
// so that the site is rendered from the bytes that were hashed.
func ReadSources(ctx context.Context, p *Project, in *site.Input) (s Sources, err error) {
	content, err := loadFolder(ctx, "content", p, p.Config.Content, in.Jobs)
	if err != nil {
		return s, err
	}
	layouts, err := loadFolder(ctx, "layouts", p, p.Config.Layouts, in.Jobs)
	if err != nil {
		return s, err
	}
	rules, err := p.Rules()
	if err != nil {
		return s, err
	}
	if content != nil {
		in.Content = site.Overlay(content, p.builtInContent())
		s.content = hexSum(content.Sum())
	}
	if layouts != nil {
		in.Layouts = site.Overlay(layouts, p.builtInLayouts())
		s.layouts = hexSum(layouts.Sum())
	}
	s.rules = hexSum(sha256.Sum256([]byte(rules)))
	held, err := p.HoldsText()
	if err != nil {
		return s, err
	}
	s.holds = hexSum(sha256.Sum256([]byte(held)))
	s.settings, err = settings(p, in.Options)
	return s, err
}

// settings returns a hash of the configuration and the profile, without what no build depends on.
func settings(p *Project, o site.Options) (string, error) {
	o.Jobs, o.Today, o.Sample, o.Stats = 0, time.Time{}, false, false // not settings, or without effect
	c := &p.Config
	text, err := json.Marshal([]any{o, p.Precompress(), p.Profile, c.Name, c.Servers, c.RedirectHosts, c.Headers})
	if err != nil {
		return "", fmt.Errorf("compare the settings: %w", err)
	}
	return hexSum(sha256.Sum256(text)), nil
}

// loadFolder reads a folder of the site. It returns nil if only the built-in files are used.
func loadFolder(ctx context.Context, key string, p *Project, path string, jobs int) (*folder.Loaded, error) {
	fsys, err := openFolder(p, key, path)
	if fsys == nil || err != nil {
		return nil, err
	}
	loaded, err := folder.Load(ctx, fsys, jobs, folder.Ignored)
	if err != nil {
		return nil, fmt.Errorf("read the %s: %w", key, err)
	}
	return loaded, nil
}

func hexSum(sum [sha256.Size]byte) string { return hex.EncodeToString(sum[:]) }

// String returns the text at the start of a fingerprint.
func (s Sources) String() string {
	return fmt.Sprintf("content:%s layouts:%s rules:%s holds:%s settings:%s", s.content, s.layouts, s.rules, s.holds,
		s.settings)
}

// EditedSince returns the paths of those folders and files that are not as they were when a build with the given
// fingerprint read them. It returns none for the fingerprint of a version of sitegen that did not store their hashes.
func (s Sources) EditedSince(fingerprint string, p *Project) (paths []string) {
	now := map[string]struct{ sum, path string }{
		"content": {s.content, p.Config.Content + "/"}, "layouts": {s.layouts, p.Config.Layouts + "/"},
		"rules": {s.rules, p.RulesFile()}, "holds": {s.holds, p.HoldsFile()},
		"settings": {s.settings, cmp.Or(p.Config.File, "sitegen.yaml")},
	}
	for part := range strings.FieldsSeq(fingerprint) {
		name, sum, _ := strings.Cut(part, ":")
		if at, ok := now[name]; ok && at.sum != sum {
			paths = append(paths, at.path)
		}
	}
	return paths
}
