// Finds a package in the browser, because S3 ignores query strings. lookup/grammar.js, which defines the functions
// parameters and parse, comes before this file in the page.

// answer finds the package for a query string. It returns {id}, {problem: parameter}, or {} if no package matches. rows
// are the packages, newest first: id, architecture, system, revision, day, version, kind. The kind is n for a nightly
// build, r for a release and p for a pre-release.
function answer(tables, rows, query) {
  const q = parse(tables, parameters(query), true);
  if (q.problem) {
    return q;
  }
  const platform = rows.filter((r) => r[1] === q.a[0] && r[2] === q.o[0]);
  const kinds = { release: 'r', nightly: 'n', any: 'rnp' }[q.s[0]];
  const base = platform.find((r) => kinds.includes(r[6]) && matches(r, q));
  if (!base) {
    return {};
  }
  const offset = Number(q.f);
  if (!offset) {
    return { id: base[0] };
  }
  // An offset counts revisions. heads are the newest packages of each revision, the newest revision first.
  const heads = platform.filter((r, i) => i === 0 || platform[i - 1][3] !== r[3]);
  const reached = heads[heads.findIndex((r) => r[3] === base[3]) - offset];
  return reached ? { id: reached[0] } : {};
}

// matches reports whether a row is a package that the query selects, apart from its platform and stability.
function matches(row, q) {
  switch (q.finds) {
    case 'v':
      return row[5] === q.sought || row[5].startsWith(q.sought + '.');
    case 'r':
      return row[3] === Number(q.sought);
    case 'c':
      return row[3] <= Number(q.sought);
    case 'd':
      return row[4] <= q.sought;
  }
  return true;
}
