// Draws the charts of the download statistics as text: SVG and HTML. It is the only code that draws them. When the page
// is generated, package statspage runs it to draw the charts that visitors see without scripts. In a browser, stats.js
// calls it after every click, so nothing moves when the script replaces the charts.
//
// It uses neither the document nor anything else of a browser. It defines one global, charts; each of its functions
// takes numbers and labels and returns markup. The texts it is given are escaped here.
//
// Charts fit any width without a script, because horizontal lengths are percentages. Paths cannot have percentages, so
// curves are drawn in a nested picture of 1000 by 200 units with preserveAspectRatio="none", which the browser
// stretches to the width of the page. The style sheet sets vector-effect: non-scaling-stroke to keep the strokes thin.
// Texts are outside of that picture, so that they are not stretched.
//
// For example, two days with 5 and 10 downloads have an axis that ends at 10. Each day is 500 units wide, and y = 0 is
// the top of the picture, so 5 downloads are at y = 100. The outlines are
//
//   M0 200V100H500V200Z     up to 5 downloads, right to the next day, back down
//   M500 200V0H1000V200Z    the last day, drawn lighter because it may be incomplete

globalThis.charts = (() => {
  const WIDTH = 1000, HEIGHT = 200; // of the nested picture (units)
  const ABOVE = 18, BELOW = 30; // space for the label of the highest line and those of the horizontal axis (pixels)
  const MEAN_DAYS = 7;

  // The words of a language: texts, decimal, grouping, months, forms and, in a browser, category, which returns the plural category of
  // a number. speak sets them.
  let words;
  const speak = (language) => { words = language; };

  // text returns a text with the values of its placeholders. The value count selects a plural form.
  function text(key, values = {}) {
    const forms = words.texts[key];
    const form = typeof forms === 'string' ? forms : forms[words.category(values.count)] ?? forms.other;
    return form.replace(/\{([a-z_]+)\}/g, (_, name) => values[name]);
  }

  const escape = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
  const comma = (n) => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, words.grouping);
  const tenths = (n) => n.toFixed(1).replace('.', words.decimal);
  const share = (part, whole) => `${tenths(whole ? 100 * part / whole : 0)} %`;
  const round = (n) => String(Math.round(n * 10) / 10); // differences below a tenth of a unit are invisible
  const percent = (part, whole) => `${whole ? Math.round(1e4 * part / whole) / 100 : 0}%`;

  // dateLabel returns the label of a day ("30 Oct 2026") or, as Go's layout of a month, of its month ("Oct 2026"). Days
  // are integers: the number of days since 1970-01-01 (UTC).
  function dateLabel(layout, day) {
    const date = new Date(day * 864e5);
    return layout.replace(/Jan|2006|2/g, (part) =>
      part === 'Jan' ? words.months[date.getUTCMonth()] : part === '2' ? date.getUTCDate() : date.getUTCFullYear());
  }

  // labelOf returns the label of a day or week ("30 Oct 2026") or a month ("Oct 2026") that begins on a day.
  const labelOf = (unit, day) => dateLabel(words.forms[unit === 'month' ? 1 : 0], day);

  // scale returns the top of an axis that includes the value most, and its grid lines as pairs of a value and a label:
  // up to four multiples of a step, which is 1, 2 or 5 times a power of ten. An axis for 1234 has the step 500, lines
  // at 500 and 1,000, and ends at 1296: an eighth of a step more than needed, which leaves room for a label.
  function scale(most) {
    let step = 1;
    for (let i = 0; most > 4 * step; i++) step = i % 3 === 1 ? step / 2 * 5 : step * 2;
    const top = Math.max(most + Math.floor(step / 8), 1), lines = [];
    for (let n = step; n <= top; n += step) lines.push([n, comma(n)]);
    return { top, lines };
  }

  // picture returns the SVG of a chart. Paths are pairs of a class and a path; lines are pairs of a height in units and
  // a label; marks are labels of the horizontal axis: [percentage, text]; notes are vertical lines with a text:
  // [percentage, text].
  function picture({ title, description, paths, lines, marks, notes = [], under = '' }) {
    const grid = lines.map(([y, label]) => `<line x2="100%" y1="${round(y)}" y2="${round(y)}"/>` +
      `<text y="${round(y)}" dy="-4">${escape(label)}</text>`).join('') +
      `<line class="zero" x2="100%" y1="${HEIGHT}" y2="${HEIGHT}"/>`;
    const noted = notes.map(([x, text]) => `<line class="note" x1="${x}%" x2="${x}%" y2="${HEIGHT}"/>` +
      `<text x="${x}%" y="10" ${x > 50 ? 'dx="-6" text-anchor="end"' : 'dx="6"'}>${escape(text)}</text>`).join('');
    const near = (label) => String(label).length > 4 ? 10 : 5; // percent: where half a label does not fit on a phone
    const anchor = (x, label) => x < near(label) ? 'start' : x > 100 - near(label) ? 'end' : 'middle';
    const labels = marks.map(([x, label]) =>
      `<line x1="${x}%" x2="${x}%" y1="${ABOVE + HEIGHT}" y2="${ABOVE + HEIGHT + 5}"/>` +
      `<text x="${x}%" y="${ABOVE + HEIGHT + 20}" text-anchor="${anchor(x, label)}">` +
      `${escape(label)}</text>`).join('');
    const place = `y="${ABOVE}" width="100%" height="${HEIGHT}"`;
    return `<svg class="curve" width="100%" height="${ABOVE + HEIGHT + BELOW}" role="img" ` +
      `aria-label="${escape(`${title}. ${description}`.trim())}">` +
      `<svg ${place} viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none">` +
      paths.map(([style, d]) => `<path class="${style}" d="${d}"/>`).join('') +
      `</svg><svg ${place} class="axis">${grid}${noted}</svg>${labels}` +
      `<rect class="brush" y="${ABOVE}" height="${HEIGHT}" width="0"/></svg>${under}`;
  }

  // legend returns a list of the names of curves or areas, with a sample of each.
  function legend(entries) {
    const sample = (style) => '<svg class="curve" width="32" height="10" aria-hidden="true">' +
      `<path class="${style}" d="${style.startsWith('line') ? 'M0 5H32' : 'M0 0H32V10H0Z'}"/></svg>`;
    return '<ul class="legend">' +
      entries.map(([style, name]) => `<li>${sample(style)} ${escape(name)}</li>`).join('') + '</ul>';
  }

  // ticks returns the marks of a chart whose points begin on some days, so few that they fit on a phone: at each point,
  // or else at the beginnings of weeks, months or years. For example, ninety days have marks at the first of each month.
  function ticks(days, unit) {
    const length = unit === 'week' ? 7 : 1; // a week has the mark of the month or year that begins in it
    const ends = days.map((day) => new Date((day + length - 1) * 864e5));
    const short = unit === 'month' ? words.forms[1] : words.forms[0].replace(/\W*2006\W*/, ''); // without the year
    const point = (i) => dateLabel(short, days[i]);
    const month = (i) => dateLabel(words.forms[1], days[i] + length - 1);
    const year = (i) => ends[i].getUTCFullYear(), opens = (i) => ends[i].getUTCDate() <= length; // a month begins
    const week = (i) => unit === 'month' ? NaN : (days[i] - 4) / 7; // day 4, 5 January 1970, was a Monday
    const levels = [
      ...[1, 2, 3].map((n) => [point, 4, (i) => i % n === 0]),
      ...[1, 2].map((n) => [point, 4, (i) => week(i) % n === 0]),
      ...[1, 2, 3, 6].map((n) => [month, 4, (i) => opens(i) && ends[i].getUTCMonth() % n === 0]),
      ...[1, 2, 5, 10].map((n) => [year, 6, (i) => opens(i) && ends[i].getUTCMonth() === 0 && year(i) % n === 0]),
    ];
    for (const [label, most, chosen] of levels) {
      const at = days.map((_, i) => i).filter(chosen);
      if (at.length > most || at.length < Math.min(2, days.length)) continue;
      return at.map((i) => [middle(i, days.length), label(i)]);
    }
    return [[0, labelOf(unit, days[0])], [100, labelOf(unit, days[days.length - 1])]];
  }

  // middle returns the place of the middle of a point in percent.
  const middle = (i, points) => Math.round(1e4 * (i + .5) / points) / 100;

  // lineOf returns the path of values at the middle of each step. Null is a gap, so a curve starts where its values do.
  // A value between two gaps is drawn over its whole step, because a line of one point would be invisible.
  function lineOf(values, top) {
    const n = values.length, gap = (i) => (values[i] ?? null) === null;
    return values.map((value, i) => {
      if (gap(i)) return '';
      const y = round(HEIGHT * (1 - value / top));
      if (gap(i - 1) && gap(i + 1)) return `M${round(WIDTH * i / n)} ${y}H${round(WIDTH * (i + 1) / n)}`;
      return `${gap(i - 1) ? 'M' : 'L'}${round(WIDTH * (i + .5) / n)} ${y}`;
    }).join('');
  }

  // The first and the last point may be partial: a week of which only some days are selected, the day that is not over.
  // Their downloads look like a fall, so charts draw them lighter. partial is a pair of booleans for these two points.
  // partsOf returns the indexes of the partial ones of n points.
  const partsOf = ([begin, end], n) => [...new Set([...begin ? [0] : [], ...end ? [n - 1] : []])];

  // lineWithParts returns the path of a line without partial points, and the path that joins these to it.
  function lineWithParts(values, top, parts) {
    const joined = new Set(parts.flatMap((i) => [i, i ? i - 1 : 1]));
    return [values.map((v, i) => parts.includes(i) ? null : v), values.map((v, i) => joined.has(i) ? v : null)]
      .map((list) => lineOf(list, top));
  }

  // running returns the sums of all values up to each one.
  function running(values) {
    let sum = 0;
    return values.map((n) => sum += n);
  }

  // meansOf returns the mean of each point and the six days before it, or null if there are fewer than seven means to
  // show. Lead has the downloads of up to six days before the first point. A point without six days before it, or that
  // is partial, has the mean null.
  function meansOf({ points, unit, cumulative, partial = [false, false], lead = [] }) {
    if (unit !== 'day' || cumulative || lead.length + points.length < 2 * MEAN_DAYS - 1) return null;
    const values = [...lead, ...points.map((p) => p.downloads)], last = values.length - 1;
    let sum = 0;
    return values.map((n, i) => {
      sum += n - (i >= MEAN_DAYS ? values[i - MEAN_DAYS] : 0);
      return i < MEAN_DAYS - 1 || partial[1] && i === last ? null : sum / MEAN_DAYS;
    }).slice(lead.length);
  }

  // time returns the chart of downloads over time. Points have the day on which they begin (from), a label and
  // downloads; partial is that of partsOf, lead that of meansOf; before has the downloads of the period before; notes are
  // pairs of the index of a point and a text.
  function time({ points, unit, cumulative = false, partial = [false, false], lead = [], before = null, notes = [] }) {
    const n = points.length, last = n - 1, values = points.map((p) => p.downloads);
    const parts = partsOf([partial[0] && !cumulative, partial[1]], n);
    const shown = cumulative ? running(values) : values;
    const earlier = before && (cumulative ? running(before) : before);
    const mean = meansOf({ points, unit, cumulative, partial, lead });
    const { top, lines } = scale(Math.max(0, ...shown, ...earlier ?? []));
    const x = (i) => round(WIDTH * i / n), y = (i) => round(HEIGHT * (1 - shown[i] / top));
    const outline = (from, to) => {
      let d = `M${x(from)} ${HEIGHT}`;
      for (let i = from; i < to; i++) d += `V${y(i)}H${x(i + 1)}`;
      return `${d}V${HEIGHT}Z`;
    };
    const begin = parts.includes(0) ? 1 : 0, end = parts.includes(last) ? last : n, paths = [], names = [];
    if (begin < end) paths.push(['area', outline(begin, end)]);
    for (const i of parts) paths.push(['area part', outline(i, i + 1)]);
    names.push(['area', text(cumulative ? 'so_far' : `by_${unit}`)]);
    if (parts.length) names.push(['area part', text(`part_${unit}`)]);
    if (mean) {
      paths.push(['line mean', lineOf(mean, top)]);
      names.push(['line mean', text('mean')]);
    }
    if (earlier) {
      paths.push(['line before', lineOf(earlier, top)]);
      names.push(['line before', text('before')]);
    }
    const most = points.reduce((a, p) => p.downloads > a.downloads ? p : a);
    const description = `${text(`described_${unit}`, { from: points[0].label, to: points[last].label })} ` + (cumulative
      ? text('described_total', { number: comma(shown[last]) })
      : text('described_most', { label: most.label, number: comma(most.downloads) }));
    return picture({
      title: text(cumulative ? 'total' : 'over_time'), description, paths,
      lines: lines.map(([v, label]) => [HEIGHT * (1 - v / top), label]), marks: ticks(points.map((p) => p.from), unit),
      notes: notes.map(([i, note]) => [Math.round(1e4 * i / n) / 100, note]), under: legend(names),
    });
  }

  // over returns the chart of some values over time: "lines", "stacked" areas or areas of the "share". Days are
  // those on which the points begin; each of series has a name and values. Others is true if the last series is the rest;
  // partial is that of partsOf.
  function over({ title, unit, days, series, others = false, as = 'lines', partial = [false, false] }) {
    if (!series.length || !days.length) return `<p>${escape(text('none'))}</p>`;
    const n = days.length, parts = partsOf(partial, n), style = (i) => others && i === series.length - 1 ? 0 : i + 1;
    const sums = days.map((_, i) => series.reduce((sum, s) => sum + s.values[i], 0));
    const names = series.map((s, i) => [as === 'lines' ? `line c${style(i)}` : `band b${style(i)}`, s.name]);
    let paths, top, lines;
    if (as === 'lines') {
      ({ top, lines } = scale(Math.max(0, ...series.flatMap((s) => s.values))));
      paths = series.flatMap((s, i) => {
        const begin = s.values.findIndex((v) => v > 0), values = s.values.map((v, at) => at < begin ? null : v);
        const [whole, part] = lineWithParts(values, top, parts);
        return [[names[i][0], whole], [`${names[i][0]} part`, part]].filter(([, d]) => d);
      });
    } else {
      [top, lines] = [1, [.25, .5, .75, 1].map((part) => [part, `${100 * part} %`])];
      if (as === 'stacked') ({ top, lines } = scale(Math.max(0, ...sums)));
      const height = sums.map((sum) => as === 'stacked' ? 1 : sum ? 1 / sum : 0), floor = sums.map(() => 0);
      paths = series.map((s, i) => {
        let up = '', down = '';
        s.values.forEach((v, at) => {
          const bottom = round(HEIGHT * (1 - floor[at] / top));
          floor[at] += v * height[at];
          const edge = round(HEIGHT * (1 - floor[at] / top)), [from, to] = [WIDTH * at / n, WIDTH * (at + 1) / n];
          up += `${at ? 'L' : 'M'}${round(from)} ${edge}H${round(to)}`;
          down = `L${round(to)} ${bottom}H${round(from)}${down}`;
        });
        return [names[i][0], `${up}${down}Z`];
      });
      if (as === 'stacked') { // shares of a part are still shares
        const x = (i) => round(WIDTH * i / n);
        paths.push(...parts.map((i) => ['veil', `M${x(i)} 0H${x(i + 1)}V${HEIGHT}H${x(i)}Z`]));
      }
    }
    const all = sums.reduce((a, b) => a + b, 0);
    const description = series.map((s) => `${s.name} ${share(s.values.reduce((a, b) => a + b, 0), all)}`).join(', ') + '.';
    return picture({ title, description, paths, lines: lines.map(([v, label]) => [HEIGHT * (1 - v / top), label]),
      marks: ticks(days, unit), under: legend(names) });
  }

  // top returns the rows that a chart over time shows one by one: those with the most downloads, and those to keep.
  function top(rows, most = 6) {
    if (rows.length <= most) return rows;
    const kept = rows.filter((row) => row.keep).slice(0, most);
    const rest = rows.filter((row) => !row.keep).sort((a, b) => b.downloads - a.downloads);
    const chosen = new Set([...kept, ...rest.slice(0, most - kept.length)]);
    return rows.filter((row) => chosen.has(row));
  }

  // summed returns the series of a chart over time: those of the top rows, most downloads first, and the rest as one.
  function summed({ rows, rest }) {
    const chosen = top(rows), left = rows.filter((row) => !chosen.includes(row));
    const series = chosen.slice().sort((a, b) => b.downloads - a.downloads);
    if (left.length) {
      const sum = (_, i) => left.reduce((n, row) => n + row.values[i], 0);
      series.push({ name: rest, values: left[0].values.map(sum) });
    }
    return { series, others: left.length > 0 };
  }

  // allOver returns the chart of all rows over time, and overTable the same numbers as the parts of a table.
  const allOver = (o) => over({ ...o, ...summed(o) });
  function overTable(o) {
    const { series } = summed(o), cell = (name, content) => `<${name}>${escape(content)}</${name}>`;
    const head = [text('from'), ...series.map((s) => s.name)].map((name) => `<th scope="col">${escape(name)}</th>`).join('');
    const body = o.days.map((day, i) => `<tr><th scope="row">${escape(labelOf(o.unit, day))}</th>` +
      series.map((s) => cell('td', comma(s.values[i]))).join('') + '</tr>').join('\n');
    return `<thead><tr>${head}</tr></thead>\n<tbody>${body}</tbody>`;
  }

  // releases returns the chart of release adoption. The points of a curve are pairs of the days since the release and
  // the downloads until then; week is the number in the first week as text, or "" if it is not known.
  function releases({ curves }) {
    if (!curves.length) return `<p>${escape(text('no_releases'))}</p>`;
    const days = Math.max(1, ...curves.map((c) => c.points[c.points.length - 1][0]));
    const { top, lines } = scale(Math.max(0, ...curves.map((c) => c.points[c.points.length - 1][1])));
    const x = (day) => round(WIDTH * Math.min(day, days) / days), y = (sum) => round(HEIGHT * (1 - sum / top));
    const paths = curves.map((c, i) => [`line c${i + 1}`,
      c.points.map(([day, sum], at) => `${at ? 'L' : 'M'}${x(day)} ${y(sum)}`).join('')]);
    const step = [1, 2, 5, 10, 15, 30, 60].find((n) => days < 5 * n) ?? 90, marks = [];
    for (let day = 0; day <= days; day += step) marks.push([Math.round(1e4 * day / days) / 100, day]);
    const end = marks[marks.length - 1];
    if (end[1] > 1) end[1] = text('days', { days: end[1] });
    const weeks = curves.filter((c) => c.week).map((c) => text('first_week', { version: c.version, number: c.week }));
    return picture({
      title: text('adoption'), description: weeks.length ? `${weeks.join(', ')}.` : '',
      paths, marks, lines: lines.map(([v, label]) => [HEIGHT * (1 - v / top), label]),
      under: legend(curves.map((c, i) => [`line c${i + 1}`, c.version])),
    });
  }

  // bars returns the list items of a bar chart. Rows have value, label, downloads (a number), share (text), most (the
  // number of the longest bar), note (a word beside the label), page (a link) and, in the browser, pressed: then each
  // is a button that sets a filter.
  function bars({ rows, buttons = false }) {
    return rows.map((row) => {
      const note = row.note ? ` <span class="tag">${escape(row.note)}</span>` : '';
      const link = row.page ? `<a class="page" href="${escape(row.page)}" aria-label="${escape(text('about', { name: row.label }))}">` +
        '<span aria-hidden="true">›</span></a>' : '';
      const inner = `<span class="label"><span class="name">${escape(row.label)}</span>${note}</span>` +
        `<span class="count">${comma(row.downloads)}</span><span class="share">${escape(row.share)}</span>` +
        `<svg class="track" width="100%" height="5" aria-hidden="true"><rect class="ground" width="100%" height="5"/>` +
        `<rect class="fill" width="${percent(row.downloads, row.most)}" height="5"/></svg>`;
      const box = buttons ? `<button type="button" class="value" data-n="${row.n}" aria-pressed="${!!row.pressed}">` +
        `${inner}</button>` : `<div class="value">${inner}</div>`;
      return `<li>${box}${link}</li>`;
    }).join('');
  }

  return {
    WIDTH, speak, text, comma, tenths, share, labelOf, scale, ticks, running, meansOf, time, over, top, allOver,
    overTable, releases, bars,
  };
})();
