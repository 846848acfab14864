package stats

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ua-parser/uap-go/uaparser"

	"github.com/Slicer/sitegen/generator/testutil"
)

func classifier(t testing.TB) *Classifier {
	t.Helper()
	c, err := NewClassifier("", nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const (
	chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 " +
		"Safari/537.36"
	safari = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 " +
		"Safari/605.1.15"
	iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
		"Version/17.5 Mobile/15E148 Safari/604.1"
	android = "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 " +
		"Mobile Safari/537.36"
	google = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
)

func TestClassify(t *testing.T) {
	c := classifier(t)
	for _, tc := range []struct {
		agent  string
		class  Class
		legacy string
	}{
		{"", Unknown, LegacyBrowser}, {"-", Unknown, LegacyBrowser},
		{chrome, Browser, LegacyBrowser}, {safari, Browser, LegacyBrowser},
		{"Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", Browser, LegacyBrowser},
		{"Opera/9.80 (Windows NT 6.1; U; en) Presto/2.8.131 Version/11.11", Browser, LegacyBrowser},
		{"Mozilla/5.0 (PlayStation 4 3.11) AppleWebKit/537.73 (KHTML, like Gecko)", Browser, LegacyMobile},
		{iphone, Mobile, LegacyMobile}, {android, Mobile, LegacyMobile},
		{"Dalvik/2.1.0 (Linux; U; Android 9; ALP-AL00 Build/HUAWEIALP-AL00)", Mobile, LegacyMobile},
		{"curl/7.88.1", Tool, LegacyBrowser}, {"Wget/1.21.3", Tool, LegacyBrowser},
		{"aria2/1.36.0", Tool, LegacyBrowser},
		{"python-requests/2.31.0", Tool, LegacyBrowser}, {"Viewer/5.8 (something new)", Tool, LegacyBrowser},
		{"Homebrew/4.3.5 (Macintosh; Intel Mac OS X 14.5) curl/8.6.0", Tool, LegacyBrowser},
		{"Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.610", Tool, LegacyBrowser},
		{"winget-cli WindowsPackageManager/1.2.10271 DesktopAppInstaller/Microsoft.DesktopAppInstaller v1.17", Tool,
			LegacyBrowser},
		{google, Bot, LegacyRobot},
		{"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 " +
			"Safari/537.36", Bot, LegacyBrowser},
		{"Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 (compatible; " +
			"Bytespider; spider-feedback@bytedance.com)", Bot, LegacyMobile},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_10_1) AppleWebKit/600.2.5 (KHTML, like Gecko) Version/8.0.2 " +
			"Safari/600.2.5 (Amazonbot/0.1; +https://developer.amazon.com/support/amazonbot)", Bot, LegacyBrowser},
	} {
		got := c.Classify(tc.agent)
		if got.Class != tc.class || got.Legacy != tc.legacy {
			t.Errorf("%q: %v, %s (%+v), want %v, %s", tc.agent, got.Class, got.Legacy, got, tc.class, tc.legacy)
		}
	}
}

// parse returns the result of uap-go, which has no prefilter.
func parse(p *uaparser.Parser, agent string) Agent {
	return Agent{Browser: p.ParseUserAgent(agent).Family, OS: p.ParseOs(agent).ToString(),
		Device: p.ParseDevice(agent).Family}
}

// TestPrefilter compares Classify with uap-go and with all patterns of crawlers, which have no prefilter, for the user
// agents of browsers and crawlers, and for those that are composed of the literals in the expressions, also in upper
// case. Some are followed by one of the same shape.
func TestPrefilter(t *testing.T) {
	c := classifier(t)
	p, err := uaparser.New()
	if err != nil {
		t.Fatal(err)
	}
	agents := []string{chrome, safari, iphone, android, google, "\u212Aindle Fire",
		"Mozilla/5.0 (\u017Famsung SM-G900)", "caf\xe9"}
	agents = append(agents, strings.Split(string(text(t, "crawler-agents.txt.gz")), "\n")...)
	literals := slices.Sorted(maps.Keys(c.prefilter.literals.index))
	for i, l := range literals {
		if i%testutil.Amount(1, 8) != 0 {
			continue
		}
		other := literals[(i*7919+13)%len(literals)]
		agents = append(agents,
			"Mozilla/5.0 (Linux; Android 14; "+l+" Build/1) AppleWebKit/537.36 "+other+"/12.3.4",
			strings.ToUpper(l)+"/1.2.3 ("+other+"; U; en) "+l+" 7.1",
			l+"/4.5.6")
	}
	for i, a := range slices.Clone(agents) {
		if i%5 == 0 {
			agents = append(agents, strings.Map(otherDigit, a))
		}
	}
	patterns := crawlers()
	for _, a := range agents {
		a = strings.ToValidUTF8(a, "\uFFFD")
		got, want := c.Classify(a), parse(p, a)
		want.Class, want.Legacy = got.Class, got.Legacy
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", a, diff)
		}
		c.prefilter.scan(a)
		if got, want := c.isCrawler(a), slices.ContainsFunc(patterns, func(p crawler) bool {
			return p.matches(a)
		}); got != want {
			t.Errorf("%q: crawler %t, want %t", a, got, want)
		}
	}
	t.Logf("%d agents, %d literals", len(agents), len(literals))
}

