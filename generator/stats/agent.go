package stats

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/ua-parser/uap-go/uaparser"

	"github.com/Slicer/sitegen/generator/yamltext"
)

// The classes of clients in the statistics of format 1.0, as their database spelled them.
const (
	LegacyBrowser = "Browser" // every client that is neither of the others, including curl and Wget
	LegacyMobile  = "MobileBrowser"
	LegacyRobot   = "Robot"
)

// Agent is the classification of a user agent.
type Agent struct {
	Class   Class
	Legacy  string // one of LegacyBrowser, LegacyMobile, LegacyRobot
	Browser string // family, for instance Firefox; Other if no rule matches
	OS      string // family and version, for instance Windows 10
	Device  string // family, for instance iPhone; Other for computers
}

// Classifier classifies user agents by the rules of the ua-parser project and the lists below.
type Classifier struct {
	rules          *uaparser.RegexDefinitions
	ua, os, device []need   // of each rule, see prefilter.go
	literals       []string // that the needs refer to
	present        []int8   // whether the agent contains each literal: 0 not searched yet, 1 yes, -1 no
	agent, lower   string   // the user agent being classified, as it is and in lower case
	foreign        bool     // the agent has characters outside ASCII
}

// NewClassifier compiles the rules: the built-in ones or, if a file name is given, the rules of that file, which has
// the format of ua-parser's regexes.yaml. This takes about 100 ms, so make a Classifier only when there is a new agent.
func NewClassifier(file string, rules []byte) (*Classifier, error) {
	if file == "" {
		compiled, err := builtInRules()
		if err != nil {
			return nil, err
		}
		c := *compiled
		c.present = make([]int8, len(c.literals))
		return &c, nil
	}
	definitions, err := readRules(file, rules)
	if err != nil {
		return nil, fmt.Errorf("read the user agent rules: %w", err)
	}
	return compileRules(uaparser.WithRegexDefinitions(definitions))
}

// builtInRules compiles the built-in rules once.
var builtInRules = sync.OnceValues(func() (*Classifier, error) { return compileRules() })

func compileRules(options ...uaparser.Option) (*Classifier, error) {
	parser, err := uaparser.New(options...)
	if err != nil {
		return nil, fmt.Errorf("compile the user agent rules: %w", err)
	}
	c := &Classifier{rules: parser.RegexDefinitions}
	index := map[string]int{}
	for _, r := range c.rules.UA {
		c.ua = append(c.ua, c.needOf(r.Reg, index))
	}
	for _, r := range c.rules.OS {
		c.os = append(c.os, c.needOf(r.Reg, index))
	}
	for _, r := range c.rules.Device {
		c.device = append(c.device, c.needOf(r.Reg, index))
	}
	c.present = make([]int8, len(c.literals))
	return c, nil
}

// readRules reads regexes.yaml and checks its expressions, because uaparser panics on invalid ones. It ignores unknown
// keys, which newer rules may have.
func readRules(file string, text []byte) (uaparser.RegexDefinitions, error) {
	var d uaparser.RegexDefinitions
	doc := yamltext.Parse(file, text, 0)
	for _, list := range doc.Root.Entries {
		for _, rule := range list.Items {
			switch list.Key {
			case "user_agent_parsers":
				p := add(&d.UA)
				readRule(rule, &p.Expr, &p.Flags, map[string]*string{"family_replacement": &p.FamilyReplacement,
					"v1_replacement": &p.V1Replacement, "v2_replacement": &p.V2Replacement,
					"v3_replacement": &p.V3Replacement})
			case "os_parsers":
				p := add(&d.OS)
				readRule(rule, &p.Expr, &p.Flags,
					map[string]*string{"os_replacement": &p.OSReplacement, "os_v1_replacement": &p.V1Replacement,
						"os_v2_replacement": &p.V2Replacement, "os_v3_replacement": &p.V3Replacement,
						"os_v4_replacement": &p.V4Replacement})
			case "device_parsers":
				p := add(&d.Device)
				readRule(rule, &p.Expr, &p.Flags, map[string]*string{"device_replacement": &p.DeviceReplacement,
					"brand_replacement": &p.BrandReplacement, "model_replacement": &p.ModelReplacement})
			}
		}
	}
	if len(d.UA) == 0 || len(d.OS) == 0 || len(d.Device) == 0 {
		doc.Root.Errorf("user_agent_parsers, os_parsers or device_parsers is missing")
	}
	return d, doc.Findings().Err()
}

// add appends a new rule to a list and returns it. It is generic because uaparser does not export the types of rules.
func add[T any](list *[]*T) *T {
	rule := new(T)
	*list = append(*list, rule)
	return rule
}

// readRule reads a rule: its expression, its flags, and the other fields by their keys.
func readRule(rule *yamltext.Node, expr, flags *string, fields map[string]*string) {
	fields["regex"], fields["regex_flag"] = expr, flags
	for _, n := range rule.Entries {
		if to := fields[n.Key]; to != nil && n.Kind != yamltext.Nothing {
			yamltext.Text(to)(n)
		}
	}
	whole := *expr
	if *flags != "" {
		whole = "(?" + *flags + ")" + whole
	}
	if _, err := regexp.Compile(whole); err != nil {
		rule.Errorf("%v", err)
	}
}

