// The viewer-request function of sitegen. It answers requests to the download API, permalinks and rules from the
// key-value store that sitegen writes, and looks up the files of the site there; tree.go, tables.go, steps.go,
// packages.go and pages.go describe the store. It contains no text of pages. sitegen puts lookup/grammar.js, which
// defines the functions parameters, parse and permalink, before this file and minifies both.
import cf from 'cloudfront';

const kvs = cf.kvs();
const ROOT = 'root/2';
const BITSTREAM = '/bitstream/';
const ROUTES = ['/', '/find', '/findall', '/download'];
const UNRESERVED = /^[A-Za-z0-9._~-]+$/;
const UNRULED = /^\/(assets|-)\/|^\/40[04]\.html$|\/\.(?!well-known(\/|$))/; // paths without rules

export async function handler(event) {
    const request = event.request;
    let response;
    try {
        response = await answer(request, decoded(request.uri).replace(/\/\/+/g, '/'));
    } catch (e) { // the store cannot be read
        response = respond(503, '');
        response.headers['retry-after'] = { value: '30' };
    }
    if (request.method === 'HEAD' && response.statusCode) {
        delete response.body;
    }
    return response;
}

// answer answers a request: it returns a response, or the request with the path of a file. path is decoded.
async function answer(request, path) {
    if (request.method === 'OPTIONS') {
        return allow(respond(204, ''));
    }
    const host = request.headers.host;
    const root = await open(host && host.value);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
        const refusal = await message(root, 405, '405');
        return allow(refusal);
    }
    const given = parameters(request.rawQueryString() || '');
    const file = path.startsWith(BITSTREAM), record = /^\/api\/v1\/packages\/(.+)\.json$/.exec(path);
    if (file || record) {
        const found = await identify(root, file ? path.slice(BITSTREAM.length) : record[1], file);
        if (found) {
            return file ? redirect(302, found.url) : describe(root, found);
        }
    }
    if (ROUTES.indexOf(path) >= 0) {
        return api(request, root, path, given);
    }
    const link = permalink(root, path);
    if (link) {
        return api(request, root, link.record ? '/find' : '/download', link.given);
    }
    const at = encode(path), spot = await look(root, at);
    const rule = UNRULED.test(path) ? null : await match(root, at, spot, given);
    if (rule && (rule.force || !spot.file)) {
        return obey(request, root, rule);
    }
    return file ? message(root, 404, '404-bitstream') : show(request, root, at, spot);
}

// open reads the root of the edition for a host. Production has the root that is read first. The table of hosts tells
// which hosts show another edition; it is read only for hosts other than production's.
async function open(host) {
    const root = { nodes: Object.create(null) }; // nodes holds the values that this request has read, by key
    let text = await read(root, ROOT);
    const production = text.split('\t')[0];
    if (production && host !== production) {
        let editions = {};
        try {
            const table = await kvs.get('hosts/2');
            editions = JSON.parse(table);
        } catch (e) { // there is no table: all hosts show production
        }
        if (editions[host]) {
            text = await read(root, ROOT + '/' + editions[host]);
        }
    }
    const parts = text.split('\n\n'), fields = parts[0].split('\t');
    root.parameters = list(fields[1]);
    root.permalinks = list(fields[2]);
    root.fields = fields;
    root.texts = parts[1].split('\n');
    root.trees = parts.slice(2);
    root.oses = choices(root, 'os');
    return root;
}

function list(text) {
    return text.split(';').map((item) => item.split(' '));
}

// choices returns the values of the parameter with a role.
function choices(root, role) {
    return root.parameters.filter((p) => p[2] === role)[0][3].split('|');
}

// read returns the value of a key. It reads a key of the store only once for a request. A value that starts with a tilde
// is the start of a longer text; see store.piece in tree.go.
async function read(root, key) {
    if (!root.nodes[key]) {
        let text = '', value = await kvs.get(key);
        while (value[0] === '~') {
            text += value.slice(9);
            value = await kvs.get('t' + value.slice(1, 9));
        }
        root.nodes[key] = text + value;
    }
    return root.nodes[key];
}