// otherDigit returns another digit for a digit.
func otherDigit(r rune) rune {
	if r >= '0' && r <= '9' {
		return '0' + (r-'0'+3)%10
	}
	return r
}

func FuzzClassify(f *testing.F) {
	c := classifier(f)
	p, err := uaparser.New()
	if err != nil {
		f.Fatal(err)
	}
	for _, a := range []string{chrome, safari, iphone, android, google, ""} {
		f.Add(a)
	}
	f.Fuzz(func(t *testing.T, a string) {
		for _, a := range []string{a, strings.Map(otherDigit, a)} {
			got, want := c.Classify(a), parse(p, strings.ToValidUTF8(a, "\uFFFD"))
			want.Class, want.Legacy = got.Class, got.Legacy
			if got != want {
				t.Errorf("%q: got %+v, want %+v", a, got, want)
			}
		}
	})
}

func TestRules(t *testing.T) {
	const good = "user_agent_parsers:\n- regex: '(Viewer)/(\\d+)'\nos_parsers:\n- regex: 'Win'\n  os_replacement: " +
		"W\ndevice_parsers:\n- regex: 'viewer'\n  regex_flag: 'i'\n  device_replacement: Spider\n"
	c, err := NewClassifier("rules.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Agent{Bot, LegacyRobot, "Viewer", "W", "Spider"}, c.Classify("Viewer/5 Win")); diff != "" {
		t.Error(diff)
	}
	for bad, want := range map[string]string{
		"":                       "rules.yaml:1:1: user_agent_parsers, os_parsers or device_parsers is missing",
		"x: [":                   `rules.yaml:1:4: the list is not closed (found "["); write a ] at its end`,
		"user_agent_parsers: []": "rules.yaml:1:1: user_agent_parsers, os_parsers or device_parsers is missing",
		strings.Replace(good, "(Viewer)", "(Viewer",
			1): "rules.yaml:2:3: error parsing regexp: missing closing ): `(Viewer/(\\d+)`",
		strings.Replace(good, "regex_flag: 'i'", "regex_flag: 'x'",
			1): "rules.yaml:7:3: error parsing regexp: invalid or unsupported Perl syntax: `(?x`",
	} {
		if _, err := NewClassifier("rules.yaml", []byte(bad)); err == nil ||
			err.Error() != "read the user agent rules: "+want {
			t.Errorf("%q: %v, want %s", bad, err, want)
		}
	}
}

// TestReadRules reads the built-in rules of uap-go like those of a file, and compares them with what uap-go reads.
func TestReadRules(t *testing.T) {
	read, err := readRules("regexes.yaml", uaparser.DefinitionYaml)
	if err != nil {
		t.Fatal(err)
	}
	got, err := uaparser.New(uaparser.WithRegexDefinitions(read))
	if err != nil {
		t.Fatal(err)
	}
	want, err := uaparser.New()
	if err != nil {
		t.Fatal(err)
	}
	if len(got.UA) != len(want.UA) || len(got.OS) != len(want.OS) || len(got.Device) != len(want.Device) {
		t.Fatalf("%d, %d and %d rules, want %d, %d and %d", len(got.UA), len(got.OS), len(got.Device), len(want.UA),
			len(want.OS), len(want.Device))
	}
	for i, p := range want.UA {
		if got.UA[i].Reg = p.Reg; *got.UA[i] != *p {
			t.Errorf("%+v, want %+v", *got.UA[i], *p)
		}
	}
	for i, p := range want.OS {
		if got.OS[i].Reg = p.Reg; *got.OS[i] != *p {
			t.Errorf("%+v, want %+v", *got.OS[i], *p)
		}
	}
	for i, p := range want.Device {
		if got.Device[i].Reg = p.Reg; *got.Device[i] != *p {
			t.Errorf("%+v, want %+v", *got.Device[i], *p)
		}
	}
	t.Logf("%d, %d and %d rules", len(got.UA), len(got.OS), len(got.Device))
}

