// Lets visitors filter the download statistics. The page is complete without this script. After the first paint, the
// script loads the cubes, which are the files with the detailed data, and replaces the charts of the page with charts
// of the downloads that match the filters. chart.js draws the charts, here and in the page. The URL contains the
// filters, so that they can be shared and the back button undoes them:
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
// Most rows have the same package, country and class as rows of other days: such a combination is called a kind. A
// million downloads in ten years have 660,000 rows of 48,000 kinds. The rows of all cubes are stored in two typed
// arrays, with the kind and the downloads of each row. Each change of the filters decides for each kind whether it
// matches, and counts all rows again: see count().

const page = JSON.parse(document.getElementById('stats-data')?.textContent ?? 'null');
const PACKAGE_PROPERTIES = page?.properties ?? []; // in the order of a cube's packages
const COUNTRY_PROPERTIES = ['region', 'country'];
const PROPERTIES = [...PACKAGE_PROPERTIES, ...COUNTRY_PROPERTIES, 'class'];
const UNITS = ['day', 'week', 'month'];
const BOT = 'bot'; // excluded unless selected
const SHORT_LIST = 10; // values shown until a visitor presses "Show all"
const CURVES = 6, MOST_CURVES = 8; // curves without and with selected versions
const CURVE_DAYS = 365;
const STEP = 20_000; // rows between two pauses while the page starts: some milliseconds on a phone
const MILESTONES = [7, 30, 90, 180, 365];
// Properties that are compared over time.
const OVER = ['version', 'os', 'country', 'region', 'arch', 'stability', 'class'];
const AS = ['lines', 'stacked', 'share'];
const SORT = ['downloads', 'version']; // orders of the list of versions
const SHOW = ['cumulative', 'before']; // switches of the time chart

const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
const chart = (key) => $(`[data-chart="${key}"]`);
const { comma, tenths, share, text, labelOf } = charts; // of chart.js
if (page) {
  const plural = new Intl.PluralRules(document.documentElement.lang);
  charts.speak({ ...page.words, category: (n) => plural.select(n) });
}

// Days are integers: the number of days since 1970-01-01 (UTC).
const dayOf = (iso) => Date.parse(iso) / 864e5;
const isoOf = (day) => new Date(day * 864e5).toISOString().slice(0, 10);

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
async function assemble(cubes) {
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

  const classNumber = (value) => numberOf('class', value);
  // The numbers of each cube are those of the data after this.
  const numbered = cubes.map((cube) => ({ packageOf: cube.packages.map(packageNumber),
    countryOf: cube.countries.map(countryNumber), classOf: cube.classes.map(classNumber) }));
  const width = values.country.length * values.class.length;
  const kindsOf = packages.map(() => null); // by package, country and class: the number of the kind, plus 1
  const kindPackage = [], kindCountry = [], kindClass = [];

  const rows = cubes.reduce((n, cube) => n + cube.downloads.length, 0);
  const data = {
    values, numbers, packages, countries, rowKind: new Uint32Array(rows), rowDownloads: new Uint32Array(rows),
    // For each bucket: its first day, its number of days, the day that it counts on, which is in its middle, and the
    // row after its last row.
    bucketFrom: [], bucketDays: [], bucketMiddle: [], bucketEnd: [],
    dailyFrom: first, // the day from which all buckets are days
  };
  // addRows adds the rows of a bucket of a cube, from row i of the cube.
  const addRows = (cube, { packageOf, countryOf, classOf }, i, end, row) => {
    for (let p = 0; i < end; i++, row++) {
      const n = packageOf[p += cube.package[i]], country = countryOf[cube.country[i]], kind = classOf[cube.class[i]];
      const kinds = kindsOf[n] ??= new Uint32Array(width), at = country * values.class.length + kind;
      if (!kinds[at]) {
        kinds[at] = kindPackage.push(n);
        kindCountry.push(country);
        kindClass.push(kind);
      }
      data.rowKind[row] = kinds[at] - 1;
      data.rowDownloads[row] = cube.downloads[i];
    }
  };
  let row = 0, paused = 0;
  for (const [at, cube] of cubes.entries()) {
    const start = dayOf(cube.from), next = endOf(cube.period), length = cube.grain === 'week' ? 7 : 1;
    if (length > 1) data.dailyFrom = Math.max(data.dailyFrom, next);
    let i = 0;
    for (const [b, bucket] of cube.buckets.entries()) {
      if (row >= paused + STEP) {
        await pause();
        paused = row;
      }
      const from = start + bucket * length, days = Math.min(length, next - from);
      addRows(cube, numbered[at], i, i + cube.rows[b], row);
      i += cube.rows[b];
      row += cube.rows[b];
      data.bucketFrom.push(from);
      data.bucketDays.push(days);
      data.bucketMiddle.push(Math.min(Math.max(from + (days >> 1), first), asOf));
      data.bucketEnd.push(row);
    }
  }
  data.kindPackage = Uint32Array.from(kindPackage);
  data.kindCountry = Uint16Array.from(kindCountry);
  data.kindClass = Uint8Array.from(kindClass);
  data.kindPasses = new Uint8Array(kindClass.length); // used by count and addCurves
  data.kindValue = new Uint16Array(kindClass.length);
  data.bucketSum = new Float64Array(data.bucketEnd.length);
  data.rangeSums = { from: NaN, to: NaN, sums: new Float64Array(kindClass.length) }; // see sumsOf
  return data;
}

// endOf returns the day after a period, which is a year ("2026") or a month ("2026-10").
function endOf(period) {
  const [year, month] = period.split('-').map(Number);
  return Date.UTC(month ? year : year + 1, month ?? 0) / 864e5;
}

// ---- filters

