// The viewer-request function of sitegen: it answers the download API, permalinks and rules from the
// key-value store that sitegen writes (see tree.go and tables.go).
import cf from 'cloudfront';

const kvs = cf.kvs();
const OSES = ['win', 'macosx', 'linux'];
const TITLES = { win: 'Windows', macosx: 'macOS', linux: 'Linux' };
const PERMALINK = /^\/(?:latest\/(win|macosx|linux)(?:\/(nightly))?|releases\/([0-9A-Za-z][0-9A-Za-z._-]*)\/(win|macosx|linux)|revision\/([0-9]+)\/(win|macosx|linux))(\.json)?$/;
const UNRESERVED = /^[A-Za-z0-9._~-]+$/;
const ROUTES = ['/', '/find', '/findall', '/download'];
const NONE = '--------';
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

async function handler(event) {
    const request = event.request;
    if ((request.method !== 'GET' && request.method !== 'HEAD') || request.uri.startsWith('/assets/')) {
        return request;
    }
    let path;
    try {
        path = decodeURIComponent(request.uri).replace(/\/\/+/g, '/');
    } catch (e) {
        return request;
    }
    let response;
    try {
        response = await answer(request, path);
    } catch (e) {
        // The store could not be read. Files are served all the same; nothing else is guessed.
        if (ROUTES.indexOf(path) < 0 && !path.startsWith('/bitstream/') && !PERMALINK.test(path)) {
            return file(request, path);
        }
        response = page(503, 'Please try again', '<p>The list of packages cannot be read at the moment.</p>');
        response.headers['retry-after'] = { value: '30' };
    }
    if (request.method === 'HEAD' && response.statusCode) {
        delete response.body;
    }
    return response;
}

async function answer(request, path) {
    const text = await kvs.get('root');
    const root = JSON.parse(text);
    const params = parameters(request.rawQueryString() || '');
    const id = path.startsWith('/bitstream/') && path.slice(11).toLowerCase();
    if (id) {
        const row = await seek('i', root.ids, id);
        if (row && row.key === id) {
            return redirect(302, fileURL(root, row));
        }
    }
    if (ROUTES.indexOf(path) >= 0) {
        return api(request, root, path, params);
    }
    const m = PERMALINK.exec(path);
    if (m) {
        const p = { os: m[1] || m[4] || m[6], stability: m[2], version: m[3], revision: m[5] };
        return api(request, root, m[7] ? '/find' : '/download', p);
    }
    const rule = await match(root, encodeURI(path), params);
    if (rule) {
        return obey(request, root, rule);
    }
    return id === false ? file(request, path) : message(root, 404, 'file');
}

// api answers a request of the download API; p holds its parameters, decoded.
async function api(request, root, route, p) {
    const single = route === '/find' || route === '/download';
    const q = parse(p, single);
    if (q.problem) {
        return message(root, 400, q.problem);
    }
    if (route === '/' && q.plain) {
        return serve(request, '/index.html');
    }
    const cells = [];
    for (let i = 0; i < q.stabilities.length; i++) {
        for (let j = 0; j < q.oses.length; j++) {
            const found = await find(root, q, q.oses[j], q.stabilities[i]);
            cells.push({ os: q.oses[j], stability: q.stabilities[i], ref: found });
        }
    }
    if (single) {
        if (!cells[0].ref) {
            return message(root, 404, 'package');
        }
        const id = cells[0].ref.slice(0, 24);
        return route === '/find' ? serve(request, '/api/v1/packages/' + id + '.json') : redirect(302, '/bitstream/' + id);
    }
    for (let i = 0; i < cells.length; i++) {
        if (cells[i].ref) {
            const id = cells[i].ref.slice(0, 24);
            const row = await seek('i', root.ids, id);
            const fields = row.value.split('\t');
            if (fields.length < 2) {
                return message(root, 501, 'large');
            }
            cells[i].object = describe(q.arch, cells[i], fields);
        }
    }
    return route === '/' ? home(q, cells) : json(cells);
}

