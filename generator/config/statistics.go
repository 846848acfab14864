package config

// statisticsOptions are the options of the statistics.
var statisticsOptions = []*Option{
	{
		Key: "stats.geoip", Flag: "geoip", Group: "Statistics", Command: "stats",
		Value: "FILE",
		Usage: "GeoIP database (.mmdb) of cities; repeat it for separate IPv4 and IPv6 files",
		Doc: "MaxMind DB files that map addresses to places, in the order in which they are searched; use two if " +
			"IPv4 and IPv6 are in separate files. In the environment variable, separate them by commas. Empty: the " +
			"file that `sitegen stats geoip-update` fetched; without one, countries are unknown.",
		field: fileList(func(c *Config) *[]string { return &c.Stats.GeoIP }),
	},
	{
		Key: "stats.geoip_attribution", Flag: "geoip-attribution", Group: "Statistics", Command: "stats",
		Value: "HTML",
		Usage: "attribution that the database's licence requires (default: from the file)",
		Doc: "HTML with the attribution that the licence of the GeoIP database requires. Empty: derived from the " +
			"metadata of the file, which works for the databases of MaxMind and DB-IP.",
		field: text(func(c *Config) *string { return &c.Stats.Attribution }, oneLine),
	},
	{
		Key: "stats.log_formats", Flag: "log-line", Group: "Statistics", Command: "stats",
		Value: "FORMAT",
		Usage: "additional format of log lines, as in Nginx's log_format or Apache's LogFormat",
		Doc: "Formats of log lines besides those that are recognised, each in the syntax of Nginx's `log_format` or " +
			"Apache's `LogFormat`: `['$remote_addr [$time_iso8601] \"$request\" $status \"$http_user_agent\"']`. In " +
			"the environment " +
			"variable, write one per line.",
		field: logFormats(func(c *Config) *[]string { return &c.Stats.LogFormats }),
	},
	{
		Key: "stats.json_fields.address", Group: "Statistics", Command: "stats",
		Usage: "field of JSON lines with the address of the visitor",
		Doc: "The field that holds the address of the visitor in logs of JSON lines, with dots for nested objects: " +
			"`request.remote_ip`. Empty: a usual key such as `remote_addr`, " +
			"`client_ip`, `remote_ip`, `c-ip`.",
		field: text(func(c *Config) *string { return &c.Stats.JSONFields.Address }, oneLine),
	},
	{
		Key: "stats.json_fields.time", Group: "Statistics", Command: "stats",
		Usage: "field of JSON lines with the time",
		Doc: "The field that holds the time in logs of JSON lines. Empty: a usual key such as `time_local`, " +
			"`time_iso8601`, " +
			"`time`, `timestamp`, `@timestamp`, `ts`, `msec`.",
		field: text(func(c *Config) *string { return &c.Stats.JSONFields.Time }, oneLine),
	},
	{
		Key: "stats.json_fields.request", Group: "Statistics", Command: "stats",
		Usage: "field of JSON lines with the complete request line",
		Doc: "The field that holds the complete request line (`GET /x HTTP/1.1`) in logs of JSON lines. Empty: " +
			"`request`.",
		field: text(func(c *Config) *string { return &c.Stats.JSONFields.Request }, oneLine),
	},
	{
		Key: "stats.json_fields.method", Group: "Statistics", Command: "stats",
		Usage: "field of JSON lines with the method",
		Doc: "The field that holds the method in logs of JSON lines without a request line. Empty: a usual key " +
			"such as " +
			"`request_method`, `method`, `cs-method`.",
		field: text(func(c *Config) *string { return &c.Stats.JSONFields.Method }, oneLine),
	},
	{
		Key: "stats.json_fields.path", Group: "Statistics", Command: "stats",
		Usage: "field of JSON lines with the path",
		Doc: "The field that holds the path in logs of JSON lines without a request line. Empty: a usual key such as " +
			"`request_uri`, `uri`, `url`, `path`, `cs-uri-stem`.",
		field: text(func(c *Config) *string { return &c.Stats.JSONFields.Path }, oneLine),
	},
	{
		Key: "stats.json_fields.status", Group: "Statistics", Command: "stats",
		Usage: "field of JSON lines with the status code",
		Doc: "The field that holds the status code in logs of JSON lines. Empty: a usual key such as `status`, " +
			"`sc-status`.",
		field: text(func(c *Config) *string { return &c.Stats.JSONFields.Status }, oneLine),
	},
	{
		Key: "stats.json_fields.agent", Group: "Statistics", Command: "stats",
		Usage: "field of JSON lines with the user agent",
		Doc: "The field that holds the user agent in logs of JSON lines. Empty: a usual key such as " +
			"`http_user_agent`, " +
			"`user_agent`, `agent`, `cs(User-Agent)`.",
		field: text(func(c *Config) *string { return &c.Stats.JSONFields.Agent }, oneLine),
	},
	{
		Key: "stats.trusted_proxies", Flag: "trusted-proxies", Group: "Statistics", Default: "0", Command: "stats",
		Value: "N",
		Usage: "number of proxies in front of the server whose X-Forwarded-For is trusted",
		Doc: "The number of proxies in front of the server. Each appends the address of its client to the list " +
			"`X-Forwarded-For`, so the visitor is the N-th address from the end. `0`: the address before the time, " +
			"or the first one if it is a list.",
		field: number(func(c *Config) *int { return &c.Stats.Proxies }, 0, 20),
	},
	{
		Key: "stats.user_agents", Flag: "user-agents", Group: "Statistics", Command: "stats",
		Value: "FILE",
		Usage: "user agent rules to use instead of the built-in ones (regexes.yaml of ua-parser)",
		Doc:   "File with user agent rules, the `regexes.yaml` of ua-parser, to use instead of the built-in ones.",
		field: file(func(c *Config) *string { return &c.Stats.UserAgents }),
	},
	{
		Key: "stats.privacy", Flag: "privacy", Group: "Statistics", Default: "keyed", Command: "stats",
		Value: "keyed|daily|full",
		Usage: "what is stored of an address",
		Doc: "What is stored of an address. `keyed`: a hash with a key that is kept in the data folder. `daily`: a " +
			"hash with a key that is deleted after the day; format 1.0 is then not published. `full`: the hash and " +
			"the address.",
		field: choice(func(c *Config) *string { return &c.Stats.Privacy }, "keyed", "daily", "full"),
	},
	{
		Key: "stats.min_country", Flag: "min-country", Group: "Statistics", Default: "5", Command: "stats",
		Value: "N",
		Usage: "publish countries with fewer downloads a month as \"others\"",
		Doc: "Countries with fewer downloads in a month are published together as \"others\". `0`: every country " +
			"is published.",
		field: number(func(c *Config) *int { return &c.Stats.MinCountry }, 0, 1_000_000),
	},
	{
		Key: "stats.legacy", Flag: "legacy", Group: "Statistics", Default: "true", Command: "stats",
		Usage: "also publish the statistics in format 1.0, if the profile names their file",
		Doc: "Also publish the statistics in format 1.0, for programs that read it, if the profile names their " +
			"file (`legacy_statistics`).",
		field: onOff(func(c *Config) *bool { return &c.Stats.Legacy }),
	},
}
