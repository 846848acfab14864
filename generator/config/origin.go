package config

import "github.com/Slicer/sitegen/generator/fault"

// Level is a kind of place that values come from. A value from a higher level takes precedence.
type Level int

// The levels, lowest first.
const (
	Default Level = iota
	Profile
	File
	Environment
	Flag
)

// Origin is the place that a value came from.
type Origin struct {
	Level Level
	// At is a line in a file. For variables and flags, At.File is "environment SITEGEN_OUT" or "flag --out"; for a
	// default, At is zero.
	At fault.Place
}

// String returns the name of the origin: "default", "profile aurora.yaml", "sitegen.yaml:12", "environment
// SITEGEN_OUT", "flag --out".
func (o Origin) String() string {
	if o.Level == Default {
		return "default"
	}
	return fault.Place{File: o.At.File, Line: o.At.Line}.String()
}

// environment returns the origin of a value from a variable.
func environment(name string) Origin {
	return Origin{Environment, fault.Place{File: "environment " + name}}
}

// flag returns the origin of a value from a flag.
func flag(name string) Origin { return Origin{Flag, fault.Place{File: "flag --" + name}} }
