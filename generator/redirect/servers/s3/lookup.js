// Looks a package up in the browser, where the server cannot read a query string. The functions parameters and parse
// come from lookup/grammar.js, which is put before this file.

// answer returns {id}, {problem: parameter} or {} for a query string. rows are the packages, newest first: id, arch,
// os, revision, day, version, kind (n nightly, r release, p release that is not public yet).
function answer(tables, rows, query) {
  const q = parse(tables, parameters(query), true);
  if (q.problem) {
    return q;
  }
  const platform = rows.filter((r) => r[1] === q.arch && r[2] === q.oses[0]);
  const kinds = { release: 'r', nightly: 'n', any: 'rnp' }[q.stabilities[0]];
  const base = platform.find((r) => kinds.includes(r[6]) && matches(r, q));
  if (!base) {
    return {};
  }
  if (!q.offset) {
    return { id: base[0] };
  }
  const heads = platform.filter((r, i) => i === 0 || platform[i - 1][3] !== r[3]);
  const reached = heads[heads.findIndex((r) => r[3] === base[3]) - q.offset];
  return reached ? { id: reached[0] } : {};
}

function matches(row, q) {
  switch (q.finds) {
    case 'version':
      return row[5] === q.value || row[5].startsWith(q.value + '.');
    case 'revision':
      return row[3] === Number(q.value);
    case 'closest':
      return row[3] <= Number(q.value);
    case 'date':
      return row[4] <= q.value;
  }
  return true;
}
