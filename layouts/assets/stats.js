// Lets visitors filter the download statistics. The page is complete without this script. After the first paint, the
// script loads the cubes, which are the files with the detailed data, and replaces the charts of the page with charts
// of the downloads that match the filters. The URL contains the filters, so that they can be shared and the back button
// undoes them:
//
//   ?version=5.8.1&os=win&os=linux&from=2026-01-01&unit=week
//
// A cube has a bucket for each day (or week), and a row for each package, country and class of client in a bucket. It
// stores the columns of the table as arrays. For example, this cube has two buckets and three rows:
//
//   { "from": "2026-10-01", "period": "2026-10", "grain": "day",
//     "packages": [["2.3.0", "win", "amd64", "release"], ["2.4.0", "win", "amd64", "release"]],
//     "countries": ["DE", "US"], "classes": ["bot", "browser", "mobile", "tool", "unknown"],
//     "buckets": [0, 2], "rows": [2, 1],
//     "package": [0, 1, 1], "country": [0, 1, 0], "class": [1, 1, 3], "downloads": [7, 4, 1] }
//
//   1 October   2.3.0   DE   browser   7
//   1 October   2.4.0   US   browser   4
//   3 October   2.4.0   DE   tool      1
//
// Buckets are numbered from the day "from". The numbers of packages are differences to the row before; the first row of
// each bucket has the number itself. The differences compress better, because rows are sorted by package.
//
// The rows of all cubes are stored in four typed arrays. Each change of the filters counts all rows again: see count().

const page = JSON.parse(document.getElementById('stats-data')?.textContent ?? 'null');
const PACKAGE_PROPERTIES = page?.properties ?? []; // in the order of a cube's packages
const COUNTRY_PROPERTIES = ['region', 'country'];
const PROPERTIES = [...PACKAGE_PROPERTIES, ...COUNTRY_PROPERTIES, 'class'];
const UNITS = ['day', 'week', 'month'];
const BOT = 'bot'; // excluded unless selected
const SHORT_LIST = 10; // values shown until a visitor presses "Show all"
const CURVES = 6, MOST_CURVES = 8; // curves without and with selected versions
const CURVE_DAYS = 365;
const WARM_UP = 4; // counts before the first click, so that the browser has compiled the code and the click is fast
const MILESTONES = [7, 30, 90, 180, 365];
const WIDTH = 1000, HEIGHT = 200; // size of the nested picture in which curves are drawn: see package statspage

const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
const chart = (key) => $(`[data-chart="${key}"]`);
const comma = new Intl.NumberFormat('en').format;
const share = (part, whole) => `${(whole ? 100 * part / whole : 0).toFixed(1)} %`;

// Days are integers: the number of days since 1970-01-01 (UTC).
const dayOf = (iso) => Date.parse(iso) / 864e5;
const isoOf = (day) => new Date(day * 864e5).toISOString().slice(0, 10);
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

