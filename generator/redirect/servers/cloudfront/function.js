// The viewer-request function of sitegen. It answers requests to the download API, permalinks and rules from the
// key-value store that sitegen writes; tree.go and tables.go describe the store. sitegen puts lookup/grammar.js, which
// defines the functions parameters, parse and permalink, before this file and minifies both.
import cf from 'cloudfront';

const kvs = cf.kvs();
const BITSTREAM = '/bitstream/';
const ROUTES = ['/', '/find', '/findall', '/download'];
const UNRESERVED = /^[A-Za-z0-9._~-]+$/;
const UNRULED = /^\/(assets|-)\/|^\/40[04]\.html$|\/\.(?!well-known(\/|$))/; // paths without rules
const NONE = '--------';

export async function handler(event) {
    const request = event.request;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
        return refuse(request.method);
    }
    const path = decoded(request.uri).replace(/\/\/+/g, '/');
    let response;
    try {
        response = await answer(request, path);
    } catch (e) {
        response = page(503, 'Please try again', '<p>The list of packages is temporarily unavailable.</p>', '');
        response.headers['retry-after'] = { value: '30' };
    }
    if (request.method === 'HEAD' && response.statusCode) {
        delete response.body;
    }
    return response;
}

// refuse answers a request with another method than GET and HEAD.
function refuse(method) {
    const response = method === 'OPTIONS' ? respond(204, '') :
        page(405, 'Method not allowed', '<p>Use GET or HEAD.</p>', '');
    response.headers.allow = { value: 'GET, HEAD, OPTIONS' };
    return response;
}