// parseFilters reads the query of a URL. It returns the numbers of the selected values of each property, the first and
// the last selected day, and the selected unit; null means no limit or no unit. Unknown values, and days that are not in
// the logs, are in missing: a shared link may have outlived them.
function parseFilters(search) {
  const query = new URLSearchParams(search), filters = { selected: {}, missing: [] };
  for (const key of PROPERTIES) {
    filters.selected[key] = new Set();
    for (const value of query.getAll(key)) {
      const n = data.numbers[key].get(value);
      if (n === undefined) filters.missing.push([key, value]);
      else filters.selected[key].add(n);
    }
  }
  for (const key of ['from', 'to']) {
    const value = query.get(key), day = value ? dayFrom(value) : null; // the days of a form may be empty
    const outside = day === undefined || day !== null && (key === 'from' ? day > asOf : day < first);
    if (outside) filters.missing.push([key, value]);
    filters[key] = day >= first && day <= asOf ? day : null; // no limit if it is outside of the logs
  }
  if (filters.from !== null && filters.to !== null && filters.from > filters.to) {
    [filters.from, filters.to] = [filters.to, filters.from];
  }
  const choice = (key, list, other) => list.includes(query.get(key)) ? query.get(key) : other;
  filters.unit = choice('unit', UNITS, null);
  filters.by = choice('by', OVER, OVER[0]);
  filters.as = choice('as', AS, 'stacked');
  filters.sort = choice('sort', SORT, SORT[0]);
  for (const key of SHOW) filters[key] = query.get(key) === '1';
  return filters;
}

// dayFrom returns the day with a date such as 2026-01-31, or undefined if there is none.
function dayFrom(iso) {
  const day = /^\d{4}-\d\d-\d\d$/.test(iso) ? dayOf(iso) : NaN;
  return isoOf(Number.isNaN(day) ? 0 : day) === iso ? day : undefined; // not 2026-02-31
}

// urlOf is the inverse of parseFilters.
function urlOf(filters) {
  const query = new URLSearchParams();
  for (const key of PROPERTIES) for (const n of filters.selected[key]) query.append(key, data.values[key][n]);
  for (const key of ['from', 'to']) if (filters[key] !== null) query.set(key, isoOf(filters[key]));
  if (filters.unit) query.set('unit', filters.unit);
  if (filters.by !== OVER[0]) query.set('by', filters.by);
  if (filters.as !== 'stacked') query.set('as', filters.as);
  if (filters.sort !== SORT[0]) query.set('sort', filters.sort);
  for (const key of SHOW) if (filters[key]) query.set(key, '1');
  return location.pathname + (query.size ? `?${query}` : '');
}

