// Looks a package up in the browser, where the server cannot read a query string.

const PARAMETERS = {
  os: /^(win|macosx|linux)$/,
  stability: /^(release|nightly|any)$/,
  arch: /^(amd64|arm64|i386)$/,
  offset: /^ *[-+]?[0-9]+ *$/,
  'checkout-date': /^$./, // of a server that is retired: never right
  version: /^[^]+$/,
  revision: /^ *\+?[0-9]+ *$/,
  'closest-revision': /^ *\+?[0-9]+ *$/,
  date: /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/,
};

// answer gives {id}, {problem: parameter} or {} for a query string. rows are the packages, newest first:
// id, arch, os, revision, day, version, kind (n nightly, r release, p release not yet let go).
function answer(rows, query) {
  const p = {};
  for (const part of query.split('&')) {
    const at = part.indexOf('=');
    const name = unescaped(at < 0 ? part : part.slice(0, at));
    if (part && PARAMETERS[name] && p[name] === undefined) {
      p[name] = at < 0 ? '' : unescaped(part.slice(at + 1));
    }
  }
  const modes = ['version', 'revision', 'closest-revision', 'date'].filter((m) => p[m] !== undefined);
  if (p.os === undefined) {
    return { problem: 'os' };
  }
  for (const name of Object.keys(PARAMETERS)) {
    if (p[name] !== undefined && !PARAMETERS[name].test(p[name])) {
      return { problem: name };
    }
  }
  if (modes.length > 1) {
    return { problem: modes.join(' and ') };
  }
  if (p.date !== undefined && !isDay(p.date)) {
    return { problem: 'date' };
  }
  const mode = modes[0];
  const stability = p.stability || (mode === 'revision' ? 'any' : 'release');
  const platform = rows.filter((r) => r[1] === (p.arch || 'amd64') && r[2] === p.os);
  const kinds = { release: 'r', nightly: 'n', any: 'rnp' }[stability];
  const base = platform.find((r) => kinds.includes(r[6]) && matches(r, mode, p[mode]));
  if (!base) {
    return {};
  }
  const offset = Number(p.offset || 0);
  if (!offset) {
    return { id: base[0] };
  }
  const heads = platform.filter((r, i) => i === 0 || platform[i - 1][3] !== r[3]);
  const reached = heads[heads.findIndex((r) => r[3] === base[3]) - offset];
  return reached ? { id: reached[0] } : {};
}

function matches(row, mode, value) {
  switch (mode) {
    case 'version':
      return row[5] === value || row[5].startsWith(value + '.');
    case 'revision':
      return row[3] === Number(value);
    case 'closest-revision':
      return row[3] <= Number(value);
    case 'date':
      return row[4] <= value;
  }
  return true;
}

function isDay(text) {
  const [year, month, day] = text.split('-').map(Number);
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month >= 1 && month <= 12 && day >= 1 && day <= [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
}

function unescaped(text) {
  return text.replace(/\+|%[0-9A-Fa-f]{2}/g, (m) => (m === '+' ? ' ' : String.fromCharCode(parseInt(m.slice(1), 16))));
}