// parse reads the parameters as the download API has them, and in its order.
function parse(p, single) {
    const has = function (name) { return p[name] !== undefined; };
    const q = { oses: OSES, arch: 'amd64', offset: 0, key: '~' };
    if (has('os') ? OSES.indexOf(p.os) < 0 : single) {
        return { problem: 'os' };
    }
    if (has('os')) {
        q.oses = [p.os];
    }
    if (has('stability') && ['release', 'nightly', 'any'].indexOf(p.stability) < 0) {
        return { problem: 'stability' };
    }
    if (has('arch')) {
        if (['amd64', 'arm64', 'i386'].indexOf(p.arch) < 0) {
            return { problem: 'arch' };
        }
        q.arch = p.arch;
    }
    if (has('offset')) {
        if (!/^ *[-+]?[0-9]+ *$/.test(p.offset)) {
            return { problem: 'offset' };
        }
        q.offset = Number(p.offset);
    }
    if (has('checkout-date')) {
        return { problem: 'checkout-date' };
    }
    const modes = ['version', 'revision', 'closest-revision', 'date'].filter(has);
    if (modes.length > 1) {
        return { problem: 'mode' };
    }
    q.mode = modes[0];
    const value = p[q.mode];
    if (q.mode === 'version') {
        q.key = value;
    } else if (q.mode === 'date') {
        q.key = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(value) && isDay(value) ? value.replace(/-/g, '') : '';
    } else if (q.mode) {
        q.key = /^ *\+?[0-9]+ *$/.test(value) ? digits(value.replace(/[ +]/g, '')) : '';
    }
    if (!q.key) {
        return { problem: q.mode };
    }
    q.plain = !q.mode && !q.offset && q.arch === 'amd64' && !has('os') && !has('stability');
    q.stabilities = has('stability') ? [p.stability] : !single ? ['release', 'nightly'] : [q.mode === 'revision' ? 'any' : 'release'];
    return q;
}

function isDay(v) {
    const year = Number(v.slice(0, 4)), month = Number(v.slice(5, 7)), day = Number(v.slice(8));
    const leap = month === 2 && (year % 4 === 0 && year % 100 !== 0 || year % 400 === 0) ? 1 : 0;
    return month >= 1 && month <= 12 && day >= 1 && day <= DAYS[month - 1] + leap;
}

// digits writes a revision as the keys of the tables are: seven digits.
function digits(v) {
    v = v.replace(/^0+/, '');
    return v.length > 7 ? '9999999' : ('0000000' + v).slice(-7);
}

// find gives the id and revision of the package of one cell, as one string; '' for none.
async function find(root, q, os, stability) {
    const name = q.arch + '-' + os;
    const tops = root.platforms[name];
    if (!tops) {
        return '';
    }
    const table = (stability === 'release' ? 3 : 0) + (q.mode === 'date' ? 1 : q.mode === 'version' ? 2 : 0);
    const row = await seek(name + '/' + table, top(tops, table), q.key);
    if (!row || (q.mode === 'version' && row.key !== q.key)) {
        return '';
    }
    const refs = row.value.split(',');
    const ref = stability === 'nightly' && refs.length > 1 ? refs[1] : refs[0];
    const revision = ref.slice(24);
    if (!ref || (q.mode === 'revision' && digits(revision) !== q.key)) {
        return '';
    }
    if (!q.offset) {
        return ref;
    }
    const heads = name + '/0';
    const base = await seek(heads, top(tops, 0), digits(revision));
    const reached = await seek(heads, top(tops, 0), undefined, base.rank + q.offset);
    return reached ? reached.value.split(',')[0] : '';
}

function top(tops, i) {
    return tops.slice(8 * i, 8 * i + 8);
}

// seek finds a row of a table: the last one whose key is not above key or, where no key is given, the one
// with n rows before it. A node is a list of rows; those of a node that starts with a plus sign lead to
// nodes below: first key > hash : number of rows there.
async function seek(name, hash, key, n) {
    let low = '', rank = 0;
    while (hash !== NONE) {
        const node = await kvs.get(name + '/' + low + '/' + hash);
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

// match gives the answer of the first rule for a path (canonically encoded), else null.
async function match(root, path, params) {
    const source = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
    const row = await seek('e', root.exact, source);
    let rule = row && row.key === source ? choose(row.value, {}, params) : null;
    let next = root.patterns;
    while (!rule && next !== NONE) {
        const node = await kvs.get('r/' + next);
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
                rule = choose(f[2], values, params);
            }
        }
    }
    return rule;
}

// choose takes the first of several rules whose conditions hold: [name=value …] status [target].
function choose(rules, values, params) {
    const list = rules.split('|');
    for (let i = 0; i < list.length; i++) {
        const words = list[i].split(' ');
        let holds = true;
        while (words[0].indexOf('=') > 0) {
            const at = words[0].indexOf('='), v = params[words[0].slice(0, at)], want = words.shift().slice(at + 1);
            if (want[0] === ':') {
                holds = holds && v !== undefined && UNRESERVED.test(v);
                values[want.slice(1)] = v;
            } else {
                holds = holds && v === want;
            }
        }
        if (holds) {
            const fill = function (all, name) { return values[name]; };
            return { status: Number(words.shift()), target: words.join(' '), fill: fill };
        }
    }
    return null;
}