// Classify classifies a user agent. It is not safe for concurrent use.
func (c *Classifier) Classify(agent string) Agent {
	agent = strings.ToValidUTF8(agent, "\uFFFD")
	c.begin(agent)
	a := Agent{Device: c.parseDevice(), Browser: c.parseBrowser()}
	var family string
	family, a.OS = c.parseOS()
	switch a.Device {
	case "Spider":
		a.Legacy = LegacyRobot
	case "Other", "Mac":
		a.Legacy = LegacyBrowser
	default:
		a.Legacy = LegacyMobile
	}
	a.Class = classOf(agent, c.lower, a.Device, family)
	return a
}

// The three parsers try the rules of ua-parser in order; the first rule that results in a family wins.

func (c *Classifier) parseDevice() string {
	for i, r := range c.rules.Device {
		if c.may(c.device[i]) {
			var d uaparser.Device
			if r.Match(c.agent, &d); d.Family != "" {
				return d.Family
			}
		}
	}
	return "Other"
}

func (c *Classifier) parseBrowser() string {
	for i, r := range c.rules.UA {
		if c.may(c.ua[i]) {
			var u uaparser.UserAgent
			if r.Match(c.agent, &u); u.Family != "" {
				return u.Family
			}
		}
	}
	return "Other"
}

func (c *Classifier) parseOS() (family, name string) {
	for i, r := range c.rules.OS {
		if c.may(c.os[i]) {
			var o uaparser.Os
			if r.Match(c.agent, &o); o.Family != "" {
				return o.Family, o.ToString()
			}
		}
	}
	return "Other", "Other"
}

// tools lists lower-case texts that the user agents of download programs, package managers and scripts contain. A
// client whose user agent does not begin with Mozilla or Opera is a tool anyway. The list is for those that do, such as
// PowerShell's Invoke-WebRequest, and for tools that would match bots.
var tools = []string{
	"curl/", "wget/", "aria2/", "python-requests/", "python-urllib/", "homebrew/", "powershell", "winget",
	"windowspackagemanager", "chocolatey", "scoop/", "go-http-client/", "libwww-perl/", "okhttp/", "axel/", "axios/",
	"node-fetch", "apache-httpclient/", "ansible-httpget", "microsoft bits/", "conda/", "pip/", "cmake",
}

// bots lists lower-case texts that the user agents of crawlers and of browsers without a user contain, besides the word
// bot. They supplement the rules of ua-parser.
var bots = []string{
	"crawl", "spider", "slurp", "headlesschrome", "phantomjs", "facebookexternalhit", "mediapartners",
	"monitor", "scan", "archiver", "preview", "fetcher", "checker", "validator", "lighthouse",
	"google-", "-google",
}

// mobiles lists the operating systems of phones and tablets, as the rules of ua-parser name them.
var mobiles = []string{
	"Android", "iOS", "Windows Phone", "Windows Mobile", "BlackBerry OS", "BlackBerry Tablet OS", "KaiOS",
	"HarmonyOS", "Tizen", "Symbian OS", "Symbian^3", "Firefox OS", "Bada", "webOS", "MeeGo", "Maemo", "Sailfish",
}

// classOf returns the class of a user agent, in lower case, with the device and the operating system that the rules
// found. The order of the checks matters: a crawler that poses as a phone is a bot, and only a user agent that begins
// with Mozilla or Opera, as those of all browsers do, is a browser.
func classOf(agent, lower, device, system string) Class {
	whole := lower
	agent, lower = withoutDevice(agent, lower)
	contained := func(list []string) bool {
		return slices.ContainsFunc(list, func(s string) bool { return strings.Contains(lower, s) })
	}
	switch {
	case lower == "" || lower == "-":
		return Unknown
	case contained(tools):
		return Tool
	case device == "Spider" || hasBot(lower) || contained(bots) || namesItself(lower) || isNoBrowser(whole) ||
		isCrawler(agent):
		return Bot
	case slices.Contains(mobiles, system):
		return Mobile
	case strings.HasPrefix(lower, "mozilla/") || strings.HasPrefix(lower, "opera/"):
		return Browser
	}
	return Tool
}

// Change is a user agent whose classification changes with new rules.
type Change struct {
	Agent         string // the user agent itself
	Before, After Agent
}

// FieldChange is the number of user agents whose field changes from one value to another.
type FieldChange struct {
	Field  string `json:"field"` // class, legacy, browser, os or device
	Before string `json:"before"`
	After  string `json:"after"`
	Agents int    `json:"agents"`
}

// Summarize counts the changes by field, by value before and by value after. It sorts them by field, with the most
// frequent changes first.
func Summarize(changes []Change) []FieldChange {
	count := map[FieldChange]int{}
	for _, c := range changes {
		for _, f := range []FieldChange{
			{"class", c.Before.Class.String(), c.After.Class.String(), 0},
			{"legacy", c.Before.Legacy, c.After.Legacy, 0},
			{"browser", c.Before.Browser, c.After.Browser, 0},
			{"os", c.Before.OS, c.After.OS, 0},
			{"device", c.Before.Device, c.After.Device, 0},
		} {
			if f.Before != f.After {
				count[f]++
			}
		}
	}
	list := make([]FieldChange, 0, len(count))
	for f, n := range count {
		f.Agents = n
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b FieldChange) int {
		return cmp.Or(strings.Compare(a.Field, b.Field), b.Agents-a.Agents, strings.Compare(a.Before, b.Before),
			strings.Compare(a.After, b.After))
	})
	return list
}
