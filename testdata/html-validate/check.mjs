// Checks pages with html-validate, whose folder is the argument. The pages are on the standard input, as JSON: the HTML
// by name. Each mistake is a line on the standard output. (The command of html-validate needs a newer Node than Debian's.)
import { text } from "node:stream/consumers";
import { createRequire } from "node:module";

const { HtmlValidate, StaticConfigLoader } = createRequire(import.meta.url)(process.argv[2]);

// The exceptions from the recommended rules.
const rules = {
  // The minifier writes <!doctype html> in lower case, and leaves out type="text" and type="submit", the defaults.
  "doctype-style": ["error", { style: "lowercase" }],
  "no-implicit-button-type": "off",
  "no-implicit-input-type": "off",
  // Ids that links have for years begin with a digit (2026-11-20) or have a dot (series-5.12). HTML allows both.
  "valid-id": ["error", { relaxed: true }],
  // A table that scrolls is a region with a name; the layouts use <section> for parts that have a heading.
  "prefer-native-element": ["error", { exclude: ["region"] }],
  // The key Enter sends the search, as in any form with one field. The list of releases is filtered while one types.
  "wcag/h32": "off",
  // The title of a page for a link with parameters names all of them. Search engines do not list these pages.
  "long-title": "off",
};

// Scripts of other projects read checksums from <tt>, which HTML no longer has.
const elements = ["html5", { tt: { deprecated: false, flow: true, phrasing: true, permittedContent: ["@phrasing"] } }];

const validator = new HtmlValidate(
  new StaticConfigLoader({ root: true, extends: ["html-validate:recommended"], elements, rules }));
for (const [name, html] of Object.entries(JSON.parse(await text(process.stdin)))) {
  const report = await validator.validateString(html, name);
  for (const { messages } of report.results) {
    for (const m of messages) console.log(`${name}: ${m.ruleId}: ${m.message} (${m.selector})`);
  }
}
