package config

import "fmt"

// Level is one of the places that values come from. A higher level wins.
type Level int

// The levels.
const (
	Default Level = iota
	File
	Environment
	Flag
)

// Origin is where a value came from.
type Origin struct {
	Level  Level
	Name   string // path of the file, name of the variable, name of the flag
	Line   int    // in the file, from 1; 0 elsewhere
	Column int    // in the file, in characters from 1; 0 elsewhere
}

// String names the origin: "default", "sitegen.yaml:12", "environment SITEGEN_OUT", "flag --out".
func (o Origin) String() string {
	switch o.Level {
	case File:
		return fmt.Sprintf("%s:%d", o.Name, o.Line)
	case Environment:
		return "environment " + o.Name
	case Flag:
		return "flag --" + o.Name
	}
	return "default"
}

// place begins an error message: the origin, with the column where there is one.
func (o Origin) place() string {
	if o.Level == File {
		return fmt.Sprintf("%s:%d", o, o.Column)
	}
	return o.String()
}