func TestSummarize(t *testing.T) {
	a, b := Agent{Class: Browser, OS: "Other"}, Agent{Class: Bot, OS: "Other"}
	got := Summarize([]Change{{"x", a, b}, {"y", a, b}, {"z", b, a}})
	want := []FieldChange{{"class", "browser", "bot", 2}, {"class", "bot", "browser", 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// matomo is a user agent of the tests of Matomo's device detector.
type matomo struct {
	agent  string
	bot    bool
	client string // type: browser, mobile app, feed reader and others
}

// readMatomo reads a file of user agents. It is YAML with one form, so that a few lines are enough:
//
//	-
//	  user_agent: 'Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 …'
//	  client:
//	    type: browser
func readMatomo(t *testing.T, path string) (list []matomo) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	section := ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\n")
		value, isAgent := strings.CutPrefix(line, "  user_agent: ")
		switch {
		case isAgent && strings.HasPrefix(value, "'"):
			list = append(list, matomo{agent: strings.ReplaceAll(strings.Trim(value, "'"), "''", "'")})
		case isAgent && strings.HasPrefix(value, `"`):
			text, err := strconv.Unquote(value)
			if err != nil {
				t.Fatalf("%s: %s: %v", path, value, err)
			}
			list = append(list, matomo{agent: text})
		case isAgent:
			list = append(list, matomo{agent: value})
		case len(list) == 0:
		case line == "  bot:":
			list[len(list)-1].bot = true
		case strings.HasPrefix(line, "  ") && line[2] != ' ':
			section = strings.TrimSpace(line)
		case section == "client:" && strings.HasPrefix(line, "    type: "):
			list[len(list)-1].client = line[len("    type: "):]
		}
	}
	return list
}

// TestMatomo measures the classification with a list from which the implementation takes nothing: the user agents of
// the tests of Matomo's device detector.
func TestMatomo(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testutil.Agents(t), "*.yml"))
	if err != nil || len(files) < 80 {
		t.Fatal(files, err)
	}
	c := classifier(t)
	robots, missed, browsers, wrong := 0, 0, 0, 0
	for _, file := range files {
		for i, m := range readMatomo(t, file) {
			if !m.bot && i%testutil.Amount(1, 10) != 0 {
				continue
			}
			class := c.Classify(m.agent).Class
			switch {
			case m.bot:
				if robots++; class == Browser || class == Mobile {
					missed++
					t.Logf("%v, but a robot: %s", class, m.agent)
				}
			case m.client == "browser":
				if browsers++; class == Bot {
					wrong++
					t.Logf("robot, but a browser: %s", m.agent)
				}
			}
		}
	}
	t.Logf("%d of %d robots are browsers, %d of %d browsers are robots", missed, robots, wrong, browsers)
	if robots < 1300 || missed > robots/50 {
		t.Errorf("%d of %d robots are browsers", missed, robots)
	}
	if browsers < 3000 || wrong > max(1, browsers/2000) {
		t.Errorf("%d of %d browsers are robots", wrong, browsers)
	}
}

// BenchmarkClassify measures the classification of a new user agent.
func BenchmarkClassify(b *testing.B) {
	c := classifier(b)
	p, err := uaparser.New()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("prefilter", func(b *testing.B) {
		for b.Loop() {
			c.Classify(chrome)
		}
	})
	b.Run("uap-go", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			parse(p, chrome+strings.Repeat("x", i%5000))
		}
	})
}

// TestRobots holds the recall on the user agents of a public list of crawlers, and the precision on those of browsers
// that resemble crawlers.
func TestRobots(t *testing.T) {
	c := classifier(t)
	all, missed := 0, 0
	for agent := range strings.Lines(string(text(t, "crawler-agents.txt.gz"))) {
		all++
		if a := c.Classify(strings.TrimSuffix(agent, "\n")); a.Class == Browser || a.Class == Mobile {
			missed++
			t.Logf("%v: %s", a.Class, agent)
		}
	}
	if all < 2000 || missed > all/200 {
		t.Errorf("%d of %d crawlers are browsers", missed, all)
	}
	for _, agent := range []string{
		"Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0 Mobile " +
			"Safari/537.36",
		"Mozilla/5.0 (Linux; U; Android 7.0; de; Cubot_Note_S Build/LMY47I) AppleWebKit/537.36 Mobile Safari/537.36",
		"Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)",
		"Mozilla/5.0 (compatible; Konqueror/4.5; FreeBSD) KHTML/4.5.4 (like Gecko)",
		"Mozilla/5.0 (X11; U; Linux i686; en-US; rv:1.9.0.1) Gecko/2008072820 Firefox/3.0.1 ~@x",
		chrome, safari, iphone, android,
		chrome + " Edg/126.0.0.0", chrome + " OPR/111.0.0.0", chrome + " Vivaldi/6.7",
		"Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) " +
			"SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
		"Mozilla/5.0 (Linux; Android 11; KFTRWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/126.0 like Chrome/126.0 " +
			"Safari/537.36",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 " +
			"Safari/537.36",
	} {
		if a := c.Classify(agent); a.Class != Browser && a.Class != Mobile {
			t.Errorf("%v: %s", a.Class, agent)
		}
	}
}