// descend returns the leaf of a table for a key, or for the row number n of a system; see store in tree.go. text is the
// part of the root for the table. rank is the number of the first row in the leaf.
async function descend(root, kind, text, key, os, n) {
    let rank = 0;
    while (text[0] === '+') {
        const rows = text.slice(1).split('\n');
        let hash, next = rank;
        for (let i = 0; i < rows.length; i++) {
            const f = rows[i].split(' ');
            if (n === undefined ? f[0] > key : next > n) {
                break;
            }
            hash = f[1];
            rank = next;
            next += f[2] ? +f[2].split(',')[os] : 0;
        }
        text = await read(root, kind + hash);
    }
    return { text: text, rank: rank };
}

// lookup returns the value of a row of a table, and the first line of its leaf; null if there is no such row.
async function lookup(root, kind, text, key) {
    const leaf = await descend(root, kind, text, key);
    const at = leaf.text.indexOf('\n' + key + ' ');
    return at < 0 ? null : {
        value: leaf.text.slice(at + key.length + 2).split('\n')[0],
        hashes: leaf.text
    };
}

// step returns what a table of steps has for a system and stability at a key or, without a key, at the row number n of
// the system, counted from 0. found.key is the key of the row that changed it last; see store.steps in steps.go.
async function step(root, table, os, mask, key, n) {
    const leaf = await descend(root, 's', table, key, os, n);
    const found = {}, rows = leaf.text.split('\n');
    for (let i = 1; i < rows.length; i++) {
        const f = rows[i].split(' ');
        if (n === undefined ? f[0] > key : found.rank >= n) {
            break;
        }
        if (!rows[i]) {
            found.rank = leaf.rank - 1;
        }
        for (let j = 0; f[1] && j < f[1].length; j += 3) {
            const change = code(f[1], j);
            if (Math.floor(change / 7) === os) {
                const bits = change % 7 + 1;
                found.rank += bits & 1;
                if (bits & mask) {
                    found.at = place(rows[0], f[1].slice(j + 1));
                    found.key = f[0];
                }
            }
        }
    }
    return n === undefined || found.rank === n ? found : {};
}

// place returns the place of a package's description: the hash of a node and a line; see leaf in tree.go.
function place(hashes, text) {
    return { hash: hashes.substr(8 * code(text, 0), 8), line: code(text, 1) };
}

function code(text, at) {
    return text.charCodeAt(at) - 48;
}

// digits, number, pack and unpack convert numbers and hexadecimal digits from and to base 64; see tree.go.
function digits(n, width) {
    let text = '';
    while (width--) {
        text = String.fromCharCode(48 + n % 64) + text;
        n = Math.floor(n / 64);
    }
    return text;
}

function number(text) {
    let n = 0;
    for (let i = 0; i < text.length; i++) {
        n = n * 64 + code(text, i);
    }
    return n;
}

function pack(hex) {
    return hex.replace(/.../g, (m) => digits(parseInt(m, 16), 2));
}

function unpack(text, length) {
    return (text || '').replace(/../g, (m) => (4096 + number(m)).toString(16).slice(1)).slice(0, length);
}

// load returns the package at a place; see describer in packages.go.
async function load(root, at) {
    const node = await read(root, 'd' + at.hash);
    const lines = node.split('\n'), f = lines[at.line].split(' '), kind = lines[code(f[0], 0)].split('\t');
    const iso = new Date(number(f[4])).toISOString();
    const p = {
        arch: lines[0], os: root.oses[code(f[0], 1)], revision: String(number(f[1])),
        id: root.fields[8] ? unpack(f[2], 24) : f[2], bytes: number(f[3]), sums: f, cell: kind[0], version: kind[1], release: kind[2] === '=' ? kind[1] : kind[2],
        time: iso.slice(11, 19), dot: iso.slice(19, 23), l: '{'
    };
    p.day = kind[5] || iso.slice(0, 10);
    p.name = expand(root, kind[3], p);
    p.product = expand(root, kind[4], p);
    p.date = expand(root, kind[6] || root.texts[code(f[0], 2)], p);
    return p;
}