// answer answers a request: it returns a response, or the request with the path of a file. path is decoded.
async function answer(request, path) {
    const host = request.headers.host;
    const root = await open(host && host.value);
    const given = parameters(request.rawQueryString() || '');
    let id = path.startsWith(BITSTREAM) && path.slice(BITSTREAM.length);
    if (id) {
        if (root.hex) {
            id = id.toLowerCase();
        }
        const row = await seek(root, 'i', root.ids, id);
        if (row && row.key === id) {
            return redirect(302, fileURL(root, row));
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
    if (id !== false) {
        return message(root, 404, 'file');
    }
    return root.objects ? object(request, root, at, spot) : file(request, path);
}

// open reads the root of the edition for a host. Production has the root that is read first. The table of hosts tells
// which hosts show another edition; it is read only for hosts other than production's.
async function open(host) {
    const nodes = Object.create(null); // values that this request has read, by key
    let root = await parsed(nodes, 'root/2');
    if (root.host && host !== root.host) {
        let editions = {};
        try {
            const text = await kvs.get('hosts/2');
            editions = JSON.parse(text);
        } catch (e) { // there is no table: all hosts show production
        }
        if (editions[host]) {
            root = await parsed(nodes, 'root/2/' + editions[host]);
        }
    }
    root.nodes = nodes;
    return root;
}

async function parsed(nodes, key) {
    const first = await read(nodes, key);
    const text = await whole(nodes, first);
    return JSON.parse(text);
}

// read returns the value of a key. It reads a key of the store only once for a request.
async function read(nodes, key) {
    if (nodes[key] === undefined) {
        const value = await kvs.get(key);
        nodes[key] = value;
    }
    return nodes[key];
}

// whole returns a text that is stored in several pieces. Each piece starts with the hash of the next one, the last one
// with NONE.
async function whole(nodes, piece) {
    let text = piece.slice(8), next = piece.slice(0, 8);
    while (next !== NONE) {
        const more = await read(nodes, 't/' + next);
        text += more.slice(8);
        next = more.slice(0, 8);
    }
    return text;
}

// api answers a request to the download API. given holds its decoded parameters by name.
async function api(request, root, route, given) {
    const single = route === '/find' || route === '/download';
    const q = parse(root, given, single);
    if (q.problem) {
        return message(root, 400, q.problem);
    }
    if (route === '/' && !anyGiven(root, given)) {
        return serve(request, root, '/index.html');
    }
    const cells = [];
    for (let i = 0; i < q.stabilities.length; i++) {
        for (let j = 0; j < q.oses.length; j++) {
            const found = await find(root, q, q.oses[j], q.stabilities[i]);
            cells.push({ os: q.oses[j], stability: q.stabilities[i], found: found });
        }
    }
    if (single) {
        const found = cells[0].found;
        if (!found) {
            return message(root, 404, 'package');
        }
        return route === '/find' ? serve(request, root, '/api/v1/packages/' + found.id + '.json') :
            redirect(302, BITSTREAM + found.id);
    }
    for (let i = 0; i < cells.length; i++) {
        if (cells[i].found) {
            const row = await seek(root, 'i', root.ids, cells[i].found.id);
            const fields = row.value.split('\t');
            if (fields.length < 2) {
                return message(root, 501, 'large');
            }
            cells[i].object = describe(root, q.arch, cells[i], fields);
        }
    }
    return route === '/' ? home(root, q, cells) : json(cells);
}

// anyGiven reports whether a request has one of the API's parameters.
function anyGiven(root, given) {
    return root.parameters.some(function (p) { return given[p[0]] !== undefined; });
}

// find returns the id and revision of the package for a system and stability, or null if there is none.
async function find(root, q, os, stability) {
    const platform = q.arch + '-' + os;
    const row = await seek(root, 'p', root.platforms, platform);
    if (!row || row.key !== platform) {
        return null;
    }
    const table = (stability === 'release' ? 3 : 0) + (q.finds === 'date' ? 1 : q.finds === 'version' ? 2 : 0);
    // '~' is above all keys, so the newest package is the one of the last row.
    const key = q.finds === 'newest' ? '~' : q.finds === 'version' ? q.value :
        q.finds === 'date' ? q.value.replace(/-/g, '') : digits(Number(q.value));
    const at = await seek(root, platform + '/' + table, top(row, table), key);
    if (!at || (q.finds === 'version' && at.key !== key)) {
        return null;
    }
    const found = reference(at, stability === 'nightly');
    if (!found || (q.finds === 'revision' && digits(found.revision) !== key)) {
        return null;
    }
    if (!q.offset) {
        return found;
    }
    // An offset counts rows of the table by revision: find the row of this package, then the row that many after it.
    const heads = platform + '/0';
    const base = await seek(root, heads, top(row, 0), digits(found.revision));
    const reached = await seek(root, heads, top(row, 0), undefined, base.rank + q.offset);
    return reached && reference(reached);
}

// digits returns a revision as a key of the tables: seven digits.
function digits(n) {
    return String(10000000 + Math.min(n, 9999999)).slice(1);
}

// top returns the hash of the top node of a table, from the row of its platform.
function top(row, table) {
    return row.value.slice(8 * table, 8 * table + 8);
}

// reference returns the id and revision of the package of a row. A row may have a second package for nightly builds,
// after a comma.
function reference(row, nightly) {
    const list = row.value.split(','), words = list[nightly && list.length > 1 ? 1 : 0].split(' ');
    return words[0] ? { id: words[0], revision: words[1] } : null;
}

// seek returns a row of a table: the last row with a key not above key or, without a key, the row number n, counted
// from 0. It returns null if there is no such row. hash is the hash of the table's top node. The comment on store in
// tree.go explains the nodes with an example.
async function seek(root, name, hash, key, n) {
    let low = '', rank = 0;
    while (hash !== NONE) {
        const node = await read(root.nodes, name + '/' + low + '/' + hash);
        const inner = node[0] === '+';
        const rows = (inner ? node.slice(1) : node).split('\n');
        let found = null, next = rank;
        for (let i = 0; i < rows.length; i++) {
            const at = rows[i].indexOf('>');
            const rowKey = rows[i].slice(0, at);
            if (key === undefined ? next > n : rowKey > key) {
                break;
            }
            found = { key: rowKey, value: rows[i].slice(at + 1), rank: next };
            next += inner ? Number(found.value.slice(9)) : 1;
        }
        if (!found || !inner) {
            return found && (key !== undefined || found.rank === n) ? found : null;
        }
        low = found.key;
        hash = found.value.slice(0, 8);
        rank = found.rank;
    }
    return null;
}

// encode percent-encodes decoded text, as EncodePath in encode.go does.
function encode(text) {
    return text.replace(/[^A-Za-z0-9/._~!'()*,:@-]/g, function (c) {
        return '%' + (256 + c.charCodeAt(0)).toString(16).slice(1).toUpperCase();
    });
}

// look returns what the table of paths has at a path: the rules with that source, and the file: "f" and the key of its
// object, or "d" for the index.html of a folder. The path is encoded. A slash at its end is not part of a row's key.
async function look(root, path) {
    const key = path.replace(/\/$/, ''), row = await seek(root, 'e', root.paths, key);
    const rules = row && row.key === key ? row.value.split('|') : [];
    let file = /^[df]/.test(rules[rules.length - 1]) ? rules.pop() : '';
    if (file[0] === 'f' && key !== path) {
        file = ''; // a file is not a folder
    }
    if (!file && path.endsWith('/index.html')) {
        const folder = await look(root, path.slice(0, -10));
        file = folder.file;
    }
    return { rules: rules, file: file };
}

// match returns the first rule that matches, or null if none does. path is encoded, spot is what look returns for it.
// Patterns need not be read if a file comes before all of them.
async function match(root, path, spot, given) {
    let rule = choose(spot.rules, {}, given);
    if (spot.file && !root.forced) {
        return rule;
    }
    let next = root.patterns;
    while (!rule && next !== NONE) {
        const node = await read(root.nodes, 'r/' + next);
        const rows = node.split('\n');
        next = rows.shift();
        for (let i = 0; !rule && i < rows.length; i++) {
            const f = rows[i].split('\t');
            const m = new RegExp(f[0]).exec(path);
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
                target: (words[1] || '').replace(/:([A-Za-z]\w*)/g, function (all, name) {
                    return values[name] === undefined ? all : values[name];
                })
            };
        }
    }
    return null;
}

// obey answers a request as the rule that matches it requires.
async function obey(request, root, rule) {
    if (rule.status >= 400) {
        return message(root, rule.status, String(rule.status));
    }
    if (rule.status === 200) {
        return serve(request, root, rule.target);
    }
    const query = rule.passes && request.rawQueryString();
    const target = rule.target.replace(/^\/+/, '/'); // two slashes would lead to another host
    return redirect(rule.status, !query ? target : target.replace(/#|$/, function (end) {
        return '?' + query + end;
    }));
}

