package stats

import "fmt"

// Class is the kind of client that requested a package.
type Class uint8

// The classes, in alphabetical order, so that a table that is sorted by number is sorted by name. The database stores
// the numbers: do not change them.
const (
	Bot     Class = iota // a crawler or a browser without a user
	Browser              // a web browser on a computer
	Mobile               // a web browser or app on a phone or tablet
	Tool                 // a download program, package manager or script, such as curl, Wget or Homebrew
	Unknown              // a client that sends no user agent
)

// Classes returns the classes in the order in which the page shows them.
func Classes() []Class { return []Class{Browser, Mobile, Tool, Bot, Unknown} }

var classNames = [...]string{"bot", "browser", "mobile", "tool", "unknown"}

// String returns the name of the class in tables and files.
func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return fmt.Sprintf("class %d", int(c))
}

// ParseClass returns the class with the given name, and reports whether there is one.
func ParseClass(name string) (Class, bool) {
	for i, n := range classNames {
		if n == name {
			return Class(i), true
		}
	}
	return 0, false
}
