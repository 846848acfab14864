package config

import "github.com/Slicer/sitegen/generator/fault"

// Level is one of the places that values come from. A higher level wins.
type Level int

// The levels.
const (
	Default Level = iota
	Profile
	File
	Environment
	Flag
)

// Origin is where a value came from.
type Origin struct {
	Level Level
	At    fault.Place // in the file; else the file is "environment SITEGEN_OUT" or "flag --out"; zero for a default
}

// String names the origin: "default", "profile aurora.yaml", "sitegen.yaml:12", "environment SITEGEN_OUT", "flag --out".
func (o Origin) String() string {
	if o.Level == Default {
		return "default"
	}
	return fault.Place{File: o.At.File, Line: o.At.Line}.String()
}

// environment is the origin of what a variable says.
func environment(name string) Origin {
	return Origin{Environment, fault.Place{File: "environment " + name}}
}

// flag is the origin of what a flag says.
func flag(name string) Origin { return Origin{Flag, fault.Place{File: "flag --" + name}} }
