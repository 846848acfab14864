package stats

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"

	"github.com/ua-parser/uap-go/uaparser"
	"gopkg.in/yaml.v3"

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

// Classifier classifies user agents by the rules of the ua-parser project, the patterns of crawlers, and the lists
// below.
type Classifier struct {
	rules    *uaparser.RegexDefinitions // an expression is compiled when it is first needed
	crawlers []crawler
	// The expressions are numbered in this order: device, ua, os, crawlers.
	prefilter        prefilter
	deviceEnd, uaEnd int // numbers after the last device and ua rule
	osEnd            int
}

// NewClassifier prepares the rules: the built-in ones or, if a file name is given, the rules of that file, which has
// the format of ua-parser's regexes.yaml. This takes about 30 ms, so make a Classifier only when there is a new agent.
func NewClassifier(file string, rules []byte) (*Classifier, error) {
	c, err := builtInRules()
	if file != "" {
		var definitions uaparser.RegexDefinitions
		if definitions, err = readRules(file, rules); err != nil {
			return nil, fmt.Errorf("read the user agent rules: %w", err)
		}
		c, err = prepareRules(&definitions)
	}
	if err != nil {
		return nil, fmt.Errorf("prepare the user agent rules: %w", err)
	}
	fork := *c
	fork.rules, fork.crawlers, fork.prefilter = c.rules.Clone(), slices.Clone(c.crawlers), c.prefilter.fork()
	return &fork, nil
}

// builtInRules prepares the built-in rules once. It reads them with the package with which uaparser reads them, because
// uaparser itself would compile all of them.
var builtInRules = sync.OnceValues(func() (*Classifier, error) {
	var definitions uaparser.RegexDefinitions
	if err := yaml.Unmarshal(uaparser.DefinitionYaml, &definitions); err != nil {
		return nil, err
	}
	return prepareRules(&definitions)
})

// prepareRules sets the defaults of rules, as uaparser does it, and makes the prefilter.
func prepareRules(rules *uaparser.RegexDefinitions) (*Classifier, error) {
	c := &Classifier{rules: rules, crawlers: crawlers()}
	var errs []error
	add := func(expr string) int {
		tree, err := syntax.Parse(expr, syntax.Perl)
		if err != nil {
			errs = append(errs, err)
			tree = &syntax.Regexp{Op: syntax.OpNoMatch}
		}
		return c.prefilter.add(tree)
	}
	for _, r := range rules.Device {
		r.DeviceReplacement = cmp.Or(r.DeviceReplacement, "$1")
		r.ModelReplacement = cmp.Or(r.ModelReplacement, "$1")
		c.deviceEnd = add(withFlags(r.Expr, r.Flags))
	}
	for _, r := range rules.UA {
		r.FamilyReplacement = cmp.Or(r.FamilyReplacement, "$1")
		r.V1Replacement, r.V2Replacement = cmp.Or(r.V1Replacement, "$2"), cmp.Or(r.V2Replacement, "$3")
		r.V3Replacement = cmp.Or(r.V3Replacement, "$4")
		c.uaEnd = add(withFlags(r.Expr, r.Flags))
	}
	for _, r := range rules.OS {
		r.OSReplacement = cmp.Or(r.OSReplacement, "$1")
		r.V1Replacement, r.V2Replacement = cmp.Or(r.V1Replacement, "$2"), cmp.Or(r.V2Replacement, "$3")
		r.V3Replacement, r.V4Replacement = cmp.Or(r.V3Replacement, "$4"), cmp.Or(r.V4Replacement, "$5")
		c.osEnd = add(withFlags(r.Expr, r.Flags))
	}
	for _, p := range c.crawlers {
		if p.literal != "" {
			c.prefilter.add(&syntax.Regexp{Op: syntax.OpLiteral, Rune: []rune(p.literal)})
		} else {
			add(p.pattern)
		}
	}
	c.prefilter.compile()
	return c, errors.Join(errs...)
}