// checksums sets the checksums of a package. Most requests do without them.
function checksums(p) {
    p.sha512 = unpack(p.sums[5], 128);
    p.sha256 = unpack(p.sums[6], 64);
}

// expand replaces the names of fields in a template by their values. It returns null if a value is empty.
function expand(root, template, p) {
    let missing;
    const text = (template || '').replace(/\{(\w+)\}/g, (all, name) => {
        const value = root.texts[name] ? expand(root, root.texts[name], p) : p[name];
        missing = missing || !value;
        return value;
    });
    return missing ? null : text;
}

// identify finds a package by its id. It returns the place of its description or, if a file is wanted, the URL.
async function identify(root, id, file) {
    const hex = root.fields[8], f = root.fields;
    if (hex && file) {
        id = id.toLowerCase();
    }
    if (!(hex ? /^[0-9a-f]{24}$/ : /^[\w.-]+$/).test(id)) {
        return null;
    }
    const row = await lookup(root, 'i', root.trees[0], hex ? pack(id) : id);
    if (!row) {
        return null;
    }
    const middle = row.value.slice(2);
    const found = place(row.hashes, row.value);
    found.url = !middle ? f[4] + id + f[5] : f[6] + (middle[0] === '!' ? unpack(middle.slice(1), 24) : middle) + f[7];
    return found;
}

// api answers a request to the download API. given holds its decoded parameters by name.
async function api(request, root, route, given) {
    const single = route === '/find' || route === '/download';
    const q = parse(root, given, single);
    if (q.problem) {
        return message(root, 400, '400-' + q.problem);
    }
    if (route === '/' && !root.parameters.some((p) => given[p[0]] !== undefined)) {
        return serve(request, root, '/');
    }
    const places = [], all = {};
    for (let i = 0; i < q.stabilities.length; i++) {
        for (let j = 0; j < q.oses.length; j++) {
            const at = await find(root, q, root.oses.indexOf(q.oses[j]), q.stabilities[i]);
            places.push(at);
            if (route === '/findall') {
                const record = at && await load(root, at);
                all[q.oses[j]] = all[q.oses[j]] || {};
                all[q.oses[j]][q.stabilities[i]] = at && object(root, record);
            }
        }
    }
    if (route === '/') {
        return home(root, places, (given.os || 'all') + '-' + (given.stability || 'default'));
    }
    if (!single) {
        return json(all);
    }
    if (!places[0]) {
        return message(root, 404, '404-package');
    }
    if (route === '/find') {
        return describe(root, places[0]);
    }
    const p = await load(root, places[0]);
    return redirect(302, BITSTREAM + p.id);
}

// find returns the place of the package for a system and stability, or null if there is none.
async function find(root, q, os, stability) {
    const finds = q.finds, first = 2 + 3 * choices(root, 'arch').indexOf(q.arch);
    const mask = { any: 1, nightly: 2, release: 4 }[stability];
    // '~' is above all keys, so the newest package is the one of the last row.
    const key = finds === 'newest' ? '~' : finds === 'version' ? q.value :
        finds === 'date' ? digits(+q.value.replace(/-/g, ''), 5) : revision(q.value);
    let found = await step(root, root.trees[first + (finds === 'date' ? 1 : finds === 'version' ? 2 : 0)], os, mask, key);
    if (!found.at || (finds === 'version' || finds === 'revision') && found.key !== key) {
        return null;
    }
    if (q.offset) {
        // An offset counts rows of the table by revision: find the number of the package's row, then the row after it.
        let base = found.key;
        if (finds === 'version' || finds === 'date') {
            const p = await load(root, found.at);
            base = revision(p.revision);
        }
        found = await step(root, root.trees[first], os, 1, base);
        const n = found.rank + q.offset;
        found = n < 0 ? {} : await step(root, root.trees[first], os, 1, undefined, n);
    }
    return found.at || null;
}

// revision returns a revision as a key of the tables.
function revision(text) {
    return digits(Math.min(+text, 1e7), 4);
}

