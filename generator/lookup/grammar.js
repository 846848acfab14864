// This script parses requests with the tables of a lookup.Spec (see grammar.go), like the methods Parse and Permalink. It
// uses only JavaScript that CloudFront Functions support: no destructuring, no for-of, no default parameters.

// parameters decodes a query string. The first of repeated names counts, and a name without a value has the value ''.
// Each byte becomes one character, which is sufficient because parameters are only compared with ASCII.
function parameters(query) {
    const given = Object.create(null), parts = query.split('&');
    for (let i = 0; i < parts.length; i++) {
        const at = parts[i].indexOf('=');
        const name = unescaped(at < 0 ? parts[i] : parts[i].slice(0, at));
        if (parts[i] && given[name] === undefined) {
            given[name] = at < 0 ? '' : unescaped(parts[i].slice(at + 1));
        }
    }
    return given;
}

function unescaped(text) {
    return decoded(text.replace(/\+/g, ' '));
}

// decoded decodes percent-escapes. Each byte becomes one character.
function decoded(text) {
    return text.replace(/%[0-9A-Fa-f]{2}/g, (m) => String.fromCharCode(parseInt(m.slice(1), 16)));
}

// valid reports whether a parameter of a kind accepts a value. If values are listed, it must be one of them.
function valid(kind, values, v) {
    switch (kind) {
    case 'c': // one of the listed values
        return values.indexOf(v) >= 0;
    case 't': // any text
        return v !== '';
    case 'n': // a number
        return /^ *\+?[0-9]+ *$/.test(v);
    case 'i': // a number with a sign
        return /^ *[-+]?[0-9]+ *$/.test(v);
    case 'd': // YYYY-MM-DD
        return /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(v) && isDay(Number(v.slice(0, 4)), Number(v.slice(5, 7)), Number(v.slice(8)));
    }
    return false;
}

function isDay(year, month, day) {
    const leap = month === 2 && (year % 4 === 0 && year % 100 !== 0 || year % 400 === 0) ? 1 : 0;
    return day >= 1 && day <= [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] + leap; // no month: NaN
}

// parse checks decoded parameters. It returns {problem: name} if they are invalid, else a query with its defaults:
// oses, stabilities, arch, offset, finds ('newest', 'version', 'revision', 'closest' or 'date'), and the value to find.
// A request for a single package must name a system.
function parse(tables, given, single) {
    const q = { arch: '', offset: 0, finds: 'newest', value: '' };
    const modes = tables.parameters.filter((p) => p[2][0] === '=' && given[p[0]] !== undefined);
    for (let i = 0; i < tables.parameters.length; i++) {
        const p = tables.parameters[i], role = p[2], values = (p[3] || '').split('|'), v = given[p[0]];
        if (role[0] === '=' && modes.length > 1) {
            return { problem: 'mode' };
        }
        if (v === undefined ? single && role === 'os' : !valid(p[1], values, v)) {
            return { problem: p[0] };
        }
        if (role === 'os') {
            q.oses = v === undefined ? values : [v];
        } else if (role === 'arch') {
            q.arch = v || values[0];
        } else if (role === 'stability' && v) {
            q.stabilities = [v];
        } else if (role === 'offset') {
            q.offset = Number(v || 0);
        } else if (role[0] === '=' && v) { // a mode
            q.finds = role.slice(1);
            q.value = v;
        }
    }
    if (!q.stabilities) {
        q.stabilities = !single ? ['release', 'nightly'] : [q.finds === 'revision' ? 'any' : 'release'];
    }
    return q;
}

// permalink returns the parameters of a permalink, and whether it leads to the record of a package (/find) instead of the
// package itself (/download). For other paths it returns null.
function permalink(tables, path) {
    const choice = (all, name) => '(' + tables.parameters.filter((p) => p[0] === name)[0][3] + ')';
    for (let i = 0; i < tables.permalinks.length; i++) {
        const l = tables.permalinks[i];
        const m = new RegExp('^' + l[0].replace(/{([a-z-]+)}/g, choice) + '(\\.json)?$').exec(path);
        if (m) {
            const given = parameters(l[2]), names = l[1].split(',');
            for (let j = 0; j < names.length; j++) {
                given[names[j]] = m[j + 1];
            }
            return { given: given, record: m[m.length - 1] !== undefined };
        }
    }
    return null;
}
