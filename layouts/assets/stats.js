// Explores the download statistics. The page is whole without this script: it loads the cubes once the page has
// been painted, then draws the page's charts anew for whatever is chosen. What is chosen is kept in the address:
// ?version=5.8.1&os=win&os=linux&from=2026-01-01&unit=week.
//
// A cube has a row for each package, country and class in each day or week (a bucket). The rows of all years lie
// in four typed arrays, and choosing anything counts all of them again: see count().

const OF_PACKAGE = ['version', 'os', 'arch', 'stability'];
const OF_COUNTRY = ['region', 'country'];
const PROPERTIES = [...OF_PACKAGE, ...OF_COUNTRY, 'class'];
const UNITS = ['day', 'week', 'month'];
const ROBOTS = 'bot'; // counted only when chosen
const SHORT_LIST = 10, CURVES = 6, MOST_CURVES = 8, CURVE_DAYS = 365;
const WARM_UP = 4; // rounds of counting, after which browsers have compiled it: the first click is as fast as the others
const MILESTONES = [7, 30, 90, 180, 365];
const WIDTH = 1000, HEIGHT = 200; // of the picture that curves are drawn in

const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
const chart = (key) => $(`[data-chart="${key}"]`);
const comma = new Intl.NumberFormat('en').format;
const share = (part, whole) => `${(whole ? 100 * part / whole : 0).toFixed(1)} %`;

