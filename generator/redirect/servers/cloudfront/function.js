// The viewer-request function of sitegen. It answers requests to the download API, permalinks and rules from the
// key-value store that sitegen writes, and looks up the files of the site there; tree.go, tables.go, steps.go,
// packages.go and pages.go describe the store. It contains no text of pages. sitegen puts lookup/grammar.js, which
// defines parameters, character, decoded, bars, choices, parse and permalink, before this file and minifies both.
//
// All functions are inside of handler, so that they share the state of one request, and no other. Since await must not
// be in an argument, functions pass promises on. Both sides of == have the same type or are undefined.
import cf from 'cloudfront';

const kvs = cf.kvs();

const lines = (text) => text.split('\n');

const words = (text) => text.split(' ');

const tabs = (text) => text.split('\t');

export async function handler(event) {
    const request = event.request, query = request.rawQueryString() || '', given = parameters(query);
    const nodes = {}; // promises of the values that this request has read, by key
    let trees, fields, texts, tables, oses, arches; // parts of the root, see open

    // open reads the root of the edition for a host. Production has the root that is read first. The table of hosts
    // contains the hosts that show another edition; it is read only for hosts other than production's.
    const open = async (host) => {
        let root = await read('root/3');
        const production = tabs(root)[0];
        if (production && host != production) {
            // Without a table, all hosts show production.
            const editions = await read('hosts/2').then(JSON.parse).catch(() => 0);
            if (editions[host]) {
                root = await read('root/3/' + editions[host]);
            }
        }
        trees = root.split('\n\n');
        fields = tabs(trees[0]);
        texts = lines(trees[1]);
        tables = { parameters: list(fields[1]), permalinks: list(fields[2]) };
        oses = bars(choices(tables, 'o'));
        arches = bars(choices(tables, 'a'));
    };

    const list = (text) => text.split(';').map(words);

    // read returns the value of a key. It reads a key of the store only once for a request. A value that starts with a
    // tilde is the start of a longer text; see store.piece in tree.go.
    const read = (key) => nodes[key] = nodes[key] || kvs.get(key).then((value) =>
        value[0] == '~' ? read('t' + value.slice(1, 9)).then((rest) => value.slice(9) + rest) : value);

    // descend returns the leaf of a table for a key, or for the row number n of a system, if that is less; see store in
    // tree.go. text is the part of the root for the table. rank is the number of the first row in the leaf.
    const descend = async (kind, text, key, os, n) => {
        let rank = 0;
        while (text[0] == '+') {
            const rows = lines(text.slice(1));
            let hash, next = rank;
            for (let i = 0; i < rows.length; i++) {
                const f = words(rows[i]);
                if (i && (next > n || f[0] > key)) {
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

    // lookup returns the leaf of a table for a key, with the value of the row; it is '' if there is no such row.
    const lookup = async (kind, tree, key) => {
        const leaf = await descend(kind, trees[tree], key);
        leaf.row = lines(leaf.text.split('\n' + key + ' ')[1] || '')[0];
        return leaf;
    };

    // step returns what a table of steps has for a system and stability at a key or at the row number n of the system,
    // counted from 0, if that is less; it must exist. Of the row that changed it last, found.key is the key, and found.base
    // the revision of the package. See store.steps in steps.go.
    const step = async (tree, os, mask, key, n) => {
        const leaf = await descend('s', trees[tree], key, os, n), rows = lines(leaf.text), found = {};
        for (let i = 1; i < rows.length; i++) {
            const f = words(rows[i]), changes = f[1] || '', bases = f[2];
            if (found.rank >= n || f[0] > key) {
                break;
            }
            if (!rows[i]) {
                found.rank = leaf.rank - 1;
            }
            for (let j = 0; j < changes.length; j += 3) {
                const bits = code(changes, j) - 7 * os + 1;
                if (bits > 0 && bits < 8) {
                    found.rank += bits & 1;
                    if (bits & mask) {
                        found.at = place(rows[0], changes.slice(j + 1));
                        found.key = f[0];
                        found.base = bases ? bases.substr(bases[4] ? j / 3 * 4 : 0, 4) : f[0];
                    }
                }
            }
        }
        return n == undefined || found.rank == n ? found : {};
    };

    // place returns the place of a package's description: the hash of a node and a character for the line; see leaf in
    // tree.go.
    const place = (hashes, text) => hashes.substr(8 * code(text), 8) + text[1];

    // code returns the value of a character, by default of the first one.
    const code = (text, at) => text.charCodeAt(at) - 48;

    // digits, number, pack and unpack convert numbers and hexadecimal digits from and to base 64; see tree.go.
    const digits = (n, width) =>
        width ? digits(n >> 6, width - 1) + character(48 + (n & 63)) : '';

    const number = (text) => text.split('').reduce((n, c) => n * 64 + code(c), 0);

    const pack = (hex) => hex.replace(/.../g, (m) => digits('0x' + m, 2));

    const unpack = (text, length) =>
        (text || '').replace(/../g, (m) => (4096 + 64 * code(m) + code(m, 1)).toString(16).slice(1)).slice(0, length);

    // load returns the package at a place; see describer in packages.go. object has the fields of the package object;
    // the others are those of templates.
    const load = async (at) => {
        const rows = await read('d' + at.slice(0, 8)).then(lines), f = words(rows[code(at, 8)]);
        const kind = tabs(rows[code(f[0])]), time = new Date(number(f[4])).toJSON(), system = code(f[0], 1);
        const id = fields[8] ? unpack(f[2], 24) : f[2], day = kind[5] || time.slice(0, 10);
        const object = {
            arch: rows[0], os: oses[system], revision: '' + number(f[1]), download_url: '/bitstream/' + id,
            size: number(f[3]), sha512: unpack(f[5], 128), version: kind[1], stability: kind[2] ? 'release' : 'nightly',
            build_date_ymd: day
        };
        const p = {
            object: object, id: id, system: system, cell: kind[0], release: kind[2] == '=' ? kind[1] : kind[2],
            time: time.slice(11, 19), dot: time.slice(19, 23), l: '{', day: day
        };
        if (f[6]) {
            object.sha256 = unpack(f[6], 64);
        }
        object.name = expand(kind[3], p);
        object.product_name = expand(kind[4], p);
        object.build_date = expand(kind[6] || texts[code(f[0], 2)], p);
        return p;
    };

    // expand replaces the names of fields in a template by their values. It returns null if a value is empty.
    const expand = (template, p) => {
        let missing;
        const text = template.replace(/\{(\w+)\}/g, (all, name) => {
            const value = texts[name] ? expand(texts[name], p) : p[name] || p.object[name];
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
        if ((hex ? /^[\da-f]{24}$/ : /^[\w.-]+$/).test(id)) {
            const leaf = await lookup('i', 2, hex ? pack(id) : id), row = leaf.row, middle = row.slice(2);
            return row && (!file ? place(leaf.text, row) : !middle ? fields[4] + id + fields[5] :
                fields[6] + (middle[0] == '!' ? unpack(middle.slice(1), 24) : middle) + fields[7]);
        }
    };

    // api answers a request to the download API. given holds its decoded parameters by name.
    const api = async (route, given) => {
        const single = /d$/.test(route), page = route == '/'; // single: /find and /download
        const q = parse(tables, given, single), results = [], all = {};
        if (q.problem) {
            return message(400, '400-' + q.problem);
        }
        if (page && !tables.parameters.some((p) => p[0] in given)) {
            return serve(route);
        }
        for (let i = 0; i < q.s.length * q.o.length; i++) {
            const os = q.o[i % q.o.length], stability = q.s[i / q.o.length | 0];
            const at = await find(q, oses.indexOf(os), stability);
            const result = at && (page ? await load(at) : await describe(at));
            results.push(result);
            (all[os] = all[os] || {})[stability] = result;
        }
        return page ? home(results, (given.os || 'all') + '-' + (given.stability || 'default')) :
            !single ? json(all) :
            !results[0] ? message(404, '404-package') :
            route == '/find' ? json(results[0]) : redirect(302, results[0].download_url);
    };

    // find returns the place of the package for a system and stability, or null if there is none.
    const find = async (q, os, stability) => {
        // The tables of an architecture are those by revision, by day and by version.
        const first = 4 + 3 * arches.indexOf(q.a[0]), finds = q.finds, kind = { d: 1, v: 2 }[finds] || 0, offset = +q.f;
        // '~' is above all keys, so the newest package is the one of the last row.
        const key = finds == 'n' ? '~' : kind > 1 ? q.sought :
            kind ? digits(q.sought.replace(/-/g, ''), 5) : digits(Math.min(q.sought, 1e7), 4);
        let found = await step(first + kind, os, { any: 1, nightly: 2, release: 4 }[stability], key);
        if (finds > 'o' && found.key != key) { // 'r' and 'v': exactly this revision or version
            found = {};
        }
        if (found.at && offset) {
            // An offset counts rows of the table by revision: find the number of the package's row, then the row after it.
            found = await step(first, os, 1, found.base);
            found = await step(first, os, 1, '~', found.rank + offset);
        }
        return found.at || null;
    };

    // describe returns the package object of a place, with its keys in alphabetical order. fields[3] has the links.
    const describe = async (at) => {
        const p = await load(at), sorted = {};
        bars(Object.keys(p.object).join('|') + '|checkout_date|checkout_date_ymd|codebase|md5|package' + fields[3]).sort()
            .forEach((row) => {
                const f = words(row);
                sorted[f[0]] = f[1] ? expand(f[1], p) : p.object[f[0]] || null;
            });
        return sorted;
    };

    const json = (value) => respond(200, JSON.stringify(value) + '\n', 'access-control-allow-origin', '*', 'application/json');

    // home answers / with a query: the page that the build rendered for such queries, with the cells of packages; see
    // pages in pages.go.
    const home = async (packages, name) => {
        const page = await read(fields[12] + name), pieces = page.split('<>'), titles = tabs(pieces[0]);
        let html = pieces[1];
        for (let i = 2; i < pieces.length; i++) {
            const p = packages[code(pieces[i])] || { cell: 'none', object: {} };
            const template = await read(fields[13] + p.cell);
            p.title = titles[p.system];
            p.archtitle = titles[oses.length * (1 + arches.indexOf(p.object.arch)) + p.system];
            p.readable = size(p.object.size, 0);
            html += expand(template, p) + pieces[i].slice(1);
        }
        return respond(200, html);
    };

    // size returns a number of bytes as pages show it, like sizeText in packages.go. v counts the unit of that number.
    const size = (v, unit) => v >= 1000 && unit < 4 ? size(v / 1000, unit + 1) :
        (v < 9.95 && unit ? (Math.round(v * 10) / 10).toFixed(1) : Math.round(v)) + ' ' + ' kMGT'[unit].trim() + 'B';

    // encode percent-encodes decoded text, as EncodePath in encode.go does.
    const encode = (text) => text.replace(/[^\w/.~!'()*,:@-]/g,
        (c) => '%' + (256 + 48 + code(c)).toString(16).slice(1).toUpperCase());

    // look returns what the table of paths has at an encoded path: the rules with that source, whether there is a file ("f")
    // or the index.html of a folder ("d" if the path lacks the slash at its end), and the path of its object, if it has
    // another one. A slash at the end of the path is not part of a row's key.
    const look = async (path) => {
        const key = path.replace(/\/$/, ''), leaf = await lookup('e', 3, key), rules = bars(leaf.row);
        const last = /^[df]\S*$/.test(rules.slice(-1)) ? rules.pop() : '';
        return {
            at: path, rules: rules, file: key == path ? last[0] : last[0] == 'd' && 'f', // a file is not a folder
            object: last[1] && '/' + last.slice(1)
        };
    };

    // match returns the first rule that matches, if one does. spot is what look returns for the path. Patterns need not be
    // read if a file comes before all of them.
    const match = async (spot) => {
        let rule, next = spot.file && !fields[10] ? '' : fields[11];
        spot.rules.some((text) => rule = apply(text, {}));
        while (!rule && next) {
            const rows = await read('r' + next).then(lines);
            next = rows.shift();
            rows.some((row) => {
                const f = tabs(row), m = RegExp(f[0]).exec(spot.at), values = {};
                if (m) {
                    words(f[1]).forEach((name, j) => { values[name] = m[j + 1] || ''; });
                    return rule = apply(f[2], values);
                }
            });
        }
        return rule;
    };

    // apply returns a rule if its conditions hold. It is written as: [name=value …] status[!][?] [target].
    const apply = (text, values) => {
        let holds = text, special; // special: a value contains characters that are not allowed in names of files
        const f = words(text.replace(/(\S+?)=(:?)(\S*) /g, (all, name, colon, want) => {
            const v = given[name];
            if (colon) {
                holds = holds && v;
                special = special || /[^\w.~-]/.test(v);
                values[want] = holds && encode(v).replace(/\//g, '%2F');
            } else {
                holds = holds && v == want;
            }
            return '';
        }));
        return holds && (!special || f[0][0] == '3') && {
            status: f[0], target: (f[1] || '').replace(/:([a-z]\w*)/gi, (all, name) => name in values ? values[name] : all)
        };
    };

    // obey answers a request as the rule that matches it requires.
    const obey = (rule) => {
        const status = parseInt(rule.status);
        return status > 399 ? message(status, 404) : status < 300 ? serve(rule.target) :
            redirect(status, rule.target.replace(/^\/+/, '/') // two slashes would lead to another host
                .replace(/#|$/, (end) => (query && /\?/.test(rule.status) ? '?' + query : '') + end));
    };

    // serve passes a request on to the origin with the path of another file. Of rules, only the part before a question
    // mark or a number sign is the path.
    const serve = (target) => look(target.replace(/[?#].*/, '')).then((spot) => show(spot, true));

    // show passes a request on to the origin with the path of an object. Unless the path is that of a rule's target, a
    // folder is redirected to the path with a slash. If the bucket may have files that are not in the table, other paths
    // are passed on, too, and a name without an extension is taken for a folder.
    const show = (spot, target) => {
        const path = spot.at, file = spot.file, folder = path + '/';
        if (!target && (file ? file == 'd' : fields[9] && /^(?!\/\.well-known\/).*\/[\w-]+$/.test(path))) {
            return redirect(301, folder);
        }
        if (file || fields[9]) {
            request.uri = spot.object || (file == 'd' ? folder : path).replace(/\/$/, '/index.html');
            request.querystring = {};
            return request;
        }
        return message(404, 404);
    };

    // message answers with an error page in the language of the path: fields[14] matches /de/ or nothing, and has no groups.
    const message = (status, name, header, value) =>
        read(fields[12] + request.uri.match(fields[14]) + name).then((page) => respond(status, page, header, value));

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
        if (method == 'OPTIONS') {
            return respond(204, '', 'allow', methods);
        }
        await open(host && host.value);
        if (!/GET|HEAD/.test(method)) {
            return message(405, 405, 'allow', methods);
        }
        const file = /^\/bitstream\/([\s\S]*)/.exec(path), m = file || /^\/api\/v1\/packages\/(.+)\.json$/.exec(path);
        const found = m && await identify(m[1], file);
        if (found) {
            return file ? redirect(302, found) : describe(found).then(json);
        }
        if (/^\/(find(all)?|download)?$/.test(path)) {
            return api(path, given);
        }
        const link = permalink(tables, path);
        if (link) {
            return api(link.record ? '/find' : '/download', link.given);
        }
        const spot = await look(encode(path));
        // Some paths have no rules: assets, parts of pages, error pages, and hidden files.
        const rule = !/^\/((assets|-)\/|40[04]\.html$)|\/\.(?!well-known(\/|$))/.test(path) && await match(spot);
        return rule && (/!/.test(rule.status) || !spot.file) ? obey(rule) :
            file ? message(404, '404-bitstream') : show(spot);
    };

    // If the store cannot be read, the answer is 503.
    const response = await answer(decoded(request.uri).replace(/\/+/g, '/')).catch(() => respond(503, '', 'retry-after', '30'));
    if (request.method == 'HEAD') {
        delete response.body;
    }
    return response;
}
