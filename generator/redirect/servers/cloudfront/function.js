// The viewer-request function of sitegen. It answers requests to the download API, permalinks and rules from the
// key-value store that sitegen writes, and looks up the files of the site there; tree.go, tables.go, steps.go,
// packages.go and pages.go describe the store. It contains no text of pages. sitegen puts lookup/grammar.js, which
// defines parameters, decoded, bars, choices, parse and permalink, before this file and minifies both.
//
// All functions that use the state of a request are inside of handler, so that they share that of one request, and no
// other. Since await must not be in an argument, functions pass promises on. Both sides of == have the same type or are
// undefined.
import cf from 'cloudfront';

const kvs = cf.kvs();

const lines = (text) => text.split('\n');

const words = (text) => text.split(' ');

const tabs = (text) => text.split('\t');

// code returns the value of a character, by default of the first one.
const code = (text, at) => text.charCodeAt(at) - 48;

const number = (text) => parseInt(text, 36);

// unpack returns the hexadecimal digits of a text of pack in tree.go.
const unpack = (text) => text && Buffer.from(text, 'base64url').toString('hex');

// place returns the place of a package's description: the hash of a node and a character for the line; see leaf in
// tree.go.
const place = (leaf, text) => leaf.text.substr(8 * code(text), 8) + text[1];

// row returns the value of a key's row in a leaf; it is '' if there is no such row.
const row = (leaf, key) => lines(leaf.text.split('\n' + key + ' ')[1] || '')[0];