// describe returns the package object. fields are the fields of a row in the table of packages, see idRow in tables.go.
// fields[7] is the name of a release, or an equals sign if that is the version.
function describe(root, arch, cell, fields) {
    const id = cell.found.id, revision = cell.found.revision, version = fields[8];
    const object = {
        arch: arch,
        build_date: fields[4],
        build_date_ymd: fields[5] || fields[4].slice(0, 10),
        checkout_date: null,
        checkout_date_ymd: null,
        codebase: null,
        download_url: BITSTREAM + id,
        md5: null,
        name: fields[2],
        os: cell.os,
        package: null,
        product_name: fields[3],
        revision: revision,
        sha512: fields[1] || null,
        size: Number(fields[6]),
        stability: fields[7] ? 'release' : 'nightly',
        version: version || null
    };
    if (fields[9]) {
        object.sha256 = fields[9];
    }
    const release = fields[7] === '=' ? version : fields[7];
    const values = { id: id, os: cell.os, arch: arch, revision: revision, version: version, release: release };
    for (let i = 0; i < root.links.length; i++) {
        let missing = false;
        const url = root.links[i][1].replace(/\{([a-z]+)\}/g, function (all, name) {
            missing = missing || !values[name];
            return values[name];
        });
        object[root.links[i][0]] = missing ? null : url;
    }
    return object;
}