// setFilters changes the filters and adds the new URL to the history, so that the back button undoes the change.
function setFilters(change) {
  change(filters);
  filters.missing = [];
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

// valueOf returns the number of the value of a property for each tuple, or 0 if the tuples do not have the property.
function valueOf(key, tuples, keys) {
  const at = keys.indexOf(key);
  return Uint16Array.from(tuples, (tuple) => at < 0 ? 0 : tuple[at]);
}

// bucketsOf returns the range of the buckets that count on some days: the first one, and the one after the last.
function bucketsOf(from, to) {
  const { bucketMiddle } = data;
  let begin = 0, end = bucketMiddle.length;
  while (begin < end && bucketMiddle[begin] < from) begin++;
  while (end > begin && bucketMiddle[end - 1] > to) end--;
  return [begin, end];
}

const rowOf = (bucket) => bucket ? data.bucketEnd[bucket - 1] : 0; // the first row of a bucket

// addKinds adds the downloads of some rows to the sums of their kinds.
function addKinds(sums, row, end) {
  const { rowKind, rowDownloads } = data;
  for (; row < end; row++) sums[rowKind[row]] += rowDownloads[row];
}

// sumsOf returns the downloads of each kind in a range of days. It keeps them, since most clicks leave the days as they
// are.
function sumsOf(from, to) {
  const kept = data.rangeSums;
  if (kept.from !== from || kept.to !== to) {
    const [begin, end] = bucketsOf(from, to);
    kept.sums.fill(0);
    addKinds(kept.sums, rowOf(begin), rowOf(end));
    [kept.from, kept.to] = [from, to];
  }
  return kept.sums;
}

// addBuckets sets the downloads of some buckets that match: bucketSum. It also adds those of the value of each kind to
// over, from the position that places has for the bucket.
function addBuckets(over, places, begin, end) {
  const { rowKind, rowDownloads, bucketEnd, bucketSum, kindPasses, kindValue } = data;
  for (let b = begin, i = rowOf(begin); b < end; b++) {
    const place = places[b];
    let sum = 0;
    for (const stop = bucketEnd[b]; i < stop; i++) {
      const kind = rowKind[i];
      if (!kindPasses[kind]) continue;
      const n = rowDownloads[i];
      sum += n;
      if (place >= 0) over[place + kindValue[kind]] += n;
    }
    bucketSum[b] = sum;
  }
}

// count counts all rows: by every value of every property, by bucket, and in total. It adds the downloads to the points
// of the time chart, and counts the values of the property "by" at each point: over[point * values + value].
//
// Each kind gets three bits: whether its package (1), its country (2) or its class (4) fails a filter. A kind without
// bits counts everywhere. A kind with exactly one bit may still count in a facet of that group, since a facet ignores
// its own filter: if only the package fails, the kind adds to the sum of its package, and addFacets decides for which
// property of the package it counts. In the same way, the counts of buckets ignore the selected days.
//
// For example, the filters are os=win and country=DE, and the rows are those of the cube at the top of this file, with
// 2.4.0 for Linux instead of Windows:
//
//   2.3.0 win    DE  browser  7   bits 0: counts in all facets, in its bucket and in the total
//   2.4.0 linux  US  browser  4   bits 1 and 2: counts nowhere
//   2.4.0 linux  DE  tool     1   bit 1: counts only as Linux in the facet os, which visitors could select, too
function count({ selected, from, to, by }, points) {
  const { kindPackage, kindCountry, kindClass, kindPasses, kindValue, bucketMiddle, bucketEnd } = data;
  const match = Object.fromEntries(PROPERTIES.map((key) => [key, matching(key, selected[key])]));
  const packageMismatch = mismatches(data.packages, PACKAGE_PROPERTIES, match);
  const countryMismatch = mismatches(data.countries, COUNTRY_PROPERTIES, match);
  const packageBit = packageMismatch.map((m) => m && 1), countryBit = countryMismatch.map((m) => m && 2);
  const classBit = match.class.map((m) => m ? 0 : 4);
  const packages = new Float64Array(data.packages.length), countries = new Float64Array(data.countries.length);
  const classes = new Float64Array(data.values.class.length);
  // A kind has one value of the property, by its package, its country or its class; the other two arrays contain 0.
  const byPackage = valueOf(by, data.packages, PACKAGE_PROPERTIES);
  const byCountry = valueOf(by, data.countries, COUNTRY_PROPERTIES);
  const byClass = Uint16Array.from(data.values.class, (_, n) => by === 'class' ? n : 0);
  const sums = sumsOf(from ?? first, to ?? asOf);
  for (let kind = 0; kind < sums.length; kind++) {
    const p = kindPackage[kind], c = kindCountry[kind], k = kindClass[kind], n = sums[kind];
    const bits = packageBit[p] | countryBit[c] | classBit[k];
    kindPasses[kind] = bits === 0 ? 1 : 0;
    kindValue[kind] = byPackage[p] + byCountry[c] + byClass[k];
    if (bits === 0 || bits === 1) packages[p] += n;
    if (bits === 0 || bits === 2) countries[c] += n;
    if (bits === 0 || bits === 4) classes[k] += n;
  }
  const width = data.values[by].length, over = new Float64Array(width * points.length);
  const places = new Int32Array(bucketEnd.length).fill(-1); // by bucket: the place of its point in over, if it has one
  const [begin, end] = bucketsOf(from ?? first, to ?? asOf);
  for (let b = begin, at = 0; b < end; b++) {
    while (at + 1 < points.length && points[at + 1].from <= bucketMiddle[b]) at++;
    places[b] = at * width;
  }
  addBuckets(over, places, 0, bucketEnd.length);
  const buckets = data.bucketSum.slice();
  let total = 0;
  for (let b = begin; b < end; b++) {
    total += buckets[b];
    points[places[b] / width].downloads += buckets[b];
  }
  const facets = { class: classes };
  addFacets(packages, data.packages, PACKAGE_PROPERTIES, packageMismatch, facets);
  addFacets(countries, data.countries, COUNTRY_PROPERTIES, countryMismatch, facets);
  const allTime = buckets.reduce((a, n) => a + n, 0);
  return { facets, buckets, total, match, packageMismatch, countryBit, classBit, allTime, over };
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

// pointsOf returns the points of the time chart, including those without downloads. count adds the downloads.
function pointsOf(unit, from, to) {
  const points = [], last = startOf(unit, to), step = { day: 1, week: 7, month: 31 }[unit];
  for (let day = startOf(unit, from); day <= last; day = startOf(unit, day + step)) {
    points.push({ from: day, label: labelOf(unit, day), downloads: 0 });
  }
  return points;
}

// partialOf returns whether the first and the last point lack days: those before or after the selected ones, or the rest
// of the last day in the logs.
function partialOf(points, unit, from, to) {
  const step = { day: 1, week: 7, month: 31 }[unit], next = startOf(unit, points.at(-1).from + step);
  return [points[0].from < from, to === asOf || next - 1 > to];
}

// labelAt returns the label of a point, which mentions if the point is partial.
function labelAt(i) {
  const { label } = shownPoints[i], part = i === 0 && shownPartial[0] || i === shownPoints.length - 1 && shownPartial[1];
  return part ? text('read_part', { label }) : label;
}

// rangeBefore returns the same number of days before the selected ones, or null if the logs begin later or all days are
// shown.
function rangeBefore({ from, to }) {
  if (from === null && to === null) return null;
  const start = from ?? first, days = (to ?? asOf) - start + 1;
  return start - days >= first ? { from: start - days, to: start - 1, days } : null;
}

// beforeOf returns the downloads of the period before, by the points of the time chart. Both periods have as many days,
// but may begin at another day of a week or month, so each point has the days that lie as far before its own.
function beforeOf(buckets, points, { from, to }) {
  return points.map((point, i) => {
    const begin = Math.max(point.from, from), end = Math.min((points[i + 1]?.from ?? to + 1) - 1, to);
    const days = to - from + 1;
    return sumOfDays(buckets, begin - days, end - days);
  });
}

// leadOf returns the downloads of up to six days before the selected ones, for the mean of seven days.
function leadOf(buckets, from) {
  const days = [];
  for (let day = Math.max(first, data.dailyFrom, from - 6); day < from; day++) days.push(sumOfDays(buckets, day, day));
  return days;
}

// overOf returns the series of the chart over time, most downloads first: the values that it shows one by one, and the
// rest.
function overOf(key, points, { facets, match, over }) {
  const rows = listOf(key).filter((n) => match[key][n] && facets[key][n])
    .map((n) => ({ n, name: labelFor(key, n), downloads: facets[key][n], keep: isNewest(key, n) }));
  const chosen = charts.top(rows), left = rows.filter((row) => !chosen.includes(row)), width = data.values[key].length;
  chosen.sort((x, y) => y.downloads - x.downloads);
  const series = chosen.map((row) => ({ name: row.name, values: points.map((_, at) => over[at * width + row.n]) }));
  if (left.length) {
    const values = points.map((_, at) => left.reduce((sum, row) => sum + over[at * width + row.n], 0));
    series.push({ name: text(`other_${key}`), values });
  }
  return { series, others: left.length > 0 };
}

// curvesOf returns the curves of the selected releases, or else of the newest ones. The points of a curve are pairs
// of the days since the release and the cumulative downloads.
function curvesOf({ match, packageMismatch, countryBit, classBit }, selected) {
  const releases = page.releases
    .filter((r) => !selected.version.size || selected.version.has(data.numbers.version.get(r.version)))
    .slice(0, selected.version.size ? MOST_CURVES : CURVES);
  const stable = data.numbers.stability.get('release');
  if (!releases.length || stable === undefined || !match.stability[stable]) return [];
  const curves = releases.map((r) => {
    const start = dayOf(r.released), begin = Math.max(0, first - start); // the logs may begin after the release
    return { ...r, start, begin, points: [[begin, 0]], sum: 0 };
  });
  const curveOf = new Int16Array(data.packages.length).fill(-1); // by package
  const VERSION = PACKAGE_PROPERTIES.indexOf('version'), STABILITY = PACKAGE_PROPERTIES.indexOf('stability');
  data.packages.forEach((values, p) => {
    const passes = !packageMismatch[p] || packageMismatch[p] === VERSION + 1; // the version is checked above
    if (values[STABILITY] !== stable || !passes) return;
    curveOf[p] = curves.findIndex((c) => c.version === data.values.version[values[VERSION]]);
  });
  const start = Math.min(...curves.map((c) => c.start)), sums = new Float64Array(curves.length + 1);
  const curveOfKind = data.kindValue; // the last of sums is that of all others
  for (let kind = 0; kind < curveOfKind.length; kind++) {
    const c = curveOf[data.kindPackage[kind]];
    const counts = c >= 0 && !countryBit[data.kindCountry[kind]] && !classBit[data.kindClass[kind]];
    curveOfKind[kind] = counts ? c : curves.length;
  }
  for (let b = 0; b < data.bucketEnd.length; b++) {
    if (data.bucketFrom[b] + data.bucketDays[b] <= start) continue;
    sums.fill(0);
    addCurves(sums, curveOfKind, rowOf(b), data.bucketEnd[b]);
    curves.forEach((c, n) => {
      const day = data.bucketFrom[b] - c.start, end = day + data.bucketDays[b];
      if (end <= 0 || day >= CURVE_DAYS || !sums[n]) return;
      if (c.points.at(-1)[0] < day) c.points.push([day, c.sum]); // no downloads since the last point: a level line
      c.points.push([Math.min(end, CURVE_DAYS), c.sum += sums[n]]);
    });
  }
  for (const c of curves) {
    c.days = Math.min(CURVE_DAYS, asOf - c.start + 1);
    if (c.points.at(-1)[0] < c.days) c.points.push([c.days, c.sum]);
  }
  return curves.filter((c) => c.sum > 0);
}

// addCurves adds the downloads of some rows to the sums of the curves of their kinds.
function addCurves(sums, curveOfKind, row, end) {
  const { rowKind, rowDownloads } = data;
  for (; row < end; row++) sums[curveOfKind[rowKind[row]]] += rowDownloads[row];
}

// downloadsAfter returns the height of a curve after a number of days. It returns null if these days are not over or
// the logs begin after the release.
function downloadsAfter(curve, day) {
  if (day > curve.days || curve.begin > 0) return null;
  return heightAt(curve, day);
}

// heightAt returns the height of a curve at a day.
function heightAt(curve, day) {
  const next = curve.points.findIndex((p) => p[0] >= day);
  const [x1, y1] = curve.points[next], [x0, y0] = curve.points[next - 1];
  return Math.round(y0 + (y1 - y0) * (day - x0) / (x1 - x0));
}

// ---- drawing

// Parts of charts that a visitor can read with the pointer or the arrow keys: for each chart, the number of positions,
// and functions that return the place of a position, in percent from the left, and what it says.
const readings = {};

// show replaces the drawing of a chart.
function show(key, markup, reading) {
  const plot = $('.plot', chart(key));
  plot.innerHTML = markup;
  readings[key] = reading;
  const svg = $('svg', plot);
  const title = svg?.getAttribute('aria-label') ?? `${text('no_downloads')}.`;
  plot.setAttribute('aria-label', `${title} ${text('keys')}`);
  plot.setAttribute('aria-valuemax', Math.max(0, reading.count - 1));
  plot.setAttribute('aria-valuenow', 0);
  plot.setAttribute('aria-valuetext', reading.count ? reading.text(0) : text('no_downloads'));
  $('.readout', chart(key)).textContent = '';
}

// drawTime draws the time chart, and updates the controls of its form.
function drawTime(points, unit) {
  const { cumulative } = filters, before = filters.before && rangeBefore(filters);
  const from = filters.from ?? first, to = filters.to ?? asOf;
  const earlier = before ? beforeOf(result.buckets, points, { from, to }) : null;
  shownTime = { cumulative, earlier };
  const sums = cumulative ? charts.running(points.map((p) => p.downloads)) : points.map((p) => p.downloads);
  const earlierSums = earlier && cumulative ? charts.running(earlier) : earlier;
  const lead = unit === 'day' ? leadOf(result.buckets, from) : [];
  const drawn = { points, unit, cumulative, partial: shownPartial, lead };
  const means = charts.meansOf(drawn);
  const notes = page.changes.map(dayOf).filter((day) => day >= from && day <= to)
    .map((day) => [points.findLastIndex((p) => p.from <= day), page.ruleNote]);
  show('time', charts.time({ ...drawn, before: earlier, notes }), {
    count: points.length,
    place: (i) => [100 * i / points.length, 100 / points.length],
    text: (i) => `${labelAt(i)}: ${comma(sums[i])}` +
      (typeof means?.[i] === 'number' ? `, ${text('read_mean', { number: comma(means[i]) })}` : '') +
      (earlierSums ? `, ${text('read_before', { number: comma(earlierSums[i]) })}` : ''),
  });
  for (const button of $$('[data-unit]')) {
    button.setAttribute('aria-pressed', button.dataset.unit === unit);
    button.disabled = button.dataset.unit === 'day' && from < data.dailyFrom;
    button.title = button.disabled ? text('available', { day: labelOf('day', data.dailyFrom) }) : '';
  }
  for (const button of $$('[data-show]')) button.setAttribute('aria-pressed', filters[button.dataset.show]);
  const compare = $('[data-show="before"]');
  compare.disabled = !rangeBefore(filters);
  const tooEarly = text('logs_begin', { day: labelOf('day', first) });
  compare.title = !compare.disabled ? '' : filters.from === null && filters.to === null ? text('no_period') : tooEarly;
  let everything = false; // a shorter preset already selects all days
  for (const button of $$('[data-last], [data-year]')) {
    const [start, end] = presetOf(button.dataset);
    button.disabled = start !== null && (start > end || everything && 'last' in button.dataset);
    button.title = button.disabled ? tooEarly : '';
    button.setAttribute('aria-pressed', !button.disabled && start === filters.from && end === filters.to);
    everything ||= start === first;
  }
}

// presetOf returns the first and the last day of a preset; null for no limit. Presets of days end with the last
// complete day.
function presetOf({ last, year }) {
  if (last === '0') return [null, null];
  if (last) return [Math.max(first, asOf - Number(last)), Math.max(first, asOf - 1)];
  const y = new Date(asOf * 864e5).getUTCFullYear() - Number(year);
  return [Math.max(first, Date.UTC(y, 0, 1) / 864e5), Math.min(asOf, Date.UTC(y + 1, 0, 1) / 864e5 - 1)];
}

// drawOver draws the chart of versions, systems and others over time.
function drawOver({ series, others }) {
  const section = chart('over');
  if (!section) return;
  const what = $(`[data-by="${filters.by}"]`).textContent, title = text('over', { what });
  const days = shownPoints.map((p) => p.from), points = days.length;
  $('h2', section).textContent = title;
  $('.of', section).textContent = text(`over_${filters.by}`);
  show('over', charts.over({ title, unit: shownUnit, days, series, others, as: filters.as, partial: shownPartial }), {
    count: series.length ? points : 0,
    place: (i) => [100 * i / points, 100 / points],
    text: (i) => {
      const sum = series.reduce((n, s) => n + s.values[i], 0);
      const value = (s) => `${s.name} ${filters.as === 'share' ? share(s.values[i], sum) : comma(s.values[i])}`;
      return `${labelAt(i)}: ${series.filter((s) => s.values[i]).map(value).join(', ') || text('read_none')}`;
    },
  });
  for (const key of ['by', 'as']) {
    for (const button of $$(`[data-${key}]`)) button.setAttribute('aria-pressed', button.dataset[key] === filters[key]);
  }
}

// drawDays shows the selected days in the date fields, except in the one that the visitor is typing in.
function drawDays() {
  for (const [key, day] of [['from', filters.from ?? first], ['to', filters.to ?? asOf]]) {
    const field = $('#range').elements[key];
    if (field !== document.activeElement) field.value = isoOf(day);
  }
}

// linkLanguages makes the links to other languages lead to the same view.
function linkLanguages() {
  for (const link of $$('a[hreflang]')) link.search = location.search;
}

// drawCurves draws the chart of release adoption.
function drawCurves(curves) {
  if (!chart('releases')) return;
  const days = Math.max(1, ...curves.map((c) => c.days)), week = (c) => downloadsAfter(c, 7);
  show('releases', charts.releases({
    curves: curves.map((c) => ({ version: c.version, points: c.points, week: week(c) === null ? '' : comma(week(c)) })),
  }), {
    count: curves.length ? days + 1 : 0,
    place: (day) => [100 * day / days, .2],
    text: (day) => {
      const known = curves.filter((c) => day > c.begin && day <= c.days);
      return `${text('after', { count: day })}: ` +
        (known.map((c) => `${c.version} ${comma(heightAt(c, day))}`).join(', ') || text('read_none'));
    },
  });
}

const expanded = new Set(); // properties whose values are all listed
const sought = {}; // text that visitors search for, by property

const labelFor = (key, n) => labels[key].get(data.values[key][n]) ?? (data.values[key][n] || text('unknown'));

// plain returns a text in lower case without accents, as people search for it.
const plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

// listOf returns the values of a property that have downloads or are selected, most downloads first, or newest version
// first. The newest release is always in the list.
function listOf(key) {
  const counts = result.facets[key], selected = filters.selected[key];
  const list = [...counts.keys()].filter((n) => counts[n] || selected.has(n) || isNewest(key, n));
  if (key === 'version' && filters.sort === 'version') {
    return list.sort((a, b) => compareVersions(data.values[key][b], data.values[key][a]));
  }
  return list.sort((a, b) => counts[b] - counts[a] || a - b);
}

const isNewest = (key, n) => key === 'version' && page.newest !== '' && data.values.version[n] === page.newest;
const pageOf = new Map([ // by version
  ...(page?.releases ?? []).map((r) => [r.version, r.page]),
  ...$$('tr[data-page]').map(({ dataset }) => [dataset.value, dataset.page]),
]);

// compareVersions compares versions part by part: 5.9 comes before 5.10, and 5.10-rc1 before 5.10, because letters
// after the numbers are those of a pre-release.
function compareVersions(a, b) {
  const [x, y] = [a, b].map((v) => v.toLowerCase().match(/\d+|[a-z]+/g) ?? []);
  const rank = (part) => part === undefined ? 0 : /\d/.test(part) ? 1 : -1;
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const order = rank(x[i]) - rank(y[i]) || (rank(x[i]) > 0 ? x[i] - y[i] : x[i] < y[i] ? -1 : x[i] > y[i] ? 1 : 0);
    if (order) return order;
  }
  return 0;
}

// shareOf returns the share of a value. For bots it is "not counted", unless a class is selected.
function shareOf(key, n) {
  if (key === 'class' && !result.match.class[n] && !filters.selected.class.size) return text('not_counted');
  return share(result.facets[key][n], sumOf(key));
}

// sumOf returns the number of downloads that is 100 % for the shares of a property. Like the facet, it ignores the
// filter of the property, but it includes bots only if they are selected.
function sumOf(key) {
  const bot = data.numbers.class.get(BOT), withoutBots = key === 'class' && !filters.selected.class.has(bot);
  return result.facets[key].reduce((sum, n, i) => withoutBots && i === bot ? sum : sum + n, 0);
}

// drawBars updates the list of the values of a property. The focus stays on its value, although the list is sorted
// again.
function drawBars(key) {
  const list = listOf(key), counts = result.facets[key], selected = filters.selected[key];
  const most = counts.reduce((a, b) => Math.max(a, b), 1), sum = sumOf(key), wanted = sought[key] ?? '';
  const found = wanted ? list.filter((n) => plain(labelFor(key, n)).includes(plain(wanted))) : list;
  const shown = expanded.has(key) || wanted ? found
    : found.filter((n, i) => i < SHORT_LIST || selected.has(n) || isNewest(key, n));
  const rows = shown.map((n) => ({
    n, label: labelFor(key, n), downloads: counts[n], most, pressed: selected.has(n),
    share: key === 'class' ? shareOf(key, n) : share(counts[n], sum),
    note: isNewest(key, n) ? page.newestNote : '', page: key === 'version' ? pageOf.get(data.values[key][n]) : '',
  }));
  const plot = $('.plot', chart(key)), focused = plot.contains(document.activeElement) ? document.activeElement : null;
  const n = focused?.dataset.n, link = focused?.getAttribute('href');
  let ul = $('ul', plot), more = $('.more', plot);
  if (!more) {
    more = make('button', { type: 'button', class: 'more' });
    more.addEventListener('click', () => { expanded.delete(key) || expanded.add(key); drawBars(key); });
    ul.addEventListener('click', (event) => {
      const button = event.target.closest('button');
      if (button) toggle(key, Number(button.dataset.n));
    });
    plot.replaceChildren(ul, more);
    const controls = finderOf(key, labels[key].size);
    if (controls.childElementCount) plot.prepend(controls);
  }
  ul.innerHTML = charts.bars({ rows, buttons: true });
  for (const b of $$('[data-sort]', plot)) b.setAttribute('aria-pressed', b.dataset.sort === filters.sort);
  if (!rows.length && wanted) ul.append(make('li', { class: 'none' }, text('nothing', { text: wanted })));
  more.hidden = list.length <= SHORT_LIST || wanted !== '';
  more.setAttribute('aria-expanded', expanded.has(key));
  more.textContent = expanded.has(key) ? text('fewer') : text('all', { number: list.length });
  if (n !== undefined) $(`[data-n="${n}"]`, ul)?.focus({ preventScroll: true });
  if (link) $(`a[href="${CSS.escape(link)}"]`, ul)?.focus({ preventScroll: true });
}

// finderOf returns the controls above the list of a property with a number of values: a search field if it is long, and
// the order of versions.
function finderOf(key, values) {
  const field = make('input', { type: 'search', placeholder: text('search'), 'aria-label': text('search_in', { title: titleOf(key) }) });
  field.addEventListener('input', () => { sought[key] = field.value.trim(); drawBars(key); });
  const finder = make('div', { class: 'finder' }, ...values > SHORT_LIST ? [field] : []);
  if (key !== 'version' || values < 2) return finder;
  const orders = [['downloads', text('most')], ['version', text('newest')]].map(([order, name]) => {
    const button = make('button', { type: 'button', 'data-sort': order }, name);
    button.addEventListener('click', () => setFilters((f) => { f.sort = order; }));
    return button;
  });
  finder.append(make('div', { class: 'group', role: 'group', 'aria-label': text('sort') }, ...orders));
  return finder;
}

// signed returns a change in percent, with one decimal place: +4.2.
const signed = (change) => `${change < 0 ? '\u2212' : '+'}${tenths(Math.abs(change))}`;

// drawTiles updates the numbers at the top. They ignore the selected days.
function drawTiles() {
  for (const tile of $$('.tiles [data-days]')) {
    const days = Number(tile.dataset.days), to = asOf - 1;
    const now = days ? sumOfDays(result.buckets, to - days + 1, to) : result.allTime;
    const number = $('.number', tile);
    number.textContent = comma(now);
    number.classList.toggle('long', comma(now).length > 10); // as in the layout
    if (!days) continue;
    const before = sumOfDays(result.buckets, to - 2 * days + 1, to - days), change = 100 * (now - before) / before;
    let compared = text('change', { change: signed(change), days });
    if (!before) compared = text('none_before', { days });
    if (to - 2 * days + 1 < first) compared = text('no_earlier');
    $('.change', tile).textContent = compared;
  }
}

// drawFilters shows the active filters as buttons that remove them, and the number of matching downloads.
function drawFilters() {
  const active = PROPERTIES.flatMap((key) => [...filters.selected[key]].map((n) => [key, n]));
  $('#chosen').replaceChildren(...active.map(([key, n]) => {
    const name = `${titleOf(key)}: ${labelFor(key, n)}`;
    const button = make('button', { type: 'button', 'aria-label': text('remove', { name }) }, `${name} ×`);
    button.addEventListener('click', () => { toggle(key, n); ($('#chosen button') ?? $('[data-last="0"]')).focus(); });
    return make('li', {}, button);
  }));
  const clear = make('button', { type: 'button', id: 'clear' }, text('clear'));
  clear.addEventListener('click', () => setFilters((f) => {
    const { selected, from, to } = parseFilters('');
    Object.assign(f, { selected, from, to });
  }));
  const limited = filters.from !== null || filters.to !== null;
  if (active.length || limited) $('#chosen').append(make('li', {}, clear));
  const [from, to] = [filters.from ?? first, filters.to ?? asOf].map((day) => labelOf('day', day));
  const days = !limited ? '' : ` ${from === to ? text('shown_day', { day: from }) : text('shown_days', { from, to })}`;
  const hint = active.length || limited ? '' : ` ${text('hint')}`;
  const total = { count: result.total, number: comma(result.total) };
  const downloads = text(active.length ? 'shown_matching' : 'shown', total);
  $('#shown').textContent = `${downloads}${days}${changeOf(filters)}.${hint}`;
  const missing = filters.missing.map(([key, value]) => `${text(`in_${key}`)} ${value || text('in_unknown')}`);
  $('#missing').hidden = !missing.length;
  $('#missing').textContent = missing.length
    ? text('missing', { values: missing.join(', ') }) : '';
}

// changeOf returns the comparison of the selected days with as many days before them, in words.
function changeOf(filters) {
  if (filters.from === null && filters.to === null) return '';
  const before = rangeBefore(filters);
  if (!before) return `, ${text('no_earlier')}`;
  const earlier = sumOfDays(result.buckets, before.from, before.to);
  if (!earlier) return `, ${text('shown_none', { count: before.days })}`;
  const change = 100 * (result.total - earlier) / earlier;
  return `, ${text('shown_change', { count: before.days, change: signed(change) })}`;
}

const titleOf = (key) => $(`#${key}-title`).textContent;

// ---- tables and files

// tableOf returns the column names and the rows of the table of a chart.
function tableOf(key) {
  if (key === 'time') {
    const { cumulative, earlier } = shownTime, downloads = shownPoints.map((p) => p.downloads);
    const columns = [[text('from'), shownPoints.map((p) => isoOf(p.from))], [text('downloads'), downloads]];
    if (cumulative) columns.push([text('so_far'), charts.running(downloads)]);
    if (earlier) columns.push([text('before'), cumulative ? charts.running(earlier) : earlier]);
    return { head: columns.map(([name]) => name), rows: shownPoints.map((_, i) => columns.map(([, list]) => list[i])) };
  }
  if (key === 'over') {
    const { series } = shownOver;
    return { head: [text('from'), ...series.map((s) => s.name)],
      rows: shownPoints.map((p, i) => [isoOf(p.from), ...series.map((s) => s.values[i])]) };
  }
  if (key === 'releases') {
    const head = [text('release'), text('built'), ...MILESTONES.map((days) => text('days', { days }))];
    const after = (c, d) => downloadsAfter(c, d) ?? text(d > c.days ? 'not_yet' : 'not_known');
    const row = (c) => [c.version, c.released, ...MILESTONES.map((d) => after(c, d))];
    return { head, rows: shownCurves.map(row) };
  }
  const rows = listOf(key).map((n) => [labelFor(key, n), result.facets[key][n], shareOf(key, n)]);
  return { head: [titleOf(key), text('downloads'), text('share')], rows };
}

// fillTable updates the table of a chart if it is open. Links of the page's own tables stay: those to the pages of
// releases, and those to the files of single versions and systems.
function fillTable(section) {
  if (!$('details', section).open) return;
  const { head, rows } = tableOf(section.dataset.chart), key = section.dataset.chart, files = fileCells[key];
  const format = (value) => typeof value === 'number' ? comma(value) : value;
  const name = (value) => {
    const link = key === 'releases' && pageOf.get(value);
    return make('th', { scope: 'row' }, link ? make('a', { href: link }, value) : value);
  };
  const numbers = files && listOf(key);
  if (files) head.push(text('daily'));
  $('thead', section).replaceChildren(make('tr', {}, ...head.map((h) => make('th', { scope: 'col' }, h))));
  $('tbody', section).replaceChildren(...rows.map((row, i) => make('tr', {},
    ...row.map((value, column) => column ? make('td', {}, format(value)) : name(value)),
    ...files ? [files.get(data.values[key][numbers[i]]) ?? make('td')] : [])));
}

// fileCells holds the cells with links to the files of single values: by property, maps from the value to the cell.
const fileCells = Object.fromEntries(['version', 'os'].map((key) => [key, new Map(
  $$(`[data-chart="${key}"] tr[data-value]`).map((row) => [row.dataset.value, row.cells[3]]))]));

// toJSON returns the content of the JSON file that visitors can download. Do not change its keys, which other programs
// read.
function toJSON() {
  const lists = { time: shownPoints.map((p) => ({ from: isoOf(p.from), downloads: p.downloads })) };
  for (const key of PROPERTIES) {
    lists[key] = listOf(key).map(
      (n) => ({ value: data.values[key][n], name: labelFor(key, n), downloads: result.facets[key][n] }));
  }
  lists.releases = shownCurves.map((c) => ({
    version: c.version, released: c.released,
    after: Object.fromEntries(MILESTONES.map((d) => [d, downloadsAfter(c, d)])),
  }));
  const chosen = Object.fromEntries(PROPERTIES
    .map((key) => [key, [...filters.selected[key]].map((n) => data.values[key][n])]).filter(([, list]) => list.length));
  return JSON.stringify({
    source: location.href, asOf: page.asOf, from: isoOf(filters.from ?? first), to: isoOf(filters.to ?? asOf),
    unit: shownUnit, chosen, downloads: result.total, charts: lists,
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
  const [type, content] = format === 'csv' ? ['text/csv', toCSV()] : ['application/json', toJSON()];
  const url = URL.createObjectURL(new Blob([content], { type }));
  make('a', { href: url, download: `downloads-${page.asOf}.${format}` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

// ---- page

let data, filters, result, shownUnit, shownPoints, shownPartial, shownTime, shownOver, shownCurves;

// update counts the downloads and draws all charts. The browser's performance timeline records how long this takes.
function update() {
  const start = performance.now();
  for (const step of countings) step();
  performance.measure('stats-count', { start });
  for (const draw of drawings) draw();
  performance.measure('stats-update', { start });
}

// countings count the downloads that the page shows.
const countings = [
  () => {
    shownUnit = unitOf(filters);
    const from = filters.from ?? first, to = filters.to ?? asOf;
    shownPoints = pointsOf(shownUnit, from, to);
    shownPartial = partialOf(shownPoints, shownUnit, from, to);
    result = count(filters, shownPoints);
  },
  () => { shownOver = overOf(filters.by, shownPoints, result); },
  () => { shownCurves = curvesOf(result, filters.selected); },
];

// drawings draw the parts of the page.
const drawings = [
  () => { drawTiles(); drawFilters(); drawDays(); linkLanguages(); }, () => drawTime(shownPoints, shownUnit), () => drawOver(shownOver),
  ...PROPERTIES.map((key) => () => drawBars(key)), () => drawCurves(shownCurves), () => $$('.chart').forEach(fillTable),
];

// readOut lets visitors read the values of a chart with the pointer, and with the arrow keys as on a slider, whose
// value screen readers announce. The element readout shows the value.
function readOut(key) {
  const section = chart(key), plot = $('.plot', section), readout = $('.readout', section);
  const label = { role: 'slider', tabindex: 0, 'aria-valuemin': 0, 'aria-orientation': 'horizontal' };
  for (const [name, value] of Object.entries(label)) plot.setAttribute(name, value);
  const show = (i, from = i) => {
    const { count, place, text: read } = readings[key], rect = $('.brush', plot);
    if (!count || !rect) return;
    const [x] = place(Math.min(i, from)), [end, width] = place(Math.max(i, from));
    rect.setAttribute('x', `${x}%`);
    rect.setAttribute('width', `${end + width - x}%`);
    readout.replaceChildren(make('span', {}, read(i)));
    plot.setAttribute('aria-valuenow', i);
    plot.setAttribute('aria-valuetext', read(i));
  };
  const hide = () => {
    $('.brush', plot)?.setAttribute('width', 0);
    readout.textContent = '';
  };
  plot.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') hide();
    const { count } = readings[key], now = Number(plot.getAttribute('aria-valuenow')), last = count - 1;
    const big = Math.max(2, Math.round(count / 10));
    const to = { ArrowLeft: now - 1, ArrowDown: now - 1, ArrowRight: now + 1, ArrowUp: now + 1, Home: 0, End: last,
      PageDown: now - big, PageUp: now + big }[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    show(Math.min(Math.max(to, 0), last));
  });
  plot.addEventListener('focus', () => {
    if (plot.matches(':focus-visible')) show(Number(plot.getAttribute('aria-valuenow')));
  });
  plot.addEventListener('blur', hide);
  const at = (event) => {
    const box = $('svg', plot).getBoundingClientRect();
    return Math.floor(Math.min(Math.max((event.clientX - box.left) / box.width, 0), .999999) * readings[key].count);
  };
  let start = null; // of a drag over the time chart, which selects days
  const touched = (event) => event.pointerType === 'touch';
  plot.addEventListener('pointermove', (event) => { if (readings[key].count) show(at(event), start ?? undefined); });
  // A finger leaves the chart when it is lifted, so what it has read stays until the visitor touches something else.
  plot.addEventListener('pointerleave', (event) => { if (start === null && !touched(event)) hide(); });
  plot.addEventListener('pointerdown', (event) => { if (touched(event) && readings[key].count) show(at(event)); });
  document.addEventListener('pointerdown', (event) => { if (!plot.contains(event.target)) hide(); });
  if (key !== 'time') return;
  plot.addEventListener('pointerdown', (event) => {
    if (touched(event)) return; // a finger that is dragged reads the values
    start = at(event);
    plot.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  plot.addEventListener('pointerup', (event) => {
    const [from, to] = [start, at(event)].sort((a, b) => a - b);
    if (start !== null && from !== to) {
      const end = (shownPoints[to + 1]?.from ?? asOf + 1) - 1;
      setFilters((f) => {
        [f.from, f.to] = [Math.max(shownPoints[from].from, first), Math.min(end, f.to ?? asOf)];
      });
    }
    start = null;
  });
}

// listen adds the event listeners of all controls that exist from the beginning.
function listen() {
  for (const button of $$('[data-unit]')) {
    button.addEventListener('click', () => setFilters((f) => { f.unit = button.dataset.unit; }));
  }
  for (const key of ['by', 'as']) {
    for (const button of $$(`[data-${key}]`)) {
      button.addEventListener('click', () => setFilters((f) => { f[key] = button.dataset[key]; }));
    }
  }
  for (const button of $$('[data-show]')) {
    button.addEventListener('click', () => setFilters((f) => { f[button.dataset.show] = !f[button.dataset.show]; }));
  }
  for (const button of $$('[data-last], [data-year]')) {
    button.addEventListener('click', () => setFilters((f) => { [f.from, f.to] = presetOf(button.dataset); }));
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
  for (const section of $$('.chart')) $('details', section).addEventListener('toggle', () => fillTable(section));
  addEventListener('popstate', () => { filters = parseFilters(location.search); update(); });
  for (const key of ['time', 'over', 'releases']) if (chart(key)) readOut(key);
}

// load fetches a cube.
async function load(file) {
  const response = await fetch(new URL(file, location.origin + page.folder), { cache: 'no-cache' });
  if (!response.ok) throw new Error(`${file}: ${response.status}`);
  return response.json();
}

// pause lets the browser answer the visitor between two parts of a long computation.
const pause = () => globalThis.scheduler?.yield?.() ?? new Promise((done) => setTimeout(done));

// warmUp runs the loops over all rows in short steps, so that the browser has compiled them when they are needed. It
// leaves the sums of all days.
async function warmUp() {
  const { bucketEnd, kindValue, rangeSums } = data, buckets = bucketEnd.length, none = new Int32Array(buckets);
  for (let begin = 0, end = 0; begin < buckets; begin = end) {
    while (end < buckets && bucketEnd[end] <= rowOf(begin) + STEP) end++;
    end = Math.max(end, begin + 1);
    addKinds(rangeSums.sums, rowOf(begin), rowOf(end));
    data.kindPasses.fill(1);
    addBuckets(new Float64Array(1), none, begin, end);
    addCurves(new Float64Array(1), kindValue, rowOf(begin), rowOf(end));
    await pause();
  }
  [rangeSums.from, rangeSums.to] = [first, asOf];
}

// start loads the cubes and draws the charts, in short steps, between which the browser can answer the visitor. If a cube
// cannot be loaded, the charts of the page stay, without filters.
async function start() {
  $('#shown').textContent = text('loading');
  try {
    data = await assemble(await Promise.all(page.cubes.map(load)));
  } catch (error) {
    document.documentElement.classList.add('failed');
    $('#shown').textContent = text('failed', { error: error.message });
    return;
  }
  filters = parseFilters(location.search);
  await warmUp();
  const start = performance.now();
  for (const step of [...countings, ...drawings]) {
    await pause();
    step();
  }
  await pause();
  listen();
  document.documentElement.classList.add('explored');
  performance.measure('stats-update', { start });
}

if (page) requestAnimationFrame(() => setTimeout(start)); // after the first paint