// Days are numbers: whole days since 1970 in UTC.
const dayOf = (iso) => Date.parse(iso) / 864e5;
const isoOf = (day) => new Date(day * 864e5).toISOString().slice(0, 10);
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function labelOf(unit, day) {
  const date = new Date(day * 864e5), month = `${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
  return unit === 'month' ? month : `${date.getUTCDate()} ${month}`;
}

function startOf(unit, day) {
  if (unit === 'week') return day - (day + 3) % 7; // 1 January 1970 was a Thursday
  if (unit === 'month') return day + 1 - new Date(day * 864e5).getUTCDate();
  return day;
}

// make makes an element; a name with "svg:" before it is one of a picture.
function make(name, attributes = {}, ...children) {
  const picture = name.startsWith('svg:');
  const element = picture ? document.createElementNS('http://www.w3.org/2000/svg', name.slice(4)) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const page = JSON.parse($('#stats-data')?.textContent ?? 'null');
const first = dayOf(page?.first), asOf = dayOf(page?.asOf);
const names = readNames(); // labels by property and value
const regions = new Map($$('tr[data-region]').map((row) => [row.dataset.value, row.dataset.region]));

function readNames() {
  return Object.fromEntries(PROPERTIES.map((key) => [key, new Map($$(`[data-chart="${key}"] tr[data-value]`).map(
    (row) => [row.dataset.value, $('th', row).textContent]))]));
}

// ---- data

// assemble puts the cubes, oldest first, into one: see the comment at the top.
function assemble(cubes) {
  const values = {}, numbers = {}; // by property: its values, and their numbers
  for (const key of PROPERTIES) [values[key], numbers[key]] = [[], new Map()];
  const number = (key, value) => {
    let n = numbers[key].get(value);
    if (n === undefined) numbers[key].set(value, n = values[key].push(value) - 1);
    return n;
  };
  for (const key of PROPERTIES) for (const value of names[key].keys()) number(key, value);

  const packages = [], packageNumbers = new Map(), countries = []; // numbers of their properties' values
  const packageNumber = (p) => {
    const key = p.join('\t');
    let n = packageNumbers.get(key);
    if (n === undefined) packageNumbers.set(key, n = packages.push(OF_PACKAGE.map((k, i) => number(k, p[i]))) - 1);
    return n;
  };
  const countryNumber = (code) => {
    const n = number('country', code);
    countries[n] ??= [number('region', regions.get(code) ?? names.country.get(code) ?? 'Unknown'), n];
    return n;
  };
  for (const code of names.country.keys()) countryNumber(code);

  const rows = cubes.reduce((n, cube) => n + cube.downloads.length, 0);
  const data = {
    values, numbers, packages, countries,
    pack: new Uint32Array(rows), country: new Uint16Array(rows), kind: new Uint8Array(rows), downloads: new Uint32Array(rows),
    from: [], days: [], middle: [], end: [], // of buckets; end is the row after their last
    fine: first, // from here on buckets are days
  };
  let row = 0;
  for (const cube of cubes) {
    const pack = cube.packages.map(packageNumber), country = cube.countries.map(countryNumber);
    const kind = cube.classes.map((c) => number('class', c));
    const start = dayOf(cube.from), next = endOf(cube.period), length = cube.grain === 'week' ? 7 : 1;
    if (length > 1) data.fine = Math.max(data.fine, next);
    let i = 0;
    cube.buckets.forEach((bucket, b) => {
      const from = start + bucket * length, days = Math.min(length, next - from);
      for (let end = i + cube.rows[b], p = 0; i < end; i++, row++) {
        data.pack[row] = pack[p += cube.package[i]];
        data.country[row] = country[cube.country[i]];
        data.kind[row] = kind[cube.class[i]];
        data.downloads[row] = cube.downloads[i];
      }
      data.from.push(from);
      data.days.push(days);
      data.middle.push(from + (days >> 1));
      data.end.push(row);
    });
  }
  return data;
}

// endOf is the day after a period, which is a year (2026) or a month (2026-10).
function endOf(period) {
  const [year, month] = period.split('-').map(Number);
  return Date.UTC(month ? year : year + 1, month ?? 0) / 864e5;
}

// ---- what is chosen

// choice reads an address: chosen values by property (numbers), and the days.
function choiceOf(search) {
  const query = new URLSearchParams(search), choice = { chosen: {} };
  for (const key of PROPERTIES) {
    choice.chosen[key] = new Set(query.getAll(key).map((v) => data.numbers[key].get(v)).filter((n) => n !== undefined));
  }
  for (const key of ['from', 'to']) {
    const day = /^\d{4}-\d\d-\d\d$/.test(query.get(key)) ? dayOf(query.get(key)) : NaN;
    choice[key] = day >= first && day <= asOf ? day : null;
  }
  if (choice.from !== null && choice.to !== null && choice.from > choice.to) [choice.from, choice.to] = [choice.to, choice.from];
  choice.unit = UNITS.includes(query.get('unit')) ? query.get('unit') : null;
  return choice;
}

function addressOf(choice) {
  const query = new URLSearchParams();
  for (const key of PROPERTIES) for (const n of choice.chosen[key]) query.append(key, data.values[key][n]);
  for (const key of ['from', 'to']) if (choice[key] !== null) query.set(key, isoOf(choice[key]));
  if (choice.unit) query.set('unit', choice.unit);
  return location.pathname + (query.size ? `?${query}` : '');
}

// choose changes what is chosen, as a step that the back button takes back.
function choose(change) {
  change(choice);
  const address = addressOf(choice);
  if (address !== location.pathname + location.search) history.pushState(null, '', address);
  update();
}

const toggle = (key, n) => choose(({ chosen }) => chosen[key].delete(n) || chosen[key].add(n));

// unitOf is the step of the time chart: the one chosen, unless the data is coarser.
function unitOf({ from, to, unit }) {
  const days = (to ?? asOf) - (from ?? first) + 1;
  const fitting = unit ?? (days <= 92 ? 'day' : days <= 731 ? 'week' : 'month');
  return fitting === 'day' && (from ?? first) < data.fine ? 'week' : fitting;
}

// ---- counting

// allowed marks the values of a property that count.
function allowed(key, chosen) {
  const robots = data.numbers.class.get(ROBOTS);
  return Uint8Array.from(data.values[key], (_, n) => chosen.size ? chosen.has(n) : key !== 'class' || n !== robots);
}

// misses tells of each tuple of properties whether it counts (0), for which property alone it does not (its
// place, from 1), or that there are more (255).
function misses(tuples, keys, ok) {
  return Uint8Array.from(tuples, (tuple) => tuple.reduce((miss, value, i) => ok[keys[i]][value] ? miss : miss ? 255 : i + 1, 0));
}

// spread adds the sums of tuples up by the values of their properties; a value's sum leaves the choice among the
// values of its own property aside.
function spread(sums, tuples, keys, miss, by) {
  for (const key of keys) by[key] = new Float64Array(data.values[key].length);
  tuples.forEach((tuple, n) => {
    if (sums[n]) keys.forEach((key, i) => { if (miss[n] === 0 || miss[n] === i + 1) by[key][tuple[i]] += sums[n]; });
  });
}

// count counts all rows by every property, and by bucket. As spread does, a bucket's count leaves the days aside.
function count({ chosen, from, to }) {
  const { pack, country, kind, downloads, middle, end } = data;
  const ok = Object.fromEntries(PROPERTIES.map((key) => [key, allowed(key, chosen[key])]));
  const packMiss = misses(data.packages, OF_PACKAGE, ok), countryMiss = misses(data.countries, OF_COUNTRY, ok);
  const packBit = packMiss.map((m) => m && 1), countryBit = countryMiss.map((m) => m && 2), kindBit = ok.class.map((y) => y ? 0 : 4);
  const packs = new Float64Array(data.packages.length), countries = new Float64Array(data.countries.length);
  const kinds = new Float64Array(data.values.class.length), buckets = new Float64Array(end.length);
  let total = 0;
  for (let b = 0, i = 0; b < end.length; b++) {
    const inside = middle[b] >= (from ?? -Infinity) && middle[b] <= (to ?? Infinity); // the first week may begin before the first day
    let sum = 0;
    for (const stop = end[b]; i < stop; i++) {
      const p = pack[i], c = country[i], k = kind[i], n = downloads[i];
      const bits = packBit[p] | countryBit[c] | kindBit[k];
      if (bits === 0) sum += n;
      if (!inside) continue;
      if (bits === 0) { packs[p] += n; countries[c] += n; kinds[k] += n; }
      else if (bits === 1) packs[p] += n;
      else if (bits === 2) countries[c] += n;
      else if (bits === 4) kinds[k] += n;
    }
    buckets[b] = sum;
    if (inside) total += sum;
  }
  const by = { class: kinds };
  spread(packs, data.packages, OF_PACKAGE, packMiss, by);
  spread(countries, data.countries, OF_COUNTRY, countryMiss, by);
  return { by, buckets, total, ok, packMiss, countryBit, kindBit, all: buckets.reduce((a, n) => a + n, 0) };
}

// within sums the buckets of some days up; a week that lies within in part counts in part.
function within(buckets, from, to) {
  let sum = 0;
  for (let b = buckets.length - 1; b >= 0 && data.from[b] + data.days[b] > from; b--) {
    const days = Math.min(to, data.from[b] + data.days[b] - 1) - Math.max(from, data.from[b]) + 1;
    if (days > 0) sum += buckets[b] * days / data.days[b];
  }
  return Math.round(sum);
}

// pointsOf gives the time chart's points, those without downloads included.
function pointsOf(buckets, unit, from, to) {
  const points = [], last = startOf(unit, to);
  for (let day = startOf(unit, from); day <= last; day = startOf(unit, day + { day: 1, week: 7, month: 31 }[unit])) {
    points.push({ from: day, label: labelOf(unit, day), downloads: 0 });
  }
  let at = 0;
  for (let b = 0; b < buckets.length; b++) {
    const day = Math.min(Math.max(data.middle[b], first), asOf);
    if (day < from || day > to) continue;
    while (at + 1 < points.length && points[at + 1].from <= day) at++;
    points[at].downloads += buckets[b];
  }
  return points;
}

// curvesOf follows releases from their first day: the chosen ones, or the newest.
function curvesOf({ ok, packMiss, countryBit, kindBit }, chosen) {
  const wanted = page.releases.filter((r) => !chosen.version.size || chosen.version.has(data.numbers.version.get(r.version)))
    .slice(0, chosen.version.size ? MOST_CURVES : CURVES);
  const stable = data.numbers.stability.get('release');
  if (!wanted.length || stable === undefined || !ok.stability[stable]) return [];
  const curves = wanted.map((r) => ({ ...r, start: dayOf(r.released), points: [[0, 0]], sum: 0 }));
  const of = new Int16Array(data.packages.length).fill(-1);
  data.packages.forEach(([version, , , stability], p) => {
    if (stability === stable && packMiss[p] <= 1) of[p] = curves.findIndex((c) => c.version === data.values.version[version]);
  });
  const start = Math.min(...curves.map((c) => c.start)), sums = new Float64Array(curves.length);
  for (let b = 0; b < data.end.length; b++) {
    if (data.from[b] + data.days[b] <= start) continue;
    sums.fill(0);
    for (let i = b ? data.end[b - 1] : 0; i < data.end[b]; i++) {
      const c = of[data.pack[i]];
      if (c >= 0 && !countryBit[data.country[i]] && !kindBit[data.kind[i]]) sums[c] += data.downloads[i];
    }
    curves.forEach((c, n) => {
      const day = data.from[b] - c.start, end = day + data.days[b];
      if (end <= 0 || day >= CURVE_DAYS || !sums[n]) return;
      if (c.points.at(-1)[0] < day) c.points.push([day, c.sum]); // level since then
      c.points.push([end, c.sum += sums[n]]);
    });
  }
  for (const c of curves) {
    c.days = Math.min(CURVE_DAYS, asOf - c.start + 1);
    if (c.points.at(-1)[0] < c.days) c.points.push([c.days, c.sum]);
  }
  return curves.filter((c) => c.sum > 0);
}

// after is the height of a curve at the end of a day: null when that is not over.
function after(curve, day) {
  if (day > curve.days) return null;
  const next = curve.points.findIndex((p) => p[0] >= day);
  const [x1, y1] = curve.points[next], [x0, y0] = curve.points[next - 1];
  return Math.round(y0 + (y1 - y0) * (day - x0) / (x1 - x0));
}

// ---- drawing

// scale is that of the page: lines at 1, 2 or 5 times a power of ten, four at most.
function scale(most) {
  let step = 1;
  for (let i = 0; most > 4 * step; i++) step = i % 3 === 1 ? step / 2 * 5 : step * 2;
  const top = Math.max(most + Math.floor(step / 8), 1), lines = [];
  for (let n = step; n <= top; n += step) lines.push([HEIGHT * (1 - n / top), comma(n)]);
  return { top, lines };
}

// picture makes a chart of curves: its paths, the lines across, and labels along ([per cent, anchor, text]).
function picture(title, description, paths, lines, labels) {
  const text = (name, content) => make(`svg:${name}`, {}, content);
  const axis = make('svg:svg', { y: 10, width: '100%', height: HEIGHT, class: 'axis' });
  for (const [y, label] of lines) axis.append(make('svg:line', { x2: '100%', y1: y, y2: y }), make('svg:text', { y, dy: -4 }, label));
  const inner = make('svg:svg', { y: 10, width: '100%', height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none' });
  inner.append(...paths.map(([style, d]) => make('svg:path', { class: style, d })));
  const outer = make('svg:svg', { class: 'curve', width: '100%', height: 240, role: 'img', 'aria-label': `${title}. ${description}` },
    text('title', title), text('desc', description), inner, axis);
  for (const [x, anchor, label] of labels) outer.append(make('svg:text', { x: `${x}%`, y: 230, 'text-anchor': anchor }, label));
  return outer;
}

function drawTime(points, unit) {
  const { top, lines } = scale(Math.max(...points.map((p) => p.downloads)));
  const last = points.length - 1, x = (i) => WIDTH * i / points.length, y = (i) => (HEIGHT * (1 - points[i].downloads / top)).toFixed(1);
  const outline = (from, to) => {
    let d = `M${x(from)} ${HEIGHT}`;
    for (let i = from; i < to; i++) d += `V${y(i)}H${x(i + 1).toFixed(1)}`;
    return `${d}V${HEIGHT}Z`;
  };
  const open = (choice.to ?? asOf) === asOf ? 1 : 0; // the last point may not be over
  const paths = [['area', outline(0, last + 1 - open)]];
  if (open) paths.push(['area recent', outline(last, last + 1)]);
  const picks = last < 4 ? points.map((_, i) => i) : [0, Math.floor(last / 3), Math.floor(2 * last / 3), last];
  const labels = picks.map((i) => i === 0 ? [0, 'start', points[0].label] : i === last ? [100, 'end', points[i].label] : [100 * (i + .5) / points.length, 'middle', points[i].label]);
  const most = points.reduce((a, p) => p.downloads > a.downloads ? p : a);
  const drawn = picture('Downloads over time', `From ${points[0].label} to ${points[last].label}, by ${unit}. Most: ${most.label}, ${comma(most.downloads)}.`, paths, lines, labels);
  drawn.append(make('svg:rect', { class: 'brush', y: 10, height: HEIGHT, width: 0 }));
  $('.plot', chart('time')).replaceChildren(drawn);
  for (const button of $$('[data-unit]')) {
    button.setAttribute('aria-pressed', button.dataset.unit === unit);
    button.disabled = button.dataset.unit === 'day' && (choice.from ?? first) < data.fine;
    button.title = button.disabled ? `From ${labelOf('day', data.fine)} on` : '';
  }
}

// drawDays shows the chosen days, but for the field that somebody types in.
function drawDays() {
  for (const [key, day] of [['from', choice.from ?? first], ['to', choice.to ?? asOf]]) {
    const field = $('#range').elements[key];
    if (field !== document.activeElement) field.value = isoOf(day);
  }
}

function drawCurves(curves) {
  const section = chart('releases');
  if (!section) return;
  const days = Math.max(1, ...curves.map((c) => c.days)), { top, lines } = scale(Math.max(0, ...curves.map((c) => c.sum)));
  const paths = curves.map((c, i) => [`line c${i + 1}`, `M0 ${HEIGHT}` + c.points.slice(1).map(
    ([day, sum]) => `L${(WIDTH * Math.min(day, days) / days).toFixed(1)} ${(HEIGHT * (1 - sum / top)).toFixed(1)}`).join('')]);
  const marks = [1, 2].map((part) => Math.floor(days * part / 3));
  const labels = [[0, 'start', 'day of release'], ...marks.map((day) => [100 * day / days, 'middle', day]), [100, 'end', `${days} days`]];
  const told = curves.filter((c) => c.days >= 7).map((c) => `${c.version}: ${comma(after(c, 7))} in the first week`).join(', ');
  const legend = make('ul', { class: 'legend' }, ...curves.map((c, i) => make('li', {},
    make('svg:svg', { class: 'curve', width: 32, height: 10, 'aria-hidden': true }, make('svg:path', { class: `line c${i + 1}`, d: 'M0 5H32' })), ` ${c.version}`)));
  $('.plot', section).replaceChildren(curves.length ? picture('Downloads of releases since their first day', told, paths, lines, labels) : make('p', {}, 'No release has downloads in this choice.'), legend);
}

const items = Object.fromEntries(PROPERTIES.map((key) => [key, new Map()])); // list items by value
const whole = new Set(); // properties of which all values are listed

function item(key, n) {
  let li = items[key].get(n);
  if (!li) {
    const button = make('button', { type: 'button' }, make('span', { class: 'label' }, labelFor(key, n)),
      make('span', { class: 'count' }), make('span', { class: 'share' }), make('span', { class: 'track' }, make('span', { class: 'fill' })));
    button.addEventListener('click', () => toggle(key, n));
    items[key].set(n, li = make('li', {}, button));
  }
  return li;
}

const labelFor = (key, n) => names[key].get(data.values[key][n]) ?? (data.values[key][n] || 'Unknown');

// listOf gives the values of a property that have downloads or are chosen, most downloads first.
function listOf(key) {
  const counts = result.by[key];
  return [...counts.keys()].filter((n) => counts[n] || choice.chosen[key].has(n)).sort((a, b) => counts[b] - counts[a] || a - b);
}

function shareOf(key, n) {
  return key === 'class' && !result.ok.class[n] && !choice.chosen.class.size ? 'not counted' : share(result.by[key][n], sumOf(key));
}

// sumOf is what the shares of a property are parts of: with its own choice left aside, as in its counts.
function sumOf(key) {
  const robots = key === 'class' && data.numbers.class.get(ROBOTS);
  return result.by[key].reduce((sum, n, i) => key === 'class' && i === robots && !choice.chosen.class.has(i) ? sum : sum + n, 0);
}

function drawBars(key) {
  const list = listOf(key), counts = result.by[key], chosen = choice.chosen[key], most = Math.max(1, ...counts), sum = sumOf(key);
  const shown = whole.has(key) ? list : list.filter((n, i) => i < SHORT_LIST || chosen.has(n));
  const elements = shown.map((n) => {
    const li = item(key, n), [label, number, part, track] = li.firstChild.children;
    li.firstChild.setAttribute('aria-pressed', chosen.has(n));
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
    more.addEventListener('click', () => { whole.delete(key) || whole.add(key); drawBars(key); });
    plot.replaceChildren(ul, more);
  }
  ul.replaceChildren(...elements);
  more.hidden = list.length <= SHORT_LIST;
  more.setAttribute('aria-expanded', whole.has(key));
  more.textContent = whole.has(key) ? `Show ${SHORT_LIST} only` : `Show all ${list.length}`;
  focused?.focus({ preventScroll: true });
}

function drawTiles() {
  for (const tile of $$('.tiles [data-days]')) {
    const days = Number(tile.dataset.days), to = asOf - 1;
    const now = days ? within(result.buckets, to - days + 1, to) : result.all;
    $('.number', tile).textContent = comma(now);
    if (!days) continue;
    const before = within(result.buckets, to - 2 * days + 1, to - days), change = 100 * (now - before) / before;
    $('.change', tile).textContent = to - 2 * days + 1 < first ? 'nothing to compare with yet'
      : before ? `${change < 0 ? '-' : '+'}${Math.abs(change).toFixed(1)} % on the ${days} days before` : `none in the ${days} days before`;
  }
}

function drawChoice() {
  const chosen = PROPERTIES.flatMap((key) => [...choice.chosen[key]].map((n) => [key, n]));
  $('#chosen').replaceChildren(...chosen.map(([key, n]) => {
    const button = make('button', { type: 'button', 'aria-label': `Remove ${titleOf(key)}: ${labelFor(key, n)}` }, `${titleOf(key)}: ${labelFor(key, n)} ×`);
    button.addEventListener('click', () => { toggle(key, n); ($('#chosen button') ?? $('#clear')).focus(); });
    return make('li', {}, button);
  }));
  const days = choice.from !== null || choice.to !== null ? `, ${labelOf('day', choice.from ?? first)} to ${labelOf('day', choice.to ?? asOf)}` : '';
  const hint = chosen.length || days ? '' : ' Choose values below to see only theirs.';
  $('#shown').textContent = `${comma(result.total)} downloads shown${days}.${hint}`;
}

const titleOf = (key) => $(`#${key}-title`).textContent;

// ---- tables and files

// tableOf gives what a chart shows, as a head and rows.
function tableOf(key) {
  if (key === 'time') return { head: ['From', 'Downloads'], rows: shownPoints.map((p) => [isoOf(p.from), p.downloads]) };
  if (key === 'releases') {
    return { head: ['Release', 'Built', ...MILESTONES.map((d) => `${d} days`)], rows: shownCurves.map((c) => [c.version, c.released, ...MILESTONES.map((d) => after(c, d))]) };
  }
  return { head: [titleOf(key), 'Downloads', 'Share'], rows: listOf(key).map((n) => [labelFor(key, n), result.by[key][n], shareOf(key, n)]) };
}

function fillTable(section) {
  if (!$('details', section).open) return;
  const { head, rows } = tableOf(section.dataset.chart);
  const cell = (value, i) => i ? make('td', {}, value === null ? 'not yet' : typeof value === 'number' ? comma(value) : value) : make('th', { scope: 'row' }, value);
  $('thead', section).replaceChildren(make('tr', {}, ...head.map((h) => make('th', { scope: 'col' }, h))));
  $('tbody', section).replaceChildren(...rows.map((row) => make('tr', {}, ...row.map(cell))));
}

function toJSON() {
  const charts = { time: shownPoints.map((p) => ({ from: isoOf(p.from), downloads: p.downloads })) };
  for (const key of PROPERTIES) charts[key] = listOf(key).map((n) => ({ value: data.values[key][n], name: labelFor(key, n), downloads: result.by[key][n] }));
  charts.releases = shownCurves.map((c) => ({ version: c.version, released: c.released, after: Object.fromEntries(MILESTONES.map((d) => [d, after(c, d)])) }));
  const chosen = Object.fromEntries(PROPERTIES.map((key) => [key, [...choice.chosen[key]].map((n) => data.values[key][n])]).filter(([, list]) => list.length));
  return JSON.stringify({ source: location.href, asOf: page.asOf, from: isoOf(choice.from ?? first), to: isoOf(choice.to ?? asOf), unit: shownUnit, chosen, downloads: result.total, charts }, null, 1);
}

function toCSV() {
  const rows = [['chart', 'value', 'name', 'downloads']];
  for (const [key, list] of Object.entries(JSON.parse(toJSON()).charts)) {
    for (const e of list) {
      if (key === 'releases') for (const [days, n] of Object.entries(e.after)) { if (n !== null) rows.push([key, e.version, `${days} days`, n]); }
      else rows.push([key, e.value ?? e.from, e.name ?? shownUnit, e.downloads]);
    }
  }
  // Spreadsheets take texts that begin with these for formulas.
  const quote = (v) => `"${String(v).replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;
  return rows.map((row) => row.map((v) => typeof v === 'number' ? v : quote(v)).join(',')).join('\r\n') + '\r\n';
}

function save(form) {
  const [type, text] = form === 'csv' ? ['text/csv', toCSV()] : ['application/json', toJSON()];
  const url = URL.createObjectURL(new Blob([text], { type }));
  make('a', { href: url, download: `downloads-${page.asOf}.${form}` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

// ---- the whole

let data, choice, result, shownUnit, shownPoints, shownCurves;

// update counts and draws everything. Its time can be read from the browser's performance timeline.
function update() {
  const start = performance.now();
  result = count(choice);
  shownUnit = unitOf(choice);
  shownPoints = pointsOf(result.buckets, shownUnit, choice.from ?? first, choice.to ?? asOf);
  shownCurves = curvesOf(result, choice.chosen);
  performance.measure('stats-count', { start });
  drawTiles();
  drawChoice();
  drawTime(shownPoints, shownUnit);
  drawDays();
  PROPERTIES.forEach(drawBars);
  drawCurves(shownCurves);
  $$('.chart').forEach(fillTable);
  performance.measure('stats-update', { start });
}

// brush lets people point at the time chart, and draw over it to choose days.
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
    if (event.pointerType === 'touch') return; // there it scrolls
    start = point(at(event));
    plot.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  plot.addEventListener('pointerup', (event) => {
    const [from, to] = [start, point(at(event))].sort((a, b) => a - b);
    if (start !== null && from !== to) {
      const end = (shownPoints[to + 1]?.from ?? asOf + 1) - 1;
      choose((c) => { [c.from, c.to] = [Math.max(shownPoints[from].from, first), Math.min(end, choice.to ?? asOf)]; });
    }
    start = null;
  });
  plot.addEventListener('pointerleave', () => {
    if (start !== null) return;
    $('.brush', plot).setAttribute('width', 0);
    readout.textContent = '';
  });
}

function listen() {
  for (const button of $$('[data-unit]')) button.addEventListener('click', () => choose((c) => { c.unit = button.dataset.unit; }));
  for (const button of $$('[data-last]')) {
    button.addEventListener('click', () => choose((c) => {
      const days = Number(button.dataset.last);
      [c.from, c.to] = days ? [Math.max(first, asOf - days), Math.max(first, asOf - 1)] : [null, null];
    }));
  }
  const form = $('#range');
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('change', (event) => {
    const { name, value } = event.target, day = value ? dayOf(value) : null;
    if (value && !(day >= first && day <= asOf)) return; // a year half typed
    choose((c) => { c[name] = day; });
  });
  form.addEventListener('focusout', () => setTimeout(drawDays));
  for (const button of $$('[data-save]')) button.addEventListener('click', () => save(button.dataset.save));
  $('#clear').addEventListener('click', () => choose((c) => Object.assign(c, choiceOf(''))));
  for (const section of $$('.chart')) $('details', section).addEventListener('toggle', () => fillTable(section));
  addEventListener('popstate', () => { choice = choiceOf(location.search); update(); });
  brush($('.plot', chart('time')), $('.readout'));
}

async function load(file) {
  const response = await fetch(new URL(file, location.origin + location.pathname), { cache: 'no-cache' });
  if (!response.ok) throw new Error(`${file}: ${response.status}`);
  return response.json();
}

async function start() {
  $('#shown').textContent = 'Loading the data to explore…';
  try {
    const cubes = await Promise.all(page.cubes.map(load));
    const loaded = performance.now();
    data = assemble(cubes);
    performance.measure('stats-assemble', { start: loaded });
  } catch (error) {
    document.documentElement.classList.add('failed');
    $('#shown').textContent = `The data to explore could not be loaded (${error.message}). The charts show all downloads.`;
    return;
  }
  choice = choiceOf(location.search);
  for (let i = 0; i < WARM_UP; i++) curvesOf(count(choice), choice.chosen);
  listen();
  document.documentElement.classList.add('explored');
  update();
}

if (page) requestAnimationFrame(() => setTimeout(start)); // after the first paint
