// Finds the build in which a bug appeared. The state is in the address, for example
//
//   ?system=amd64-win&good=33176&bad=34645&skip=33900,33910
//
// so that each step can be shared, and the back button returns to the step before. A build is [revision, day, id].
const form = document.getElementById("bisect")
const step = document.getElementById("step")
const asked = new URLSearchParams(location.search)
const revisions = form.dataset.revisions === "true"

// element returns an element with children, which are elements or text.
function element(name, properties, ...children) {
  const e = Object.assign(document.createElement(name), properties)
  e.append(...children)
  return e
}

// title returns the name of a build: its revision and day.
const title = ([revision, day]) => revisions ? `${revision} (${day})` : day

const download = build => element("a", {href: `/bitstream/${build[2]}`}, title(build))

// address returns the address of another step.
const address = changes => "?" + new URLSearchParams({...Object.fromEntries(asked), ...changes})

// at returns the index of the build that a visitor names: the last one at or before a revision or day.
function at(builds, text) {
  const wanted = text.trim()
  if (/^\d{4}-\d\d-\d\d$/.test(wanted)) return builds.findLastIndex(([, day]) => day <= wanted)
  if (revisions && /^\d+$/.test(wanted)) return builds.findLastIndex(([revision]) => revision <= Number(wanted))
  return -2
}

function say(...children) {
  step.replaceChildren(...children)
  step.focus()
}

function show(builds) {
  const [good, bad] = [at(builds, asked.get("good")), at(builds, asked.get("bad"))]
  for (const [name, i] of [["good", good], ["bad", bad]]) {
    if (i === -2) return say(element("p", {className: "notice"}, 
      text(revisions ? "not_a_revision" : "not_a_day", {value: asked.get(name)})))
    if (i === -1) return say(element("p", {className: "notice"}, 
      text("too_old", {value: asked.get(name), build: title(builds[0])})))
  }
  if (good >= bad) return say(element("p", {className: "notice"}, 
    text("order", {good: title(builds[good]), bad: title(builds[bad])})))
  const skipped = new Set((asked.get("skip") ?? "").split(","))
  const left = []
  for (let i = good + 1; i < bad; i++) if (!skipped.has(String(builds[i][0]))) left.push(i)
  if (left.length === 0) return found(builds, good, bad)
  const build = builds[left[left.length >> 1]]
  const key = revisions ? String(build[0]) : build[1]
  const steps = Math.ceil(Math.log2(left.length + 1))
  say(element("h2", {}, text("test"), " ", download(build)),
    element("p", {}, 
      text("left", {count: left.length, good: title(builds[good]), bad: title(builds[bad])}), " ", text("steps", {count: steps})),
    element("ul", {className: "answers"},
      element("li", {}, element("a", {className: "button", href: address({good: key})}, text("good"))),
      element("li", {}, element("a", {className: "button", href: address({bad: key})}, text("bad"))),
      element("li", {}, element("a", {className: "button",
        href: address({skip: [...skipped, build[0]].filter(Boolean).join(",")})}, text("skip")))))
}

function found(builds, good, bad) {
  const parts = [element("h2", {}, ...textParts("found", {good: download(builds[good]),
    bad: download(builds[bad])}))]
  if (bad - good > 1) parts.push(element("p", {}, text("untested", {count: bad - good - 1})))
  if (form.dataset.changes) {
    const href = form.dataset.changes.replace("{from}", builds[good][0]).replace("{to}", builds[bad][0])
    parts.push(element("p", {}, element("a", {href}, text("changes"))))
  }
  parts.push(element("p", {}, text("report")))
  say(...parts)
}

for (const field of form.querySelectorAll("[name]")) field.value = asked.get(field.name) ?? field.value
form.hidden = false
if (asked.get("good") && asked.get("bad")) {
  fetch(`/preview/bisect/${encodeURIComponent(form.elements.system.value)}.json`).then(response => {
    if (!response.ok) throw new Error(response.statusText)
    return response.json()
  }).then(({builds}) => show(builds), () => say(element("p", {className: "notice"},
    text("failed"))))
}