// encode percent-encodes decoded text, as EncodePath in encode.go does.
const encode = (text) => text.replace(/[^\w/.~!'()*,:@-]/g,
    (c) => '%' + (256 + 48 + code(c)).toString(16).slice(1).toUpperCase());

// size returns a number of bytes as pages show it, like sizeText in packages.go. v counts the unit of that number.
const size = (v, unit) => v >= 1000 && unit < 4 ? size(v / 1000, unit + 1) :
    v.toFixed(v < 9.95 && unit ? 1 : 0) + ' ' + ' kMGT'[unit].trim() + 'B';

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

const redirect = (status, location) => respond(status, '', 'location', location);

// Patterns for masks up to the last one with a stability; see change.mask in tree.go.
const any = /.*[1357]/, stabilities = { nightly: /.*[2367]/, release: /.*[4-7]/ };

// step returns the last change of a system at or before a key in a leaf of a table of steps: its key, the place of the
// package, and its base. The stability is any by default. With an offset, step returns the change that many changes
// later, and its number row among those of all leaves. If the leaf does not have it, there is no place. See leaf in
// tree.go.
const step = (leaf, os, key, offset, stability) => {
    const text = lines(leaf.text), keys = words(text[1]);
    os = 2 + 3 * os;
    let i = 0;
    for (let bit = 128; bit >>= 1;) { // a leaf has fewer keys, since each takes nine bytes
        if (keys[i + bit] <= key) {
            i += bit;
        }
    }
    // The masks of the keys up to that of the change.
    let masks = ((stabilities[stability] || any).exec(text[os].slice(0, i)) || [''])[0];
    if (offset) {
        const rows = text[os].split(/[1357]/);
        offset += masks.split(/[1357]/).length - 1;
        masks = offset > 0 && offset < rows.length ? rows.slice(0, offset).join('1') + '1' : '';
    }
    i = masks.replace(/0/g, '').length - 1;
    return {
        key: keys[masks.length], base: text[os + 2].substr(5 * i, 5), row: leaf.first + offset,
        place: masks && place(leaf, text[os + 1].substr(2 * i, 2))
    };
};

export async function handler(event) {
    const request = event.request, method = request.method;
    const query = request.rawQueryString() || '', given = parameters(query), tail = query && '?' + query;
    const nodes = {}; // promises of the values that this request has read, by key
    let trees, fields, texts, tables, oses, arches; // parts of the root, see answer
    let names = []; // keys of the last package object

    // get reads a key of the store only once for a request. A value that starts with a tilde is the start of a longer
    // text, which read returns; see store.piece in tree.go. A promise that follows another one takes time, so descend
    // and load call get first.
    const get = (key) => nodes[key] = nodes[key] || kvs.get(key);

    const read = (key) => get(key).then((value) =>
        value[0] == '~' ? read('t' + value.slice(1, 9)).then((rest) => value.slice(9) + rest) : value);

    // descend returns the leaf of a table for a key; see store in tree.go. text is the part of the root for the table.
    // With a system, first is the number of its changes of any stability before the leaf, without the last one, which
    // the leaf repeats, and the leaf is the one with change number n, if that comes before the key. Rows are compared as
    // a whole: the key with an exclamation mark is above all rows of the key, where a space follows it, and below those
    // of the next key.
    const descend = async (kind, text, key, os, n) => {
        let rank = 0;
        key += '!';
        while (text[0] == '+') {
            const rows = lines(text);
            let i = 0;
            for (; rows[i + 1] < key; i++) {
                if (os != undefined) {
                    const next = rank + +words(rows[i])[2].split(',')[os];
                    if (next >= n) {
                        break;
                    }
                    rank = next;
                }
            }
            const node = kind + words(rows[i])[1];
            text = await get(node);
            if (text[0] == '~') {
                text = await read(node);
            }
        }
        return { text: text, first: rank && rank - 1 };
    };

    // load returns the package at a place; see describer in packages.go. It returns the whole package object, whose links
    // are in fields[3], or else the fields of templates, of which object has some. For 'o', it returns the address of the
    // file.
    const load = async (at, whole) => {
        const node = 'd' + at.slice(0, 8);
        let text = await get(node);
        if (text[0] == '~') {
            text = await read(node);
        }
        const rows = lines(text), f = words(rows[code(at, 8)]);
        const id = fields[8] ? unpack(f[2]) : f[2], link = '/bitstream/' + id;
        if (whole == 'o') { // /download
            return link;
        }
        const kind = tabs(rows[code(f[0])]), time = new Date(number(f[4])).toJSON(), system = code(f[0], 1);
        const day = kind[5] || time.slice(0, 10);
        // It is cheap to sort the keys of json later, because most are in alphabetical order.
        const object = {
            arch: rows[0], build_date_ymd: day, checkout_date: null, checkout_date_ymd: null, codebase: null,
            download_url: link, md5: null, os: oses[system], package: null, revision: '' + number(f[1]),
            sha256: unpack(f[6]), sha512: unpack(f[5]) || null, size: number(f[3]),
            stability: kind[2] ? 'release' : 'nightly', version: kind[1] || null
        };
        const p = {
            object: object, id: id, system: system, cell: kind[0], release: kind[2] == '=' ? kind[1] : kind[2],
            time: time.slice(11, 19), dot: time.slice(19, 23), l: '{', day: day
        };
        if (!whole) {
            return p;
        }
        // It takes less time to expand all templates at once.
        lines(expand('name ' + kind[3] + '\nproduct_name ' + kind[4] + '\nbuild_date ' +
            (kind[6] || texts[code(f[0], 2)]) + fields[3], p)).map((line) => {
            const end = line.indexOf(' '), value = line.slice(end + 1);
            object[line.slice(0, end)] = /\t/.test(value) ? null : value;
        });
        names = Object.keys(object);
        return object;
    };

    // expand replaces the names of fields in a template by their values, and those of empty fields by a tab.
    const expand = (template, p) => template.replace(/{(\w+)}/g, (all, name) =>
        texts[name] ? expand(texts[name], p) : p[name] || p.object[name] || '\t');

    // identify finds a package by its id. It returns the place of its description or, if a file is wanted, its URL.
    const identify = async (id, file) => {
        const hex = fields[8];
        if (hex && file) {
            id = id.toLowerCase();
        }
        if ((hex ? /^[\da-f]{24}$/ : /^[\w.-]+$/).test(id)) {
            const key = hex ? Buffer.from(id, 'hex').toString('base64url') : id;
            const leaf = await descend('i', trees[2], key);
            const value = row(leaf, key), middle = value.slice(2);
            return value && (!file ? place(leaf, value) : !middle ? fields[4] + id + fields[5] :
                fields[6] + (middle[0] == '!' ? unpack(middle.slice(1)) : middle) + fields[7]);
        }
    };

    // api answers a request to the download API. given holds its decoded parameters by name.
    const api = async (route, given) => {
        const single = /d$/.test(route), page = route == '/'; // single: /find and /download
        const q = parse(tables, given, single), results = [], all = {};
        if (q.problem) {
            return message(400, '400-' + q.problem);
        }
        if (page && !tables.parameters.some((name, i) => i % 3 == 0 && name in given)) {
            return serve(route);
        }
        arches = bars(choices(tables, 'a'));
        // The tables of an architecture are those by revision, by day and by version.
        const first = 4 + 3 * arches.indexOf(q.a[0]), finds = q.finds, kind = { d: 1, v: 2 }[finds] || 0, offset = +q.f;
        // ~ is above all keys, so it finds the newest package. For the others, see numberKey in tree.go.
        const key = kind > 1 ? q.sought :
            q.sought ? (Math.min(q.sought.replace(/-/g, ''), 5e7) + 17e5).toString(36) : '~';
        const leaf = await descend('s', trees[first + kind], key);
        for (let i = 0, stability; stability = q.s[i]; i++) {
            for (let j = 0, name; name = q.o[j]; j++) {
                const os = oses.indexOf(name);
                let found = leaf.text && step(leaf, os, key, 0, stability);
                if (!found || finds > 'o' && found.key != key) { // 'r' and 'v': exactly this revision or version
                    found = {};
                }
                if (found.place && offset) {
                    // An offset counts rows of the table by revision. Many are in the leaf of the package.
                    const base = found.base || found.key, near = await descend('s', trees[first], base, os);
                    found = step(near, os, base, offset);
                    if (!found.place) {
                        const far = await descend('s', trees[first], '~', os, found.row);
                        found = step(far, os, '', found.row - far.first);
                    }
                }
                const result = found.place ? await load(found.place, route[2]) : null;
                results.push(result);
                (all[name] = all[name] || {})[stability] = result;
            }
        }
        return page ? home(results, (given.os || 'all') + '-' + (given.stability || 'default')) :
            !single ? json(all, oses.concat(bars(choices(tables, 's')))) :
            !results[0] ? message(404, '404-package') :
            route == '/find' ? json(results[0]) : redirect(302, results[0]);
    };

    // json answers with package objects, whose keys are in alphabetical order. further are keys of other objects.
    const json = (value, further) =>
        respond(200, JSON.stringify(value, (further ? names.concat(further) : names).sort()) + '\n',
            'access-control-allow-origin', '*', 'application/json');

    // home answers / with a query: the page that the build rendered for such queries, with the cells of packages; see
    // pages in pages.go.
    const home = async (packages, name) => {
        const pieces = (await read(fields[12] + name)).split('<>'), titles = tabs(pieces[0]);
        let html = pieces[1];
        for (let i = 2; pieces[i]; i++) {
            const p = packages[code(pieces[i])] || { cell: 'none', object: { size: 0 } };
            const template = await read(fields[13] + p.cell);
            p.title = titles[p.system];
            p.archtitle = titles[oses.length * (1 + arches.indexOf(p.object.arch)) + p.system];
            p.readable = size(p.object.size, 0);
            html += expand(template, p) + pieces[i].slice(1);
        }
        return respond(200, html);
    };

    // look returns what the table of paths has at an encoded path: the rules with that source, whether there is a file ("f")
    // or the index.html of a folder ("d" if the path lacks the slash at its end), and the path of its object, if it has
    // another one. A slash at the end of the path is not part of a row's key.
    const look = async (path) => {
        const key = path.replace(/\/$/, ''), leaf = await descend('e', trees[3], key);
        const rules = bars(row(leaf, key));
        const last = /^[df]\S*$/.test(rules.slice(-1)) ? rules.pop() : '';
        return {
            at: path, rules: rules, file: key == path ? last[0] : last[0] == 'd' && 'f', // a file is not a folder
            object: last[1] && '/' + last.slice(1)
        };
    };

    // obey answers a request as the first rule that matches requires, if one does and does not come after a file. spot is
    // what look returns for the path. Patterns need not be read if a file comes before all of them.
    const obey = async (spot) => {
        let rule, next = spot.file && !fields[10] ? '' : fields[11];
        spot.rules.some((text) => rule = apply(text, {}));
        while (!rule && next) {
            const rows = await read('r' + next).then(lines);
            next = rows.shift();
            rows.some((row) => {
                const f = tabs(row), m = RegExp(f[0]).exec(spot.at), values = {};
                if (m) {
                    words(f[1]).forEach((name, j) => values[name] = m[j + 1] || '');
                    return rule = apply(f[2], values);
                }
            });
        }
        if (rule && (/!/.test(rule.status) || !spot.file)) {
            const status = parseInt(rule.status);
            return status > 399 ? message(status, 404) : status < 300 ? serve(rule.target) :
                redirect(status, rule.target.replace(/^\/+/, '/') // two slashes would lead to another host
                    .replace(/#|$/, (end) => (/\?/.test(rule.status) ? tail : '') + end));
        }
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

    // serve passes a request on to the origin with the path of another file. Of rules, only the part before a question
    // mark or a number sign is the path.
    const serve = (target) => look(target.replace(/[?#].*/, '')).then((spot) => show(spot, 1));

    // show passes a request on to the origin with the path of an object. Unless the path is that of a rule's target, a
    // folder is redirected to the path with a slash, and with the query. If the bucket may have files that are not in the
    // table, other paths are passed on, too, and a name without an extension is taken for a folder.
    const show = (spot, target) => {
        const path = spot.at, file = spot.file, folder = path + '/';
        if (!target && (file ? file == 'd' : fields[9] && /^(?!\/\.well-known\/).*\/[\w-]+$/.test(path))) {
            return redirect(301, folder + tail);
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

    // answer answers the request: it returns a response, or the request with the path of a file. path is decoded.
    const answer = async (path) => {
        const methods = 'GET, HEAD, OPTIONS', host = (request.headers.host || {}).value;
        if (method == 'OPTIONS') {
            return respond(204, '', 'allow', methods);
        }
        // Production has the root that is read first. The table of hosts contains the hosts that show another edition; it
        // is read only for hosts other than production's.
        let root = await read('root/5');
        const production = tabs(root)[0];
        if (production && host != production) {
            // Without a table, all hosts show production.
            const editions = await read('hosts/2').then(JSON.parse).catch(() => 0);
            if (editions[host]) {
                root = await read('root/5/' + editions[host]);
            }
        }
        trees = root.split('\n\n');
        fields = tabs(trees[0]);
        texts = lines(trees[1]);
        tables = { parameters: words(fields[1]) };
        oses = bars(choices(tables, 'o'));
        if (!/GET|HEAD/.test(method)) {
            return message(405, 405, 'allow', methods);
        }
        // Returning the promise itself would take more time.
        if (/^\/(find(all)?|download)?$/.test(path)) {
            return await api(path, given);
        }
        const file = /^\/bitstream\/([\s\S]*)/.exec(path), m = file || /^\/api\/v1\/packages\/(.+)\.json$/.exec(path);
        const found = m && await identify(m[1], file);
        if (found) {
            return file ? redirect(302, found) : load(found, 1).then(json);
        }
        tables.permalinks = fields[2].split(';').map(words);
        const link = permalink(tables, path);
        if (link) {
            return api(link.record ? '/find' : '/download', link.given);
        }
        const spot = await look(encode(path));
        // Some paths have no rules: assets, parts of pages, error pages, and hidden files.
        const ruled = !/^\/((assets|-)\/|40[04]\.html$)|\/\.(?!well-known(\/|$))/.test(path) && await obey(spot);
        return ruled || (file ? message(404, '404-bitstream') : show(spot));
    };

    let response;
    try {
        response = await answer(decoded(request.uri).replace(/\/\/+/g, '/'));
    } catch (error) { // the store cannot be read
        response = respond(503, '', 'retry-after', '30');
    }
    if (method == 'HEAD') {
        delete response.body;
    }
    return response;
}