// withFlags returns an expression with the flags of its rule.
func withFlags(expr, flags string) string {
	if flags == "" {
		return expr
	}
	return "(?" + flags + ")" + expr
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
	if _, err := syntax.Parse(withFlags(*expr, *flags), syntax.Perl); err != nil {
		rule.Errorf("%v", err)
	}
}

// Classify classifies a user agent. It is not safe for concurrent use.
func (c *Classifier) Classify(agent string) Agent {
	agent = strings.ToValidUTF8(agent, "\uFFFD")
	c.prefilter.scan(agent)
	a := Agent{Device: c.parseDevice(agent), Browser: c.parseBrowser(agent)}
	var family string
	family, a.OS = c.parseOS(agent)
	switch a.Device {
	case "Spider":
		a.Legacy = LegacyRobot
	case "Other", "Mac":
		a.Legacy = LegacyBrowser
	default:
		a.Legacy = LegacyMobile
	}
	a.Class = c.classOf(agent, a.Device, family)
	return a
}

// The three parsers try the rules of ua-parser in order; the first rule that results in a family wins.

func (c *Classifier) parseDevice(agent string) string {
	for i := c.prefilter.next(0, c.deviceEnd); i < c.deviceEnd; i = c.prefilter.next(i+1, c.deviceEnd) {
		r := c.rules.Device[i]
		c.prepare(i, &r.Reg, r.Expr, r.Flags)
		var d uaparser.Device
		if r.Match(agent, &d); d.Family != "" {
			return d.Family
		}
		c.prefilter.fail(i)
	}
	return "Other"
}

func (c *Classifier) parseBrowser(agent string) string {
	for i := c.prefilter.next(c.deviceEnd, c.uaEnd); i < c.uaEnd; i = c.prefilter.next(i+1, c.uaEnd) {
		r := c.rules.UA[i-c.deviceEnd]
		c.prepare(i, &r.Reg, r.Expr, r.Flags)
		var u uaparser.UserAgent
		if r.Match(agent, &u); u.Family != "" {
			return u.Family
		}
		c.prefilter.fail(i)
	}
	return "Other"
}

func (c *Classifier) parseOS(agent string) (family, name string) {
	for i := c.prefilter.next(c.uaEnd, c.osEnd); i < c.osEnd; i = c.prefilter.next(i+1, c.osEnd) {
		r := c.rules.OS[i-c.uaEnd]
		c.prepare(i, &r.Reg, r.Expr, r.Flags)
		var o uaparser.Os
		if r.Match(agent, &o); o.Family != "" {
			return o.Family, o.ToString()
		}
		c.prefilter.fail(i)
	}
	return "Other", "Other"
}

// prepare sets the expression of rule i, for the agent that has been scanned.
func (c *Classifier) prepare(i int, to **regexp.Regexp, expr, flags string) {
	if reduced := c.prefilter.reduced(i); reduced != nil {
		*to = reduced
		return
	}
	compile(to, expr, flags)
}

// compile compiles the expression of a rule, unless that has been done already. Rules with invalid expressions never
// get here: see prepareRules.
func compile(to **regexp.Regexp, expr, flags string) {
	if *to == nil {
		*to = regexp.MustCompile(withFlags(expr, flags))
	}
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

// classOf returns the class of a user agent with the device and the operating system that the rules found. The order of
// the checks matters: a crawler that poses as a phone is a bot, and only a user agent that begins with Mozilla or
// Opera, as those of all browsers do, is a browser. The prefilter has been called for the agent.
func (c *Classifier) classOf(agent, device, system string) Class {
	whole := strings.ToLower(agent)
	agent, lower := withoutDevice(agent, whole)
	contained := func(list []string) bool {
		return slices.ContainsFunc(list, func(s string) bool { return strings.Contains(lower, s) })
	}
	switch {
	case lower == "" || lower == "-":
		return Unknown
	case contained(tools):
		return Tool
	case device == "Spider" || hasBot(lower) || contained(bots) || namesItself(lower) || isNoBrowser(whole) ||
		c.isCrawler(agent):
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
