// This script parses requests with the tables of a lookup.Spec (see grammar.go), like the methods Parse and Permalink. It
// uses only JavaScript that CloudFront Functions support: no destructuring, no for-of, no default parameters.

// parameters decodes a query string. The first of repeated names counts, and a name without a value has the value ''.
// Each byte becomes one character, which is sufficient because parameters are only compared with ASCII.
function parameters(query) {
    const given = Object.create(null);
    query.split('&').forEach((part) => {
        const at = (part + '=').indexOf('='), name = unescaped(part.slice(0, at));
        if (part && !(name in given)) {
            given[name] = unescaped(part.slice(at + 1));
        }
    });
    return given;
}

function unescaped(text) {
    return decoded(text.replace(/\+/g, ' '));
}

// decoded decodes percent-escapes. Each byte becomes one character.
function decoded(text) {
    return text.replace(/%[0-9A-Fa-f]{2}/g, (m) => String.fromCharCode(parseInt(m.slice(1), 16)));
}

// valid reports whether a parameter of a kind accepts a value: one of the listed values ("c"), any text ("t"), a number
// ("n"), a number with a sign ("i"), or a day ("d").
function valid(kind, values, v) {
    return kind === 'c' ? values.indexOf(v) >= 0 :
        kind === 't' ? v !== '' :
        kind === 'n' ? /^ *\+?\d+ *$/.test(v) :
        kind === 'i' ? /^ *[-+]?\d+ *$/.test(v) :
        kind === 'd' && /^\d{4}-(0[1-9]|1[0-2])-\d\d$/.test(v) && isDay(v.split('-'));
}

// isDay reports whether a month has a day. JavaScript turns February 30 into March 2; its years below 100 are those of
// the 20th century, and every 400 years, the calendar repeats itself.
function isDay(f) {
    return new Date(Date.UTC(+f[0] + 400, f[1] - 1, f[2])).getUTCDate() === +f[2];
}

// parse checks decoded parameters. It returns {problem: name} if they are invalid, else a query with its defaults:
// oses, stabilities, arch, offset, finds ('n' for the newest package, 'v' for a version, 'r' for a revision, 'c' for the
// closest revision, 'd' for a date), and the value to find. The roles of parameters are 'o' for the system, 's' for the
// stability, 'a' for the architecture, 'f' for the offset, and '=' with what they find for others. A request for a single
// package must name a system.
function parse(tables, given, single) {
    const q = { arch: '', offset: 0, finds: 'n', value: '' };
    const mode = (p) => p[2][0] === '=' && p[0] in given;
    for (let i = 0; i < tables.parameters.length; i++) {
        const p = tables.parameters[i], role = p[2], values = (p[3] || '').split('|'), v = given[p[0]];
        if (role[0] === '=' && tables.parameters.filter(mode).length > 1) {
            return { problem: 'mode' };
        }
        if (v === undefined ? single && role === 'o' : !valid(p[1], values, v)) {
            return { problem: p[0] };
        }
        if (role === 'o') {
            q.oses = v ? [v] : values;
        } else if (role === 'a') {
            q.arch = v || values[0];
        } else if (role === 'f') {
            q.offset = +(v || 0);
        } else if (v && role === 's') {
            q.stabilities = [v];
        } else if (v && role) { // a mode
            q.finds = role.slice(1);
            q.value = v;
        }
    }
    q.stabilities = q.stabilities || (!single ? ['release', 'nightly'] : [q.finds === 'r' ? 'any' : 'release']);
    return q;
}

// choices returns the values of the parameter with a role, with bars between them.
function choices(tables, role) {
    return tables.parameters.filter((p) => p[2] === role)[0][3];
}

// permalink returns the parameters of a permalink, and whether it leads to the record of a package (/find) instead of the
// package itself (/download). For other paths it returns undefined.
function permalink(tables, path) {
    for (let i = 0; i < tables.permalinks.length; i++) {
        const l = tables.permalinks[i];
        const m = new RegExp('^' + l[0].replace(/{([a-z])}/g, (all, role) => '(' + choices(tables, role) + ')') + '(\\.json)?$').exec(path);
        if (m) {
            const given = parameters(l[2]);
            l[1].split(',').forEach((name, j) => { given[name] = m[j + 1]; });
            return { given: given, record: !!m[m.length - 1] };
        }
    }
}
