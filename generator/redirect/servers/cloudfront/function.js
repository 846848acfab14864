// The viewer-request function of sitegen. It answers requests to the download API, permalinks and rules from the
// key-value store that sitegen writes, and looks up the files of the site there; tree.go, tables.go, steps.go,
// packages.go and pages.go describe the store. It contains no text of pages. sitegen puts lookup/grammar.js, which
// defines the functions decoded, parameters, parse and permalink, before this file and minifies both.
//
// All functions are inside of handler, so that they share the state of one request, and no other.
import cf from 'cloudfront';

const kvs = cf.kvs();

export async function handler(event) {
    const request = event.request, query = request.rawQueryString() || '', given = parameters(query);
    const nodes = {}; // the values that this request has read, by key
    let trees, fields, texts, tables, oses, arches; // parts of the root, see open

    // open reads the root of the edition for a host. Production has the root that is read first. The table of hosts tells
    // which hosts show another edition; it is read only for hosts other than production's.
    const open = async (host) => {
        let root = await read('root/3');
        const production = root.split('\t')[0];
        if (production && host !== production) {
            let editions = {};
            try {
                const table = await kvs.get('hosts/2');
                editions = JSON.parse(table);
            } catch (e) { // there is no table: all hosts show production
            }
            if (editions[host]) {
                root = await read('root/3/' + editions[host]);
            }
        }
        trees = root.split('\n\n');
        fields = trees[0].split('\t');
        texts = trees[1].split('\n');
        tables = { parameters: list(fields[1]), permalinks: list(fields[2]) };
        oses = choices(tables, 'o').split('|');
        arches = choices(tables, 'a').split('|');
    };

    const list = (text) => text.split(';').map((item) => item.split(' '));

    // read returns the value of a key. It reads a key of the store only once for a request. A value that starts with a
    // tilde is the start of a longer text; see store.piece in tree.go.
    const read = async (key) => {
        if (!nodes[key]) {
            let text = '', value = await kvs.get(key);
            while (value[0] === '~') {
                text += value.slice(9);
                value = await kvs.get('t' + value.slice(1, 9));
            }
            nodes[key] = text + value;
        }
        return nodes[key];
    };

    // descend returns the leaf of a table for a key or, without a key, for the row number n of a system; see store in
    // tree.go. text is the part of the root for the table. rank is the number of the first row in the leaf.
    const descend = async (kind, text, key, os, n) => {
        let rank = 0;
        while (text[0] === '+') {
            const rows = text.slice(1).split('\n');
            let hash, next = rank;
            for (let i = 0; i < rows.length; i++) {
                const f = rows[i].split(' ');
                if (n >= 0 ? next > n : f[0] > key) {
                    break;
                }
                hash = f[1];
                rank = next;
                next += f[2] ? +f[2].split(',')[os] : 0;
            }
            text = await read(kind + hash);
        }
        return { text: text, rank: rank };
    };

    // lookup returns the leaf of a table for a key, with the value of the row; there is none if there is no such row.
    const lookup = async (kind, tree, key) => {
        const leaf = await descend(kind, trees[tree], key), rest = leaf.text.split('\n' + key + ' ')[1];
        leaf.row = rest && rest.split('\n')[0];
        return leaf;
    };

    // step returns what a table of steps has for a system and stability at a key or, without a key, at the row number n of
    // the system, counted from 0. Of the row that changed it last, found.key is the key, and found.base the revision of
    // the package. kind is 0 for the table by revision, 1 by day, 2 by version; see store.steps in steps.go.
    const step = async (first, kind, os, mask, key, n) => {
        const leaf = await descend('s', trees[first + kind], key, os, n), rows = leaf.text.split('\n');
        const found = {};
        for (let i = 1; i < rows.length; i++) {
            const f = rows[i].split(' '), changes = f[1] || '', bases = f[2];
            if (n >= 0 ? found.rank >= n : f[0] > key) {
                break;
            }
            if (!rows[i]) {
                found.rank = leaf.rank - 1;
            }
            for (let j = 0; j < changes.length; j += 3) {
                const change = code(changes, j), bits = change % 7 + 1;
                if ((change / 7 | 0) === os) {
                    found.rank += bits & 1;
                    if (bits & mask) {
                        found.at = place(rows[0], changes.slice(j + 1));
                        found.key = f[0];
                        found.base = bases ? bases.substr(bases[4] ? j / 3 * 4 : 0, 4) : f[0];
                    }
                }
            }
        }
        return key || found.rank === n ? found : {};
    };

    // place returns the place of a package's description: the hash of a node and a character for the line; see leaf in
    // tree.go.
    const place = (hashes, text) => hashes.substr(8 * code(text, 0), 8) + text[1];

    const code = (text, at) => text.charCodeAt(at) - 48;

    // digits, number, pack and unpack convert numbers and hexadecimal digits from and to base 64; see tree.go.
    const digits = (n, width) =>
        width ? digits(n >> 6, width - 1) + String.fromCharCode(48 + (n & 63)) : '';

    const number = (text) => {
        let n = 0;
        for (let i = 0; i < text.length; i++) {
            n = n * 64 + code(text, i);
        }
        return n;
    };

    const pack = (hex) => hex.replace(/.../g, (m) => digits(parseInt(m, 16), 2));

    const unpack = (text, length) =>
        (text || '').replace(/../g, (m) => (4096 + number(m)).toString(16).slice(1)).slice(0, length);

    // load returns the package at a place; see describer in packages.go. Its fields are those of the package object and
    // those of templates.
    const load = async (at) => {
        const node = await read('d' + at.slice(0, 8));
        const lines = node.split('\n'), f = lines[code(at, 8)].split(' '), kind = lines[code(f[0], 0)].split('\t');
        const time = new Date(number(f[4])).toISOString(), system = code(f[0], 1), id = fields[8] ? unpack(f[2], 24) : f[2];
        const day = kind[5] || time.slice(0, 10);
        const p = {
            arch: lines[0], os: oses[system], revision: '' + number(f[1]), id: id, download_url: '/bitstream/' + id,
            size: number(f[3]), sha512: unpack(f[5], 128), sha256: unpack(f[6], 64), system: system, cell: kind[0],
            version: kind[1], release: kind[2] === '=' ? kind[1] : kind[2], stability: kind[2] ? 'release' : 'nightly',
            time: time.slice(11, 19), dot: time.slice(19, 23), l: '{', day: day, build_date_ymd: day
        };
        p.name = expand(kind[3], p);
        p.product_name = expand(kind[4], p);
        p.build_date = expand(kind[6] || texts[code(f[0], 2)], p);
        return p;
    };

    // expand replaces the names of fields in a template by their values. It returns null if a value is empty.
    const expand = (template, p) => {
        let missing;
        const text = template.replace(/\{(\w+)\}/g, (all, name) => {
            const value = texts[name] ? expand(texts[name], p) : p[name];
            missing = missing || !value;
            return value;
        });
        return missing ? null : text;
    };

    // identify finds a package by its id. It returns the place of its description or, if a file is wanted, its URL.
    const identify = async (id, file) => {
        const hex = fields[8];
        if (hex && file) {
            id = id.toLowerCase();
        }
        if ((hex ? /^[0-9a-f]{24}$/ : /^[\w.-]+$/).test(id)) {
            const leaf = await lookup('i', 2, hex ? pack(id) : id), row = leaf.row;
            if (row) {
                const middle = row.slice(2);
                return !file ? place(leaf.text, row) : !middle ? fields[4] + id + fields[5] :
                    fields[6] + (middle[0] === '!' ? unpack(middle.slice(1), 24) : middle) + fields[7];
            }
        }
    };

    // api answers a request to the download API. given holds its decoded parameters by name.
    const api = async (route, given) => {
        const single = /^.(find|download)$/.test(route), q = parse(tables, given, single), places = [], all = {};
        if (q.problem) {
            return message(400, '400-' + q.problem);
        }
        if (route === '/' && !tables.parameters.some((p) => p[0] in given)) {
            return serve(route);
        }
        for (let i = 0; i < q.stabilities.length * q.oses.length; i++) {
            const os = q.oses[i % q.oses.length], stability = q.stabilities[i / q.oses.length | 0];
            const at = await find(q, oses.indexOf(os), stability);
            places.push(at);
            if (route === '/findall') {
                all[os] = all[os] || {};
                all[os][stability] = at && await describe(at);
            }
        }
        if (route === '/') {
            return home(places, (given.os || 'all') + '-' + (given.stability || 'default'));
        }
        if (!single) {
            return json(all);
        }
        if (!places[0]) {
            return message(404, '404-package');
        }
        if (route === '/find') {
            return record(places[0]);
        }
        const p = await load(places[0]);
        return redirect(302, p.download_url);
    };

    // find returns the place of the package for a system and stability, or null if there is none.
    const find = async (q, os, stability) => {
        const first = 4 + 3 * arches.indexOf(q.arch), finds = q.finds, kind = { d: 1, v: 2 }[finds] || 0;
        // '~' is above all keys, so the newest package is the one of the last row.
        const key = finds === 'n' ? '~' : kind > 1 ? q.value :
            kind ? digits(q.value.replace(/-/g, ''), 5) : digits(Math.min(q.value, 1e7), 4);
        let found = await step(first, kind, os, { any: 1, nightly: 2, release: 4 }[stability], key);
        if (/[rv]/.test(finds) && found.key !== key) {
            return null;
        }
        if (found.at && q.offset) {
            // An offset counts rows of the table by revision: find the number of the package's row, then the row after it.
            found = await step(first, 0, os, 1, found.base);
            found = await step(first, 0, os, 1, '', found.rank + q.offset);
        }
        return found.at || null;
    };

    // describe returns the package object of a place, with its keys in alphabetical order. fields[3] has the links.
    const describe = async (at) => {
        const p = await load(at), o = {};
        ('arch|build_date|build_date_ymd|checkout_date|checkout_date_ymd|codebase|download_url|md5|name|os|package|' +
            'product_name|revision|sha512|size|stability|version' + (p.sha256 && '|sha256') + fields[3]).split('|').sort().forEach((row) => {
            const f = row.split(' ');
            o[f[0]] = f[1] ? expand(f[1], p) : p[f[0]] || null;
        });
        return o;
    };

    // record answers with the package object of a place.
    const record = async (at) => {
        const o = await describe(at);
        return json(o);
    };

    const json = (value) => respond(200, JSON.stringify(value) + '\n', 'access-control-allow-origin', '*', 'application/json');

    // home answers / with a query: the page that the build rendered for such queries, with the cells of packages; see
    // pages in pages.go.
    const home = async (places, name) => {
        const page = await read(fields[12] + name), pieces = page.split('<>'), titles = pieces[0].split('\t');
        let html = pieces[1];
        for (let i = 2; i < pieces.length; i++) {
            const at = places[code(pieces[i], 0)], p = at ? await load(at) : { cell: 'none' };
            const template = await read(fields[13] + p.cell), n = oses.length;
            p.title = titles[p.system];
            p.archtitle = titles[n + n * arches.indexOf(p.arch) + p.system];
            p.readable = size(p.size);
            html += expand(template, p) + pieces[i].slice(1);
        }
        return respond(200, html);
    };

    // size returns a number of bytes as pages show it, like sizeText in packages.go.
    const size = (v) => {
        let unit = 0;
        while (v >= 1000 && unit < 4) {
            v /= 1000;
            unit++;
        }
        return (v < 9.95 && unit ? (Math.round(v * 10) / 10).toFixed(1) : Math.round(v)) + ' ' + ' kMGT'[unit].trim() + 'B';
    };

    // encode percent-encodes decoded text, as EncodePath in encode.go does.
    const encode = (text) => text.replace(/[^\w/.~!'()*,:@-]/g,
        (c) => '%' + (256 + c.charCodeAt(0)).toString(16).slice(1).toUpperCase());

    // look returns what the table of paths has at a path: the rules with that source, whether there is a file ("f") or the
    // index.html of a folder ("d"), and the path of its object. path is encoded. A slash at its end is not part of a row's
    // key.
    const look = async (path) => {
        const key = path.replace(/\/$/, ''), leaf = await lookup('e', 3, key);
        const rules = leaf.row ? leaf.row.split('|') : [], last = /^[df]/.test(rules[rules.length - 1]) ? rules.pop() : '';
        // A file is not a folder.
        const file = last[0] === 'f' && key !== path ? '' : last[0];
        return { rules: rules, file: file, object: file && (last[1] ? '/' + last.slice(1) : key + (last === 'd' ? '/index.html' : '')) };
    };

    // match returns the first rule that matches, or null if none does. path is encoded, spot is what look returns for it.
    // Patterns need not be read if a file comes before all of them.
    const match = async (path, spot) => {
        let rule = choose(spot.rules, {}), next = spot.file && !fields[10] ? '' : fields[11];
        while (!rule && next) {
            const node = await read('r' + next), rows = node.split('\n');
            next = rows.shift();
            for (let i = 0; !rule && i < rows.length; i++) {
                const f = rows[i].split('\t'), m = new RegExp(f[0]).exec(path), values = {};
                if (m) {
                    f[1].split(' ').forEach((name, j) => { values[name] = m[j + 1] || ''; });
                    rule = choose([f[2]], values);
                }
            }
        }
        return rule;
    };

    // choose returns the first rule of a list with conditions that all hold, or null if there is none. Each is written as:
    // [name=value …] status[!][?] [target].
    const choose = (list, values) => {
        for (let i = 0; i < list.length; i++) {
            const words = list[i].split(' ');
            let holds = true, plain = true;
            while (words[0].indexOf('=') > 0) {
                const at = words[0].indexOf('='), v = given[words[0].slice(0, at)], want = words.shift().slice(at + 1);
                if (want[0] === ':') {
                    holds = holds && v;
                    plain = plain && /^[\w.~-]+$/.test(v);
                    values[want.slice(1)] = holds && encode(v).replace(/\//g, '%2F');
                } else {
                    holds = holds && v === want;
                }
            }
            if (holds && (plain || /^3/.test(words[0]))) {
                return {
                    status: words[0],
                    target: (words[1] || '').replace(/:([A-Za-z]\w*)/g, (all, name) => name in values ? values[name] : all)
                };
            }
        }
    };

    // obey answers a request as the rule that matches it requires.
    const obey = (rule) => {
        const status = parseInt(rule.status);
        if (status > 399) {
            return message(status, '404');
        }
        if (status < 300) {
            return serve(rule.target);
        }
        const target = rule.target.replace(/^\/+/, '/'); // two slashes would lead to another host
        return redirect(status, query && /\?/.test(rule.status) ? target.replace(/#|$/, (end) => '?' + query + end) : target);
    };

    // serve passes a request on to the origin with the path of another file. Of rules, only the part before a question
    // mark or a number sign is the path.
    const serve = async (path) => {
        const at = path.replace(/[?#].*/, ''), spot = await look(at);
        return show(at, spot, true);
    };

    // show passes a request on to the origin with the path of an object. Unless the path is that of a rule's target, a
    // folder is redirected to the path with a slash. If the bucket may have files that are not in the table, other paths
    // are passed on, too, and a name without an extension is taken for a folder.
    const show = (path, spot, target) => {
        if (!target && !/\/(index\.html)?$/.test(path) && (spot.file ? spot.file === 'd' :
            fields[9] && /\/[\w-]+$/.test(path) && !path.startsWith('/.well-known/'))) {
            return redirect(301, path + '/');
        }
        if (!spot.file && !fields[9]) {
            return message(404, '404');
        }
        request.uri = spot.object || path.replace(/\/$/, '/index.html');
        request.querystring = {};
        return request;
    };

    // message answers with an error page.
    const message = async (status, name, header, value) => {
        const page = await read(fields[12] + name);
        return respond(status, page, header, value);
    };

    const redirect = (status, location) => respond(status, '', 'location', location);

    // respond returns a response; header is a further header.
    const respond = (status, data, header, value, type) => {
        const headers = {
            'content-type': { value: type || 'text/html; charset=utf-8' },
            'cache-control': { value: status < 400 ? 'public, max-age=300' : 'no-store' }
        };
        if (header) {
            headers[header] = { value: value };
        }
        return { statusCode: status, headers: headers, body: { encoding: 'text', data: data } };
    };

    // answer answers the request: it returns a response, or the request with the path of a file. path is decoded.
    const answer = async (path) => {
        const method = request.method, methods = 'GET, HEAD, OPTIONS', host = request.headers.host;
        if (method === 'OPTIONS') {
            return respond(204, '', 'allow', methods);
        }
        await open(host && host.value);
        if (!/^(GET|HEAD)$/.test(method)) {
            return message(405, '405', 'allow', methods);
        }
        const file = path.startsWith('/bitstream/'), m = /^\/api\/v1\/packages\/(.+)\.json$/.exec(path);
        if (file || m) {
            const found = await identify(file ? path.slice(11) : m[1], file);
            if (found) {
                return file ? redirect(302, found) : record(found);
            }
        }
        if (/^\/(find|findall|download)?$/.test(path)) {
            return api(path, given);
        }
        const link = permalink(tables, path);
        if (link) {
            return api(link.record ? '/find' : '/download', link.given);
        }
        const at = encode(path), spot = await look(at);
        // Some paths have no rules: assets, parts of pages, error pages, and hidden files.
        const rule = /^\/(assets|-)\/|^\/40[04]\.html$|\/\.(?!well-known(\/|$))/.test(path) ? null : await match(at, spot);
        return rule && (/!/.test(rule.status) || !spot.file) ? obey(rule) :
            file ? message(404, '404-bitstream') : show(at, spot);
    };

    let response;
    try {
        response = await answer(decoded(request.uri).replace(/\/\/+/g, '/'));
    } catch (e) { // the store cannot be read
        response = respond(503, '', 'retry-after', '30');
    }
    if (request.method === 'HEAD' && response.statusCode) {
        delete response.body;
    }
    return response;
}