// describe answers with the package object of a place.
async function describe(root, at) {
    const p = await load(root, at);
    return json(object(root, p));
}

// object returns the package object, with its keys in alphabetical order.
function object(root, p) {
    checksums(p);
    const links = root.fields[3].split(' '), sorted = {};
    const o = {
        arch: p.arch, build_date: p.date, build_date_ymd: p.day, checkout_date: null, checkout_date_ymd: null,
        codebase: null, download_url: BITSTREAM + p.id, md5: null, name: p.name, os: p.os, package: null,
        product_name: p.product, revision: p.revision, sha512: p.sha512 || null, size: p.bytes,
        stability: p.release ? 'release' : 'nightly', version: p.version || null
    };
    if (p.sha256) {
        o.sha256 = p.sha256;
    }
    for (let i = 1; i < links.length; i += 2) {
        o[links[i - 1]] = expand(root, links[i], p);
    }
    Object.keys(o).sort().forEach((key) => { sorted[key] = o[key]; });
    return sorted;
}

function json(value) {
    const response = respond(200, JSON.stringify(value).replace(/[<>&]/g, (c) => '\\u00' + c.charCodeAt(0).toString(16)) + '\n',
        'application/json');
    response.headers['access-control-allow-origin'] = { value: '*' };
    return response;
}

// home answers / with a query: the page that the build rendered for such queries, with the cells of packages; see pages
// in pages.go.
async function home(root, places, name) {
    const page = await text(root, 'p', 12, name), pieces = page.split('<>'), titles = pieces[0].split('\t');
    const n = root.oses.length;
    let html = pieces[1];
    for (let i = 2; i < pieces.length; i++) {
        const at = places[code(pieces[i], 0)];
        if (at) {
            const p = await load(root, at), os = root.oses.indexOf(p.os);
            p.title = titles[os];
            p.archtitle = titles[n + n * choices(root, 'arch').indexOf(p.arch) + os];
            p.size = size(p.bytes);
            checksums(p);
            const template = await text(root, 'c', 13, p.cell);
            html += expand(root, template, p);
        } else {
            html += await text(root, 'c', 13, 'none');
        }
        html += pieces[i].slice(1);
    }
    return respond(200, html);
}

// text returns a text of pages; see pages in pages.go. field is the field of the root with the hash in its key.
async function text(root, prefix, field, name) {
    return root.fields[field] ? read(root, prefix + root.fields[field] + name) : '';
}

// size returns a number of bytes as pages show it, like sizeText in packages.go.
function size(v) {
    let unit = 0;
    while (v >= 1000 && unit < 4) {
        v /= 1000;
        unit++;
    }
    v = v < 9.95 && unit ? (Math.floor(v * 10 + .5) / 10).toFixed(1) : Math.round(v);
    return v + ' ' + ['', 'k', 'M', 'G', 'T'][unit] + 'B';
}

