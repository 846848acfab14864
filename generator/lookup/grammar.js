// This script parses requests with the tables of a lookup.Spec (see grammar.go), like the methods Parse and Permalink. It
// uses only JavaScript that CloudFront Functions support: no destructuring, no for-of, no default parameters. It is
// written as arrow functions and with ==, which minify well; both sides of == have the same type or are undefined.

// parameters decodes a query string. The first of repeated names counts, and a name without a value has the value ''.
// Each byte becomes one character, which is sufficient because parameters are only compared with ASCII.
const parameters = (query) => {
    const given = Object.create(null);
    query.replace(/\+/g, ' ').split('&').map((pair) => {
        const at = (pair + '=').indexOf('='), name = decoded(pair.slice(0, at));
        if (pair && !(name in given)) {
            given[name] = decoded(pair.slice(at + 1));
        }
    });
    return given;
};

// decoded decodes percent-escapes. Each byte becomes one character.
const decoded = (text) =>
    text.includes('%') ? text.replace(/%([\da-f]{2})/gi, (all, hex) => String.fromCharCode('0x' + hex)) : text;

// valid reports whether a parameter of a kind accepts a value: one of the listed values ("c", with bars between them),
// any text ("t"), a number ("n"), a number with a sign ("i"), or a day ("d"). JavaScript turns February 30 into March 2,
// or into no date (NaN); years beyond 9999 have a sign, which is below all digits.
const valid = (kind, values, v) =>
    kind == 'c' ? bars(values).includes(v) :
    kind == 't' ? v :
    kind == 'd' ? v > '0' && new Date(+new Date(v) || 0).toJSON().slice(0, 10) == v :
    /^ *[-+]?\d+ *$/.test(v) && (kind == 'i' || kind == 'n' && !/-/.test(v));

// parse checks decoded parameters. It returns {problem: name} if they are invalid, else a query with its defaults. The
// query has the values of roles as lists: 'o' for the systems, 's' for the stabilities, 'a' for the architecture, which
// comes first, and 'f' for the offset. finds is 'n' for the newest package, 'v' for a version, 'r' for a revision, 'c' for
// the closest revision, 'd' for a date, and sought is the value to find. In the tables, parameters for sought have the
// role '=' with what they find. A request for a single package must name a system.
const parse = (tables, given, single) => {
    const list = tables.parameters, q = { finds: 'n' };
    let modes = 0;
    for (let i = 0; list[i]; i += 3) {
        modes += list[i + 1][0] == '=' && list[i] in given;
    }
    for (let i = 0; list[i]; i += 3) {
        const name = list[i], role = list[i + 1], kind = list[i + 2], values = kind.slice(1), v = given[name];
        if (role[0] != '=') {
            q[role] = v ? [v] : bars(values);
        } else if (modes > 1) {
            return { problem: 'mode' };
        } else if (v) {
            q.finds = role[1];
            q.sought = v;
        }
        if (v == undefined ? single && role == 'o' : !valid(kind[0], values, v)) {
            return { problem: name };
        }
    }
    if (q.s[1]) {
        q.s = !single ? ['release', 'nightly'] : [q.finds == 'r' ? 'any' : 'release'];
    }
    return q;
};

const bars = (text) => text.split('|');

// choices returns the values of the parameter with a role, with bars between them.
const choices = (tables, role) => tables.parameters[tables.parameters.indexOf(role) + 1].slice(1);

// permalink returns the parameters of a permalink, and whether it leads to the record of a package (/find) instead of the
// package itself (/download). For other paths it returns undefined.
const permalink = (tables, path) =>
    tables.permalinks.map((l) => {
        // Most paths do not even begin with the same letter.
        const m = l[0][1] == path[1] && RegExp('^' +
            l[0].replace(/{([a-z])}/g, (all, role) => '(' + choices(tables, role) + ')') + '(\\.json)?$').exec(path);
        if (m) {
            const given = parameters(l[2]);
            l[1].split(',').forEach((name, j) => given[name] = m[j + 1]);
            return { given: given, record: m.pop() };
        }
    }).find((found) => found);