async function obey(request, root, rule) {
    if (rule.status === 404 || rule.status === 410) {
        return message(root, rule.status, String(rule.status), rule.target);
    }
    const target = rule.target.replace(/:([A-Za-z][A-Za-z0-9_]*)/g, rule.fill);
    return rule.status === 200 ? serve(request, target) : redirect(rule.status, target);
}

// describe makes the package object; fields are a row of the table of ids.
function describe(arch, cell, fields) {
    const id = cell.ref.slice(0, 24), revision = cell.ref.slice(24);
    return {
        arch: arch,
        build_date: fields[4],
        build_date_ymd: fields[5] || fields[4].slice(0, 10),
        checkout_date: null,
        checkout_date_ymd: null,
        codebase: null,
        download_url: '/bitstream/' + id,
        extensions_browse_url: 'https://extensions.slicer.org/catalog/All/' + revision + '/' + cell.os,
        md5: null,
        name: fields[2],
        os: cell.os,
        package: null,
        product_name: fields[3],
        revision: revision,
        sha512: fields[1] || null,
        size: Number(fields[6]),
        stability: fields[7] === 'r' ? 'release' : 'nightly',
        version: fields[8] || null
    };
}

function json(cells) {
    const all = {};
    for (let i = 0; i < cells.length; i++) {
        const c = cells[i];
        all[c.os] = all[c.os] || {};
        all[c.os][c.stability] = c.object || null;
    }
    return respond(200, JSON.stringify(all) + '\n', 'application/json');
}

function home(q, cells) {
    let html = '<table><tr><th></th>';
    for (let i = 0; i < q.oses.length; i++) {
        html += '<th scope="col">' + TITLES[q.oses[i]] + '</th>';
    }
    for (let i = 0; i < cells.length; i++) {
        const o = cells[i].object;
        if (i % q.oses.length === 0) {
            html += '</tr><tr><th scope="row">' + cells[i].stability + '</th>';
        }
        html += !o ? '<td>Not available</td>' : '<td><a href="' + o.download_url + '">' + esc(o.product_name + ' ' + (o.version || '')) + '</a> revision ' +
            o.revision + ', built ' + o.build_date_ymd + ', ' + Math.round(o.size / 1e6) + ' MB</td>';
    }
    return page(200, 'Download', html + '</tr></table>');
}

function parameters(raw) {
    const p = Object.create(null), parts = raw.split('&');
    for (let i = 0; i < parts.length; i++) {
        const at = parts[i].indexOf('=');
        const name = unescape(at < 0 ? parts[i] : parts[i].slice(0, at));
        if (parts[i] && p[name] === undefined) {
            p[name] = at < 0 ? '' : unescape(parts[i].slice(at + 1));
        }
    }
    return p;
}

// unescape gives a character for each byte: what is compared with it is ASCII.
function unescape(s) {
    return s.replace(/\+|%[0-9A-Fa-f]{2}/g, function (m) {
        return m === '+' ? ' ' : String.fromCharCode(parseInt(m.slice(1), 16));
    });
}

function fileURL(root, row) {
    const middle = row.value.split('\t')[0], around = middle ? root.rest : root.byid;
    return around[0] + (middle || row.key) + around[1];
}

// file serves a file of the site: index.html for a folder, and the folder for a name without an ending.
function file(request, path) {
    const last = path.slice(path.lastIndexOf('/') + 1);
    if (!last) {
        request.uri = encodeURI(path) + 'index.html';
    } else if (/^[a-z0-9._-]+$/.test(last) && !/\.[a-z][a-z0-9]*$/.test(last)) {
        return redirect(301, encodeURI(path) + '/');
    }
    return request;
}

function serve(request, path) {
    request.uri = path.endsWith('/') ? path + 'index.html' : path;
    request.querystring = {};
    return request;
}

function redirect(status, location) {
    const response = respond(status, '');
    response.headers.location = { value: location };
    return response;
}

// message makes an error page of a title and a text of the table of messages; note is plain text.
async function message(root, status, name, note) {
    const row = await seek('m', root.messages, name);
    const fields = row.value.split('\t');
    return page(status, fields[0], '<p>' + fields[1] + esc(note || '') + '</p>');
}

function page(status, title, html) {
    let links = '';
    for (let i = 0; i < 3; i++) {
        links += ', <a href="/latest/' + OSES[i] + '">' + TITLES[OSES[i]] + '</a>';
    }
    return respond(status, '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">' +
        '<title>' + title + '</title><h1>' + title + '</h1>' + html +
        '<p><a href="/">All downloads</a>. The newest release for' + links.slice(1) + '.</p></html>');
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