// labelOf returns the label of a day or week ("30 Oct 2026") or a month ("Oct 2026") that begins on a day.
function labelOf(unit, day) {
  const date = new Date(day * 864e5), month = `${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
  return unit === 'month' ? month : `${date.getUTCDate()} ${month}`;
}

// startOf returns the first day of the unit that contains a day. Weeks begin on Monday.
function startOf(unit, day) {
  if (unit === 'week') return day - (day + 3) % 7; // day 0, 1 January 1970, was a Thursday
  if (unit === 'month') return day + 1 - new Date(day * 864e5).getUTCDate();
  return day;
}

// make creates an element. A name with the prefix "svg:" is the name of an SVG element.
function make(name, attributes = {}, ...children) {
  const element = name.startsWith('svg:') ? document.createElementNS('http://www.w3.org/2000/svg', name.slice(4))
    : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const first = dayOf(page?.first), asOf = dayOf(page?.asOf); // first and last day with downloads
const labels = readLabels(); // by property and value
const regions = new Map($$('tr[data-region]').map((row) => [row.dataset.value, row.dataset.region]));

// readLabels returns the labels in the tables of the page: a map from value to label for each property.
function readLabels() {
  return Object.fromEntries(PROPERTIES.map((key) => [key, new Map($$(`[data-chart="${key}"] tr[data-value]`).map(
    (row) => [row.dataset.value, $('th', row).textContent]))]));
}

// ---- data

// assemble joins the cubes, oldest first. Values of properties become numbers: values.os[2] may be "win", and
// numbers.os.get("win") is 2 then.
function assemble(cubes) {
  const values = {}, numbers = {}; // by property
  for (const key of PROPERTIES) [values[key], numbers[key]] = [[], new Map()];
  const numberOf = (key, value) => {
    let n = numbers[key].get(value);
    if (n === undefined) numbers[key].set(value, n = values[key].push(value) - 1);
    return n;
  };
  for (const key of PROPERTIES) for (const value of labels[key].keys()) numberOf(key, value);

  // Packages and countries are tuples of value numbers, one for each of PACKAGE_PROPERTIES and COUNTRY_PROPERTIES.
  const packages = [], packageNumbers = new Map(), countries = [];
  const packageNumber = (p) => {
    const key = p.join('\t');
    let n = packageNumbers.get(key);
    if (n === undefined) {
      packageNumbers.set(key, n = packages.push(PACKAGE_PROPERTIES.map((k, i) => numberOf(k, p[i]))) - 1);
    }
    return n;
  };
  const countryNumber = (code) => {
    const n = numberOf('country', code);
    countries[n] ??= [numberOf('region', regions.get(code) ?? labels.country.get(code) ?? 'Unknown'), n];
    return n;
  };
  for (const code of labels.country.keys()) countryNumber(code);

  const rows = cubes.reduce((n, cube) => n + cube.downloads.length, 0);
  const data = {
    values, numbers, packages, countries,
    rowPackage: new Uint32Array(rows), rowCountry: new Uint16Array(rows), rowClass: new Uint8Array(rows),
    rowDownloads: new Uint32Array(rows),
    // For each bucket: its first day, its number of days, the day in its middle, and the row after its last row.
    bucketFrom: [], bucketDays: [], bucketMiddle: [], bucketEnd: [],
    dailyFrom: first, // the day from which all buckets are days
  };
  let row = 0;
  for (const cube of cubes) {
    const packageOf = cube.packages.map(packageNumber), countryOf = cube.countries.map(countryNumber);
    const classOf = cube.classes.map((c) => numberOf('class', c));
    const start = dayOf(cube.from), next = endOf(cube.period), length = cube.grain === 'week' ? 7 : 1;
    if (length > 1) data.dailyFrom = Math.max(data.dailyFrom, next);
    let i = 0;
    cube.buckets.forEach((bucket, b) => {
      const from = start + bucket * length, days = Math.min(length, next - from);
      for (let end = i + cube.rows[b], p = 0; i < end; i++, row++) {
        data.rowPackage[row] = packageOf[p += cube.package[i]];
        data.rowCountry[row] = countryOf[cube.country[i]];
        data.rowClass[row] = classOf[cube.class[i]];
        data.rowDownloads[row] = cube.downloads[i];
      }
      data.bucketFrom.push(from);
      data.bucketDays.push(days);
      data.bucketMiddle.push(from + (days >> 1));
      data.bucketEnd.push(row);
    });
  }
  return data;
}

// endOf returns the day after a period, which is a year ("2026") or a month ("2026-10").
function endOf(period) {
  const [year, month] = period.split('-').map(Number);
  return Date.UTC(month ? year : year + 1, month ?? 0) / 864e5;
}

// ---- filters

// parseFilters reads the query of a URL. It returns the numbers of the selected values of each property, the first and
// the last selected day, and the selected unit; null means no limit or no unit. It ignores invalid and unknown values.
function parseFilters(search) {
  const query = new URLSearchParams(search), filters = { selected: {} };
  for (const key of PROPERTIES) {
    const numbers = query.getAll(key).map((value) => data.numbers[key].get(value));
    filters.selected[key] = new Set(numbers.filter((n) => n !== undefined));
  }
  for (const key of ['from', 'to']) {
    const day = /^\d{4}-\d\d-\d\d$/.test(query.get(key)) ? dayOf(query.get(key)) : NaN;
    filters[key] = day >= first && day <= asOf ? day : null;
  }
  if (filters.from !== null && filters.to !== null && filters.from > filters.to) {
    [filters.from, filters.to] = [filters.to, filters.from];
  }
  filters.unit = UNITS.includes(query.get('unit')) ? query.get('unit') : null;
  return filters;
}

// urlOf is the inverse of parseFilters.
function urlOf(filters) {
  const query = new URLSearchParams();
  for (const key of PROPERTIES) for (const n of filters.selected[key]) query.append(key, data.values[key][n]);
  for (const key of ['from', 'to']) if (filters[key] !== null) query.set(key, isoOf(filters[key]));
  if (filters.unit) query.set('unit', filters.unit);
  return location.pathname + (query.size ? `?${query}` : '');
}

// setFilters changes the filters and adds the new URL to the history, so that the back button undoes the change.
function setFilters(change) {
  change(filters);
  const url = urlOf(filters);
  if (url !== location.pathname + location.search) history.pushState(null, '', url);
  update();
}

const toggle = (key, n) => setFilters(({ selected }) => selected[key].delete(n) || selected[key].add(n));

// unitOf returns the unit of the time chart: the selected one, or else one that fits the number of days. It is not
// shorter than the buckets of the data.
function unitOf({ from, to, unit }) {
  const days = (to ?? asOf) - (from ?? first) + 1;
  const fitting = unit ?? (days <= 92 ? 'day' : days <= 731 ? 'week' : 'month');
  return fitting === 'day' && (from ?? first) < data.dailyFrom ? 'week' : fitting;
}

// ---- counting

// matching returns an array with 1 for each value of a property that its filter accepts and 0 for the others.
function matching(key, filter) {
  const bot = data.numbers.class.get(BOT);
  return Uint8Array.from(data.values[key], (_, n) => filter.size ? filter.has(n) : key !== 'class' || n !== bot);
}

// mismatches returns a number for each tuple, which is a package or a country: 0 if it passes the filters of all its
// properties; the position of a property, from 1, if it fails only the filter of that property; 255 if it fails more
// than one. With the filters os=win and arch=arm64, [2.4.0, win, amd64, release] has the number 3, because only arch,
// the third property, fails; [2.4.0, linux, amd64, release] has 255.
function mismatches(tuples, keys, match) {
  return Uint8Array.from(tuples, (tuple) => tuple.reduce(
    (found, value, i) => match[keys[i]][value] ? found : found ? 255 : i + 1, 0));
}

// addFacets adds up the sums of tuples by each of their properties, and sets facets[key][value]. A facet ignores the
// filter of its own property: with os=win, the facet os still has the downloads for Linux, which visitors may add.
function addFacets(sums, tuples, keys, mismatch, facets) {
  for (const key of keys) facets[key] = new Float64Array(data.values[key].length);
  tuples.forEach((tuple, n) => {
    if (!sums[n]) return;
    keys.forEach((key, i) => {
      if (mismatch[n] === 0 || mismatch[n] === i + 1) facets[key][tuple[i]] += sums[n];
    });
  });
}

// count counts all rows: by every value of every property, by bucket, and in total.
//
// Each row gets three bits: whether its package (1), its country (2) or its class (4) fails a filter. A row without
// bits counts everywhere. A row with exactly one bit may still count in a facet of that group, since a facet ignores
// its own filter: if only the package fails, the row adds to the sum of its package, and addFacets decides for which
// property of the package it counts. In the same way, the counts of buckets ignore the selected days.
//
// For example, the filters are os=win and country=DE, and the rows are those of the cube at the top of this file, with
// 2.4.0 for Linux instead of Windows:
//
//   2.3.0 win    DE  browser  7   bits 0: counts in all facets, in its bucket and in the total
//   2.4.0 linux  US  browser  4   bits 1 and 2: counts nowhere
//   2.4.0 linux  DE  tool     1   bit 1: counts only as Linux in the facet os, which visitors could select, too
function count({ selected, from, to }) {
  const { rowPackage, rowCountry, rowClass, rowDownloads, bucketMiddle, bucketEnd } = data;
  const match = Object.fromEntries(PROPERTIES.map((key) => [key, matching(key, selected[key])]));
  const packageMismatch = mismatches(data.packages, PACKAGE_PROPERTIES, match);
  const countryMismatch = mismatches(data.countries, COUNTRY_PROPERTIES, match);
  const packageBit = packageMismatch.map((m) => m && 1), countryBit = countryMismatch.map((m) => m && 2);
  const classBit = match.class.map((m) => m ? 0 : 4);
  const packages = new Float64Array(data.packages.length), countries = new Float64Array(data.countries.length);
  const classes = new Float64Array(data.values.class.length), buckets = new Float64Array(bucketEnd.length);
  let total = 0;
  for (let b = 0, i = 0; b < bucketEnd.length; b++) {
    // A week belongs to the days that contain its middle: the first week may begin before the first day.
    const inside = bucketMiddle[b] >= (from ?? -Infinity) && bucketMiddle[b] <= (to ?? Infinity);
    let sum = 0;
    for (const end = bucketEnd[b]; i < end; i++) {
      const p = rowPackage[i], c = rowCountry[i], k = rowClass[i], n = rowDownloads[i];
      const bits = packageBit[p] | countryBit[c] | classBit[k];
      if (bits === 0) sum += n;
      if (!inside) continue;
      if (bits === 0) { packages[p] += n; countries[c] += n; classes[k] += n; }
      else if (bits === 1) packages[p] += n;
      else if (bits === 2) countries[c] += n;
      else if (bits === 4) classes[k] += n;
    }
    buckets[b] = sum;
    if (inside) total += sum;
  }
  const facets = { class: classes };
  addFacets(packages, data.packages, PACKAGE_PROPERTIES, packageMismatch, facets);
  addFacets(countries, data.countries, COUNTRY_PROPERTIES, countryMismatch, facets);
  const allTime = buckets.reduce((a, n) => a + n, 0);
  return { facets, buckets, total, match, packageMismatch, countryBit, classBit, allTime };
}

// sumOfDays returns the downloads of a range of days. A week that is partly in the range counts in proportion.
function sumOfDays(buckets, from, to) {
  let sum = 0;
  for (let b = buckets.length - 1; b >= 0 && data.bucketFrom[b] + data.bucketDays[b] > from; b--) {
    const end = data.bucketFrom[b] + data.bucketDays[b] - 1;
    const days = Math.min(to, end) - Math.max(from, data.bucketFrom[b]) + 1;
    if (days > 0) sum += buckets[b] * days / data.bucketDays[b];
  }
  return Math.round(sum);
}

// pointsOf returns the points of the time chart, including those without downloads.
function pointsOf(buckets, unit, from, to) {
  const points = [], last = startOf(unit, to), step = { day: 1, week: 7, month: 31 }[unit];
  for (let day = startOf(unit, from); day <= last; day = startOf(unit, day + step)) {
    points.push({ from: day, label: labelOf(unit, day), downloads: 0 });
  }
  let at = 0;
  for (let b = 0; b < buckets.length; b++) {
    const day = Math.min(Math.max(data.bucketMiddle[b], first), asOf);
    if (day < from || day > to) continue;
    while (at + 1 < points.length && points[at + 1].from <= day) at++;
    points[at].downloads += buckets[b];
  }
  return points;
}

// curvesOf returns the curves of the selected releases, or else of the newest ones. The points of a curve are pairs
// of the days since the release and the cumulative downloads.
function curvesOf({ match, packageMismatch, countryBit, classBit }, selected) {
  const releases = page.releases
    .filter((r) => !selected.version.size || selected.version.has(data.numbers.version.get(r.version)))
    .slice(0, selected.version.size ? MOST_CURVES : CURVES);
  const stable = data.numbers.stability.get('release');
  if (!releases.length || stable === undefined || !match.stability[stable]) return [];
  const curves = releases.map((r) => ({ ...r, start: dayOf(r.released), points: [[0, 0]], sum: 0 }));
  const curveOf = new Int16Array(data.packages.length).fill(-1); // by package
  const VERSION = PACKAGE_PROPERTIES.indexOf('version'), STABILITY = PACKAGE_PROPERTIES.indexOf('stability');
  data.packages.forEach((values, p) => {
    const passes = !packageMismatch[p] || packageMismatch[p] === VERSION + 1; // the version is checked above
    if (values[STABILITY] !== stable || !passes) return;
    curveOf[p] = curves.findIndex((c) => c.version === data.values.version[values[VERSION]]);
  });
  const start = Math.min(...curves.map((c) => c.start)), sums = new Float64Array(curves.length);
  for (let b = 0; b < data.bucketEnd.length; b++) {
    if (data.bucketFrom[b] + data.bucketDays[b] <= start) continue;
    sums.fill(0);
    for (let i = b ? data.bucketEnd[b - 1] : 0; i < data.bucketEnd[b]; i++) {
      const c = curveOf[data.rowPackage[i]];
      if (c >= 0 && !countryBit[data.rowCountry[i]] && !classBit[data.rowClass[i]]) sums[c] += data.rowDownloads[i];
    }
    curves.forEach((c, n) => {
      const day = data.bucketFrom[b] - c.start, end = day + data.bucketDays[b];
      if (end <= 0 || day >= CURVE_DAYS || !sums[n]) return;
      if (c.points.at(-1)[0] < day) c.points.push([day, c.sum]); // no downloads since the last point: a level line
      c.points.push([end, c.sum += sums[n]]);
    });
  }
  for (const c of curves) {
    c.days = Math.min(CURVE_DAYS, asOf - c.start + 1);
    if (c.points.at(-1)[0] < c.days) c.points.push([c.days, c.sum]);
  }
  return curves.filter((c) => c.sum > 0);
}

// downloadsAfter returns the height of a curve after a number of days, or null if these days are not over.
function downloadsAfter(curve, day) {
  if (day > curve.days) return null;
  const next = curve.points.findIndex((p) => p[0] >= day);
  const [x1, y1] = curve.points[next], [x0, y0] = curve.points[next - 1];
  return Math.round(y0 + (y1 - y0) * (day - x0) / (x1 - x0));
}

// ---- drawing

// scale returns the top of an axis that includes the value most, and its grid lines. It is the function of the same
// name in package statspage: the lines are up to four multiples of 1, 2 or 5 times a power of ten.
function scale(most) {
  let step = 1;
  for (let i = 0; most > 4 * step; i++) step = i % 3 === 1 ? step / 2 * 5 : step * 2;
  const top = Math.max(most + Math.floor(step / 8), 1), lines = [];
  for (let n = step; n <= top; n += step) lines.push([HEIGHT * (1 - n / top), comma(n)]);
  return { top, lines };
}

// picture creates the SVG of stats-timeline.html and stats-curves.html. Paths are pairs of a class and a path; lines
// are pairs of a height and a label; marks are the labels of the horizontal axis: [percentage, text-anchor, text].
function picture(title, description, paths, lines, marks) {
  const text = (name, content) => make(`svg:${name}`, {}, content);
  const axis = make('svg:svg', { y: 10, width: '100%', height: HEIGHT, class: 'axis' });
  for (const [y, label] of lines) {
    axis.append(make('svg:line', { x2: '100%', y1: y, y2: y }), make('svg:text', { y, dy: -4 }, label));
  }
  const inner = make('svg:svg', {
    y: 10, width: '100%', height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none',
  });
  inner.append(...paths.map(([style, d]) => make('svg:path', { class: style, d })));
  const outer = make('svg:svg', {
    class: 'curve', width: '100%', height: 240, role: 'img', 'aria-label': `${title}. ${description}`,
  }, text('title', title), text('desc', description), inner, axis);
  for (const [x, anchor, label] of marks) {
    outer.append(make('svg:text', { x: `${x}%`, y: 230, 'text-anchor': anchor }, label));
  }
  return outer;
}

// drawTime draws the time chart like Timeline.draw in package statspage, and updates the buttons for its unit.
function drawTime(points, unit) {
  const { top, lines } = scale(Math.max(...points.map((p) => p.downloads)));
  const last = points.length - 1;
  const x = (i) => WIDTH * i / points.length, y = (i) => (HEIGHT * (1 - points[i].downloads / top)).toFixed(1);
  const outline = (from, to) => {
    let d = `M${x(from)} ${HEIGHT}`;
    for (let i = from; i < to; i++) d += `V${y(i)}H${x(i + 1).toFixed(1)}`;
    return `${d}V${HEIGHT}Z`;
  };
  const incomplete = (filters.to ?? asOf) === asOf ? 1 : 0; // the last point may be incomplete
  const paths = [['area', outline(0, last + 1 - incomplete)]];
  if (incomplete) paths.push(['area recent', outline(last, last + 1)]);
  const labelled = last < 4 ? points.map((_, i) => i) : [0, Math.floor(last / 3), Math.floor(2 * last / 3), last];
  const marks = labelled.map((i) => {
    if (i === 0) return [0, 'start', points[0].label];
    if (i === last) return [100, 'end', points[i].label];
    return [100 * (i + .5) / points.length, 'middle', points[i].label];
  });
  const most = points.reduce((a, p) => p.downloads > a.downloads ? p : a);
  const description = `From ${points[0].label} to ${points[last].label}, by ${unit}. ` +
    `Most: ${most.label}, ${comma(most.downloads)}.`;
  const drawn = picture('Downloads over time', description, paths, lines, marks);
  drawn.append(make('svg:rect', { class: 'brush', y: 10, height: HEIGHT, width: 0 }));
  $('.plot', chart('time')).replaceChildren(drawn);
  for (const button of $$('[data-unit]')) {
    button.setAttribute('aria-pressed', button.dataset.unit === unit);
    button.disabled = button.dataset.unit === 'day' && (filters.from ?? first) < data.dailyFrom;
    button.title = button.disabled ? `Available from ${labelOf('day', data.dailyFrom)}` : '';
  }
}

// drawDays shows the selected days in the date fields, except in the one that the visitor is typing in.
function drawDays() {
  for (const [key, day] of [['from', filters.from ?? first], ['to', filters.to ?? asOf]]) {
    const field = $('#range').elements[key];
    if (field !== document.activeElement) field.value = isoOf(day);
  }
}

// drawCurves draws the chart of release adoption like newCurves in package statspage.
function drawCurves(curves) {
  const section = chart('releases');
  if (!section) return;
  const days = Math.max(1, ...curves.map((c) => c.days));
  const { top, lines } = scale(Math.max(0, ...curves.map((c) => c.sum)));
  const x = (day) => (WIDTH * Math.min(day, days) / days).toFixed(1);
  const y = (sum) => (HEIGHT * (1 - sum / top)).toFixed(1);
  const paths = curves.map((c, i) => [`line c${i + 1}`,
    `M0 ${HEIGHT}` + c.points.slice(1).map(([day, sum]) => `L${x(day)} ${y(sum)}`).join('')]);
  const thirds = [1, 2].map((part) => Math.floor(days * part / 3));
  const marks = [[0, 'start', 'day of release'], ...thirds.map((day) => [100 * day / days, 'middle', day]),
    [100, 'end', `${days} days`]];
  const description = curves.filter((c) => c.days >= 7)
    .map((c) => `${c.version}: ${comma(downloadsAfter(c, 7))} in the first week`).join(', ');
  const sample = (i) => make('svg:svg', { class: 'curve', width: 32, height: 10, 'aria-hidden': true },
    make('svg:path', { class: `line c${i + 1}`, d: 'M0 5H32' }));
  const legend = make('ul', { class: 'legend' }, ...curves.map((c, i) => make('li', {}, sample(i), ` ${c.version}`)));
  const drawn = curves.length ? picture('Release adoption', description, paths, lines, marks)
    : make('p', {}, 'No downloads of releases match these filters.');
  $('.plot', section).replaceChildren(drawn, legend);
}

const items = Object.fromEntries(PROPERTIES.map((key) => [key, new Map()])); // list items by property and value
const expanded = new Set(); // properties whose values are all listed

// itemOf returns the list item of a value. It is created once, so that it keeps the focus when lists are sorted again.
function itemOf(key, n) {
  let li = items[key].get(n);
  if (!li) {
    const button = make('button', { type: 'button' }, make('span', { class: 'label' }, labelFor(key, n)),
      make('span', { class: 'count' }), make('span', { class: 'share' }),
      make('span', { class: 'track' }, make('span', { class: 'fill' })));
    button.addEventListener('click', () => toggle(key, n));
    items[key].set(n, li = make('li', {}, button));
  }
  return li;
}

const labelFor = (key, n) => labels[key].get(data.values[key][n]) ?? (data.values[key][n] || 'Unknown');

// listOf returns the values of a property that have downloads or are selected, most downloads first.
function listOf(key) {
  const counts = result.facets[key], selected = filters.selected[key];
  return [...counts.keys()].filter((n) => counts[n] || selected.has(n)).sort((a, b) => counts[b] - counts[a] || a - b);
}

// shareOf returns the share of a value. For bots it is "not counted", unless a class is selected.
function shareOf(key, n) {
  if (key === 'class' && !result.match.class[n] && !filters.selected.class.size) return 'not counted';
  return share(result.facets[key][n], sumOf(key));
}

// sumOf returns the number of downloads that is 100 % for the shares of a property. Like the facet, it ignores the
// filter of the property, but it includes bots only if they are selected.
function sumOf(key) {
  const bot = data.numbers.class.get(BOT), withoutBots = key === 'class' && !filters.selected.class.has(bot);
  return result.facets[key].reduce((sum, n, i) => withoutBots && i === bot ? sum : sum + n, 0);
}

// drawBars updates the list of the values of a property.
function drawBars(key) {
  const list = listOf(key), counts = result.facets[key], selected = filters.selected[key];
  const most = Math.max(1, ...counts), sum = sumOf(key);
  const shown = expanded.has(key) ? list : list.filter((n, i) => i < SHORT_LIST || selected.has(n));
  const elements = shown.map((n) => {
    const li = itemOf(key, n), [, number, part, track] = li.firstChild.children;
    li.firstChild.setAttribute('aria-pressed', selected.has(n));
    number.textContent = comma(counts[n]);
    part.textContent = key === 'class' ? shareOf(key, n) : share(counts[n], sum);
    track.firstChild.style.width = `${100 * counts[n] / most}%`;
    return li;
  });
  const plot = $('.plot', chart(key)), focused = plot.contains(document.activeElement) ? document.activeElement : null;
  let ul = $('ul', plot), more = $('.more', plot);
  if (!ul) {
    ul = make('ul', { class: 'values', 'aria-labelledby': `${key}-title` });
    more = make('button', { type: 'button', class: 'more' });
    more.addEventListener('click', () => { expanded.delete(key) || expanded.add(key); drawBars(key); });
    plot.replaceChildren(ul, more);
  }
  ul.replaceChildren(...elements);
  more.hidden = list.length <= SHORT_LIST;
  more.setAttribute('aria-expanded', expanded.has(key));
  more.textContent = expanded.has(key) ? 'Show fewer' : `Show all ${list.length}`;
  focused?.focus({ preventScroll: true });
}

// drawTiles updates the numbers at the top. They ignore the selected days.
function drawTiles() {
  for (const tile of $$('.tiles [data-days]')) {
    const days = Number(tile.dataset.days), to = asOf - 1;
    const now = days ? sumOfDays(result.buckets, to - days + 1, to) : result.allTime;
    $('.number', tile).textContent = comma(now);
    if (!days) continue;
    const before = sumOfDays(result.buckets, to - 2 * days + 1, to - days), change = 100 * (now - before) / before;
    let text = `${change < 0 ? '-' : '+'}${Math.abs(change).toFixed(1)} % vs. previous ${days} days`;
    if (!before) text = `none in the previous ${days} days`;
    if (to - 2 * days + 1 < first) text = 'no earlier data to compare';
    $('.change', tile).textContent = text;
  }
}

// drawFilters shows the active filters as buttons that remove them, and the number of matching downloads.
function drawFilters() {
  const active = PROPERTIES.flatMap((key) => [...filters.selected[key]].map((n) => [key, n]));
  $('#chosen').replaceChildren(...active.map(([key, n]) => {
    const name = `${titleOf(key)}: ${labelFor(key, n)}`;
    const button = make('button', { type: 'button', 'aria-label': `Remove filter ${name}` }, `${name} ×`);
    button.addEventListener('click', () => { toggle(key, n); ($('#chosen button') ?? $('#clear')).focus(); });
    return make('li', {}, button);
  }));
  const limited = filters.from !== null || filters.to !== null;
  const days = limited ? ` from ${labelOf('day', filters.from ?? first)} to ${labelOf('day', filters.to ?? asOf)}` : '';
  const hint = active.length || limited ? '' : ' Filter by selecting any value below.';
  $('#shown').textContent = `${comma(result.total)} ${active.length ? 'matching ' : ''}downloads${days}.${hint}`;
}

const titleOf = (key) => $(`#${key}-title`).textContent;

// ---- tables and files

// tableOf returns the column names and the rows of the table of a chart.
function tableOf(key) {
  if (key === 'time') {
    return { head: ['From', 'Downloads'], rows: shownPoints.map((p) => [isoOf(p.from), p.downloads]) };
  }
  if (key === 'releases') {
    const head = ['Release', 'Built', ...MILESTONES.map((d) => `${d} days`)];
    const row = (c) => [c.version, c.released, ...MILESTONES.map((d) => downloadsAfter(c, d))];
    return { head, rows: shownCurves.map(row) };
  }
  const rows = listOf(key).map((n) => [labelFor(key, n), result.facets[key][n], shareOf(key, n)]);
  return { head: [titleOf(key), 'Downloads', 'Share'], rows };
}

// fillTable updates the table of a chart if it is open.
function fillTable(section) {
  if (!$('details', section).open) return;
  const { head, rows } = tableOf(section.dataset.chart);
  const format = (value) => value === null ? 'not yet' : typeof value === 'number' ? comma(value) : value;
  const cell = (value, i) => i ? make('td', {}, format(value)) : make('th', { scope: 'row' }, value);
  $('thead', section).replaceChildren(make('tr', {}, ...head.map((h) => make('th', { scope: 'col' }, h))));
  $('tbody', section).replaceChildren(...rows.map((row) => make('tr', {}, ...row.map(cell))));
}

// toJSON returns the content of the JSON file that visitors can download. Do not change its keys, which other programs
// read.
function toJSON() {
  const charts = { time: shownPoints.map((p) => ({ from: isoOf(p.from), downloads: p.downloads })) };
  for (const key of PROPERTIES) {
    charts[key] = listOf(key).map(
      (n) => ({ value: data.values[key][n], name: labelFor(key, n), downloads: result.facets[key][n] }));
  }
  charts.releases = shownCurves.map((c) => ({
    version: c.version, released: c.released,
    after: Object.fromEntries(MILESTONES.map((d) => [d, downloadsAfter(c, d)])),
  }));
  const chosen = Object.fromEntries(PROPERTIES
    .map((key) => [key, [...filters.selected[key]].map((n) => data.values[key][n])]).filter(([, list]) => list.length));
  return JSON.stringify({
    source: location.href, asOf: page.asOf, from: isoOf(filters.from ?? first), to: isoOf(filters.to ?? asOf),
    unit: shownUnit, chosen, downloads: result.total, charts,
  }, null, 1);
}

// toCSV returns the charts of toJSON as one table in CSV.
function toCSV() {
  const rows = [['chart', 'value', 'name', 'downloads']];
  for (const [key, list] of Object.entries(JSON.parse(toJSON()).charts)) {
    for (const e of list) {
      if (key === 'releases') {
        for (const [days, n] of Object.entries(e.after)) if (n !== null) rows.push([key, e.version, `${days} days`, n]);
      } else {
        rows.push([key, e.value ?? e.from, e.name ?? shownUnit, e.downloads]);
      }
    }
  }
  // Spreadsheets treat text that begins with one of these characters as a formula. An apostrophe prevents that.
  const quote = (v) => `"${String(v).replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;
  return rows.map((row) => row.map((v) => typeof v === 'number' ? v : quote(v)).join(',')).join('\r\n') + '\r\n';
}

// save downloads the data that the page shows, as csv or json.
function save(format) {
  const [type, text] = format === 'csv' ? ['text/csv', toCSV()] : ['application/json', toJSON()];
  const url = URL.createObjectURL(new Blob([text], { type }));
  make('a', { href: url, download: `downloads-${page.asOf}.${format}` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

// ---- page

let data, filters, result, shownUnit, shownPoints, shownCurves;

// update counts the downloads and draws all charts. The browser's performance timeline records how long this takes.
function update() {
  const start = performance.now();
  result = count(filters);
  shownUnit = unitOf(filters);
  shownPoints = pointsOf(result.buckets, shownUnit, filters.from ?? first, filters.to ?? asOf);
  shownCurves = curvesOf(result, filters.selected);
  performance.measure('stats-count', { start });
  drawTiles();
  drawFilters();
  drawTime(shownPoints, shownUnit);
  drawDays();
  PROPERTIES.forEach(drawBars);
  drawCurves(shownCurves);
  $$('.chart').forEach(fillTable);
  performance.measure('stats-update', { start });
}

// brush lets visitors point at the time chart to read its values, and drag over it to select days. It shows the values
// in the element readout.
function brush(plot, readout) {
  let start = null;
  const at = (event) => {
    const box = plot.getBoundingClientRect();
    return Math.min(Math.max((event.clientX - box.left) / box.width, 0), 0.999999);
  };
  const point = (where) => Math.floor(where * shownPoints.length);
  const mark = (from, to) => {
    const rect = $('.brush', plot);
    rect.setAttribute('x', `${100 * Math.min(from, to) / shownPoints.length}%`);
    rect.setAttribute('width', `${100 * (Math.abs(to - from) + 1) / shownPoints.length}%`);
  };
  plot.addEventListener('pointermove', (event) => {
    const here = point(at(event)), { label, downloads } = shownPoints[here];
    mark(start ?? here, here);
    readout.textContent = `${label}: ${comma(downloads)}`;
  });
  plot.addEventListener('pointerdown', (event) => {
    if (event.pointerType === 'touch') return; // dragging scrolls on touch screens
    start = point(at(event));
    plot.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  plot.addEventListener('pointerup', (event) => {
    const [from, to] = [start, point(at(event))].sort((a, b) => a - b);
    if (start !== null && from !== to) {
      const end = (shownPoints[to + 1]?.from ?? asOf + 1) - 1;
      setFilters((f) => {
        [f.from, f.to] = [Math.max(shownPoints[from].from, first), Math.min(end, f.to ?? asOf)];
      });
    }
    start = null;
  });
  plot.addEventListener('pointerleave', () => {
    if (start !== null) return;
    $('.brush', plot).setAttribute('width', 0);
    readout.textContent = '';
  });
}

// listen adds the event listeners of all controls that exist from the beginning.
function listen() {
  for (const button of $$('[data-unit]')) {
    button.addEventListener('click', () => setFilters((f) => { f.unit = button.dataset.unit; }));
  }
  for (const button of $$('[data-last]')) {
    button.addEventListener('click', () => setFilters((f) => {
      const days = Number(button.dataset.last);
      [f.from, f.to] = days ? [Math.max(first, asOf - days), Math.max(first, asOf - 1)] : [null, null];
    }));
  }
  const form = $('#range');
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('change', (event) => {
    const { name, value } = event.target, day = value ? dayOf(value) : null;
    if (value && !(day >= first && day <= asOf)) return; // for example a year that is not yet typed completely
    setFilters((f) => { f[name] = day; });
  });
  form.addEventListener('focusout', () => setTimeout(drawDays));
  for (const button of $$('[data-save]')) button.addEventListener('click', () => save(button.dataset.save));
  $('#clear').addEventListener('click', () => setFilters((f) => Object.assign(f, parseFilters(''))));
  for (const section of $$('.chart')) $('details', section).addEventListener('toggle', () => fillTable(section));
  addEventListener('popstate', () => { filters = parseFilters(location.search); update(); });
  brush($('.plot', chart('time')), $('.readout'));
}

// load fetches a cube.
async function load(file) {
  const response = await fetch(new URL(file, location.origin + location.pathname), { cache: 'no-cache' });
  if (!response.ok) throw new Error(`${file}: ${response.status}`);
  return response.json();
}

// start loads the cubes and draws the charts. If a cube cannot be loaded, the charts of the page stay, without filters.
async function start() {
  $('#shown').textContent = 'Loading data for filters…';
  try {
    const cubes = await Promise.all(page.cubes.map(load));
    const loaded = performance.now();
    data = assemble(cubes);
    performance.measure('stats-assemble', { start: loaded });
  } catch (error) {
    document.documentElement.classList.add('failed');
    $('#shown').textContent = `Filters are not available, because their data could not be loaded (${error.message}). ` +
      'The charts show all downloads.';
    return;
  }
  filters = parseFilters(location.search);
  for (let i = 0; i < WARM_UP; i++) curvesOf(count(filters), filters.selected);
  listen();
  document.documentElement.classList.add('explored');
  update();
}

if (page) requestAnimationFrame(() => setTimeout(start)); // after the first paint
