package stats

import "fmt"

// Class says what kind of program asked for a package.
type Class uint8

// The classes. Their numbers are stored, and in the order of their names, which tables are sorted by.
const (
	Bot     Class = iota // a crawler or a browser without a user
	Browser              // a web browser on a computer
	Mobile               // a web browser or program on a telephone or tablet
	Tool                 // a download program, package manager or script: curl, Wget, Homebrew
	Unknown              // the request named no agent
)

// Classes lists the classes in the order in which they are shown.
func Classes() []Class { return []Class{Browser, Mobile, Tool, Bot, Unknown} }

var classNames = [...]string{"bot", "browser", "mobile", "tool", "unknown"}

// String is the name of the class in tables and files.
func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return fmt.Sprintf("class %d", int(c))
}

// ParseClass reads the name of a class.
func ParseClass(name string) (Class, bool) {
	for i, n := range classNames {
		if n == name {
			return Class(i), true
		}
	}
	return 0, false
}