// json answers /findall: the package objects by system and stability.
function json(cells) {
    const all = {};
    for (let i = 0; i < cells.length; i++) {
        const c = cells[i];
        all[c.os] = all[c.os] || {};
        all[c.os][c.stability] = c.object || null;
    }
    return respond(200, JSON.stringify(all) + '\n', 'application/json');
}

// home answers / with a query: a page with a table of the packages.
async function home(root, q, cells) {
    const all = parse(root, {}, false).oses;
    let html = '<table><tr><th></th>';
    for (let i = 0; i < q.oses.length; i++) {
        html += '<th scope="col">' + esc(root.titles[all.indexOf(q.oses[i])]) + '</th>';
    }
    for (let i = 0; i < cells.length; i++) {
        const o = cells[i].object;
        if (i % q.oses.length === 0) {
            html += '</tr><tr><th scope="row">' + cells[i].stability + '</th>';
        }
        html += !o ? '<td>Not available</td>' : '<td><a href="' + o.download_url + '">' +
            esc(o.product_name + ' ' + (o.version || '')) + '</a> revision ' + o.revision +
            ', built ' + o.build_date_ymd + ', ' + Math.round(o.size / 1e6) + ' MB</td>';
    }
    const foot = await seek(root, 'm', root.messages, 'foot');
    return page(200, 'Download', html + '</tr></table>', foot.value);
}

// fileURL returns the URL of a package's file. row is its row in the table of packages.
function fileURL(root, row) {
    const middle = row.value.split('\t')[0], around = middle ? root.rest : root.byid;
    return around[0] + (middle || row.key) + around[1];
}

// file passes a request on to the origin. It adds index.html to a folder; a name without an extension is redirected to
// the folder of that name, except in /.well-known/, where files often have none.
function file(request, path) {
    const last = path.slice(path.lastIndexOf('/') + 1);
    if (!last) {
        request.uri = encode(path) + 'index.html';
    } else if (/^[a-z0-9._-]+$/.test(last) && !/\.[a-z][a-z0-9]*$/.test(last) && !path.startsWith('/.well-known/')) {
        return redirect(301, encode(path) + '/');
    }
    return request;
}

// serve passes a request on to the origin with the path of another file. Of rules, only the part before a question mark
// or a number sign is the path.
async function serve(request, root, path) {
    if (root.objects) {
        const at = path.replace(/[?#].*/, ''), spot = await look(root, at);
        return object(request, root, at + (spot.file[0] === 'd' ? '/' : ''), spot);
    }
    request.uri = path.endsWith('/') ? path + 'index.html' : path;
    request.querystring = {};
    return request;
}

// object passes a request on to the origin with the key of the object that the table of paths has at a path. A folder is
// redirected to the path with a slash.
function object(request, root, path, spot) {
    if (!spot.file) {
        return message(root, 404, '404');
    }
    if (spot.file[0] === 'd' && !/\/(index\.html)?$/.test(path)) {
        return redirect(301, path + '/');
    }
    request.uri = '/' + spot.file.slice(1);
    request.querystring = {};
    return request;
}

function redirect(status, location) {
    const response = respond(status, '');
    response.headers.location = { value: location };
    return response;
}

// message answers with an error page from the table of messages. A row holds a title and a text in HTML.
async function message(root, status, name) {
    const row = await seek(root, 'm', root.messages, name);
    const foot = await seek(root, 'm', root.messages, 'foot');
    const fields = row.value.split('\t');
    return page(status, fields[0], '<p>' + fields[1] + '</p>', foot.value);
}

function page(status, title, html, foot) {
    return respond(status, '<!doctype html><html lang="en"><meta charset="utf-8">' +
        '<meta name="viewport" content="width=device-width"><title>' + title + '</title><h1>' + title + '</h1>' +
        html + '<p><a href="/">All downloads</a>' + foot + '</p></html>');
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

function esc(s) {
    return s.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
