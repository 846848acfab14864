package accesslog

import (
	"fmt"
	"strings"
)

// apacheDirectives are the variables of Nginx with the meaning of Apache's directives, by the last letter.
var apacheDirectives = map[byte]string{
	'h': "$remote_addr", 'a': "$remote_addr", 't': "[$time_local]", 'r': "$request", 'm': "$request_method", 'U': "$uri",
	's': "$status",
}

// apacheHeaders are the same for %{NAME}i, by the name in lower case.
var apacheHeaders = map[string]string{
	"user-agent": "$http_user_agent", "x-forwarded-for": "$http_x_forwarded_for", "x-real-ip": "$http_x_real_ip",
	"forwarded":        "$http_forwarded",
	"cf-connecting-ip": "$http_cf_connecting_ip",
}

// translateApache translates a format in the syntax of Apache's LogFormat into that of Nginx's log_format. For example,
//
//	%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"
//
// becomes $remote_addr $apache_l $apache_u [$time_local] "$request" $status and so on. Neighbouring parts of the time,
// such as [%{%d/%b/%Y:%T}t.%{msec_frac}t %{%z}t], become one variable.
func translateApache(format string) (string, error) {
	format = strings.ReplaceAll(format, `\"`, `"`)
	var out strings.Builder
	for rest := format; rest != ""; {
		text, after, found := strings.Cut(rest, "%")
		out.WriteString(text)
		if !found {
			break
		}
		if after, ok := strings.CutPrefix(after, "%"); ok {
			out.WriteByte('%')
			rest = after
			continue
		}
		// A condition (%!200,304), the original or the final request (%<s, %>s), and trailers (%^) do not matter.
		after = strings.TrimLeft(after, "!0123456789,<>^")
		argument := ""
		if strings.HasPrefix(after, "{") {
			var ok bool
			if argument, after, ok = strings.Cut(after[1:], "}"); !ok {
				return "", fmt.Errorf("no } after %%{ (found %.20q)", argument)
			}
			after = strings.TrimLeft(after, "^")
		}
		if after == "" {
			return "", fmt.Errorf("no letter after %% at the end")
		}
		letter := after[0]
		if !isLetter(letter) {
			return "", fmt.Errorf("no directive of Apache after %% (found %.10q); "+
				"the log-format of GoAccess is another language", after)
		}
		rest = after[1:]
		switch {
		case letter == 't' && argument != "":
			out.WriteString("$time_local")
			if i := lastTimePart(rest); i > 0 {
				rest = rest[i:]
			}
		case letter == 'i':
			name, ok := apacheHeaders[strings.ToLower(argument)]
			if !ok {
				name = "${apache_i}"
			}
			out.WriteString(name)
		case letter == 'U' && strings.HasPrefix(rest, "%q"):
			out.WriteString("$request_uri")
			rest = rest[2:]
		case apacheDirectives[letter] != "":
			out.WriteString(apacheDirectives[letter])
		default:
			out.WriteString("${apache_" + string(letter) + "}")
		}
	}
	return out.String(), nil
}

// lastTimePart returns the length of the text up to the end of the last %{…}t that follows without another directive
// between them, 0 if there is none.
func lastTimePart(s string) int {
	end := 0
	for {
		i := strings.IndexByte(s[end:], '%')
		if i < 0 || !strings.HasPrefix(s[end+i:], "%{") {
			return end
		}
		j := strings.Index(s[end+i:], "}t")
		if j < 0 || strings.Contains(s[end+i:end+i+j], "}") {
			return end
		}
		end += i + j + 2
	}
}