// encode percent-encodes decoded text, as EncodePath in encode.go does.
function encode(text) {
    return text.replace(/[^A-Za-z0-9/._~!'()*,:@-]/g, (c) => '%' + (256 + c.charCodeAt(0)).toString(16).slice(1).toUpperCase());
}

// look returns what the table of paths has at a path: the rules with that source, whether there is a file ("f") or the
// index.html of a folder ("d"), and the path of its object. path is encoded. A slash at its end is not part of a row's
// key.
async function look(root, path) {
    const key = path.replace(/\/$/, ''), row = await lookup(root, 'e', root.trees[1], key);
    const rules = row ? row.value.split('|') : [];
    const last = /^[df]/.test(rules[rules.length - 1]) ? rules.pop() : '';
    if (last && (last[0] === 'd' || key === path)) { // a file is not a folder
        return {
            rules: rules, file: last[0],
            object: last[1] ? '/' + last.slice(1) : key + (last === 'd' ? '/index.html' : '')
        };
    }
    const folder = path.endsWith('/index.html') ? await look(root, path.slice(0, -10)) : {};
    return { rules: rules, file: folder.file, object: folder.object };
}

// match returns the first rule that matches, or null if none does. path is encoded, spot is what look returns for it.
// Patterns need not be read if a file comes before all of them.
async function match(root, path, spot, given) {
    let rule = choose(spot.rules, {}, given);
    if (spot.file && !root.fields[10]) {
        return rule;
    }
    let next = root.fields[11];
    while (!rule && next) {
        const node = await read(root, 'r' + next), rows = node.split('\n');
        next = rows.shift();
        for (let i = 0; !rule && i < rows.length; i++) {
            const f = rows[i].split('\t'), m = new RegExp(f[0]).exec(path);
            if (m) {
                const values = {}, names = f[1].split(' ');
                for (let j = 0; j < names.length; j++) {
                    values[names[j]] = m[j + 1] || '';
                }
                rule = choose([f[2]], values, given);
            }
        }
    }
    return rule;
}

// choose returns the first rule of a list with conditions that all hold, or null if there is none. Each is written as:
// [name=value …] status[!][?] [target].
function choose(list, values, given) {
    for (let i = 0; i < list.length; i++) {
        const words = list[i].split(' ');
        let holds = true, plain = true;
        while (words[0].indexOf('=') > 0) {
            const at = words[0].indexOf('='), v = given[words[0].slice(0, at)], want = words.shift().slice(at + 1);
            if (want[0] === ':') {
                holds = holds && !!v;
                plain = plain && UNRESERVED.test(v);
                values[want.slice(1)] = holds && encode(v).replace(/\//g, '%2F');
            } else {
                holds = holds && v === want;
            }
        }
        const status = parseInt(words[0]), file = status < 300 || status > 399;
        if (holds && (plain || !file)) {
            return {
                status: status,
                force: words[0].indexOf('!') > 0,
                passes: words[0].indexOf('?') > 0,
                target: (words[1] || '').replace(/:([A-Za-z]\w*)/g, (all, name) => values[name] === undefined ? all : values[name])
            };
        }
    }
    return null;
}

// obey answers a request as the rule that matches it requires.
async function obey(request, root, rule) {
    if (rule.status >= 400) {
        return message(root, rule.status, '404');
    }
    if (rule.status === 200) {
        return serve(request, root, rule.target);
    }
    const query = rule.passes && request.rawQueryString();
    const target = rule.target.replace(/^\/+/, '/'); // two slashes would lead to another host
    return redirect(rule.status, !query ? target : target.replace(/#|$/, (end) => '?' + query + end));
}

// serve passes a request on to the origin with the path of another file. Of rules, only the part before a question mark
// or a number sign is the path.
async function serve(request, root, path) {
    const at = path.replace(/[?#].*/, ''), spot = await look(root, at);
    return show(request, root, at, spot, true);
}

// show passes a request on to the origin with the path of an object. Unless the path is that of a rule's target, a
// folder is redirected to the path with a slash. If the bucket may have files that are not in the table, other paths are
// passed on, too, and a name without an extension is taken for a folder.
function show(request, root, path, spot, target) {
    if (!target && /\/[^/]+$/.test(path) && !path.endsWith('/index.html') && (spot.file ? spot.file === 'd' :
        root.fields[9] && /\/[\w-]+$/.test(path) && !path.startsWith('/.well-known/'))) {
        return redirect(301, path + '/');
    }
    if (!spot.file && !root.fields[9]) {
        return message(root, 404, '404');
    }
    request.uri = spot.object || path + (path.endsWith('/') ? 'index.html' : '');
    request.querystring = {};
    return request;
}

function redirect(status, location) {
    const response = respond(status, '');
    response.headers.location = { value: location };
    return response;
}

function allow(response) {
    response.headers.allow = { value: 'GET, HEAD, OPTIONS' };
    return response;
}

// message answers with an error page.
async function message(root, status, name) {
    const page = await text(root, 'p', 12, name);
    return respond(status, page);
}

function respond(status, data, type) {
    return {
        statusCode: status,
        headers: {
            'content-type': { value: type || 'text/html; charset=utf-8' },
            'cache-control': { value: status < 400 ? 'public, max-age=300' : 'no-store' }
        },
        body: { encoding: 'text', data: data }
    };
}
