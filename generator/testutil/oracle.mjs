// Answers requests as Netlify or Cloudflare do with _redirects files. Each line of stdin is JSON: an object with the
// name of an engine and the rules (the text of a file), or a string with the encoded path and query of a request, for
// the file before it. Each line of stdout is the answer: the rejected lines of the file, or a reply. oracle.go
// describes both. .ci/oracles installs the packages.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import redirector from 'netlify-redirector';
import { parseAllRedirects } from '@netlify/redirect-parser';
import { generateRedirectsEvaluator } from 'redirects-in-workers';

const host = 'site.example';

// The packages log; stdout is for replies.
const logged = [];
for (const level of ['debug', 'log', 'info', 'warn', 'error']) {
	console[level] = (...words) => logged.push(words.join(' '));
}

const engines = { netlify, 'netlify-cli': netlifyCLI, cloudflare };
const out = [];
let answer;
for (const line of fs.readFileSync(0, 'utf8').trimEnd().split('\n').map((text) => JSON.parse(text))) {
	if (typeof line === 'object') {
		const engine = await engines[line.engine](line.rules);
		answer = engine.answer;
		out.push(engine.rejected);
		continue;
	}
	try {
		out.push(await answer(line) ?? {});
	} catch (error) {
		out.push({ error: String(error) });
	}
}
fs.writeFileSync(1, out.map((value) => JSON.stringify(value) + '\n').join(''));

// Netlify's matcher compares text with text and copies it into the target. Of its readers, the command-line program
// decodes the path first, so that a captured # or ? breaks the target, and a newline does not match. Here, the matcher
// gets paths, sources and values decoded, with each byte that is not an unreserved character of a URL in the guise of a
// character of its own; in the answer, it is percent-encoded again. So the answers are those of the matcher for any
// byte: /wiki/a%3Fb with /wiki/* /w/:splat leads to /w/a%3Fb.
async function netlify(text) {
	const { rejected, match } = await netlifyMatcher(text, (rule) => ({
		...rule,
		from: disguiseSource(rule.from),
		path: disguiseSource(rule.path),
		query: Object.fromEntries(Object.entries(rule.query ?? {}).map(
			([name, value]) => [name, value?.startsWith(':') ? value : disguise(bytes(value ?? ''), false)])),
	}));
	return {
		rejected,
		answer: (request) => {
			const [raw, query] = split(request);
			const { pathname } = new URL(`https://${host}` + raw); // without dot segments
			const found = match(disguise(decode(pathname), true), query.split('&').map(disguiseParameter).join('&'));
			return found && reply(found, pass(reveal(found.to), query));
		},
	};
}

// netlifyCLI answers as Netlify's command-line program does: it decodes the path, and the target is resolved as the URL
// standard says.
async function netlifyCLI(text) {
	const { rejected, match } = await netlifyMatcher(text, (rule) => rule);
	return {
		rejected,
		answer: (request) => {
			const url = new URL(`https://${host}` + request);
			const found = match(decodeURIComponent(url.pathname), url.search.slice(1));
			if (!found) {
				return null;
			}
			const target = new URL(found.to, url);
			if ([...target.searchParams].length === 0) {
				for (const [name, value] of url.searchParams) {
					target.searchParams.append(name, value);
				}
			}
			return reply(found, target.href.replace(new RegExp(`^https://${host}(?=/)`), ''));
		},
	};
}

// netlifyMatcher parses rules line by line, so that an answer can have the number of the line. prepare changes a parsed
// rule.
async function netlifyMatcher(text, prepare) {
	const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'redirects-')), '_redirects');
	const rules = [], rejected = [];
	for (const [i, line] of text.split('\n').entries()) {
		fs.writeFileSync(file, line);
		const { redirects, errors } = await parseAllRedirects({ redirectsFiles: [file] });
		rejected.push(...errors.map((e) => `line ${i + 1}: ${e.message.split('\n').at(-1)}`));
		for (const redirect of redirects) {
			// The matcher calls some fields by other names, as Netlify's command-line program knows.
			const { from: origin, query: params, conditions, ...rest } = prepare(redirect);
			rules.push({ ...rest, origin, params, conditions, headers: { line: String(i + 1) } });
		}
	}
	fs.rmSync(path.dirname(file), { recursive: true });
	const matcher = await redirector.parseJSON(JSON.stringify(rules), { jwtSecret: 'x', jwtRoleClaim: 'x' });
	return {
		rejected,
		match: (pathname, query) => matcher.match({
			scheme: 'https', host, path: pathname, query, headers: {}, cookieValues: {},
			getHeader: () => '', getCookie: () => '',
		}),
	};
}

function reply(found, location) {
	const { status, force, proxyHeaders } = found;
	const common = { status, force, line: Number(proxyHeaders.line) };
	const moved = status >= 301 && status <= 308;
	return { ...common, ...moved ? { location } : { file: location.replace(/[?#].*/, '') } };
}

// pass adds the query of a request to a target that has none.
function pass(target, query) {
	const [, before, own, fragment] = target.match(/^([^?#]*)(?:\?([^#]*))?(#.*)?$/s);
	const all = own || query;
	return before + (all ? '?' + all : '') + (fragment ?? '');
}

function split(request) {
	const at = request.indexOf('?');
	return at < 0 ? [request, ''] : [request.slice(0, at), request.slice(at + 1)];
}

function bytes(text) {
	return [...Buffer.from(text, 'utf8')];
}

// decode returns the bytes of percent-encoded text.
function decode(text) {
	return text.split(/(%[0-9A-Fa-f]{2})/).flatMap((t, i) => i % 2 ? [parseInt(t.slice(1), 16)] : bytes(t));
}

// disguise returns text in which each byte that is not unreserved has a character of its own, from U+E000 on.
function disguise(list, slashes) {
	return list.map((b) => {
		const c = String.fromCharCode(b);
		return /[A-Za-z0-9._~-]/.test(c) || slashes && c === '/' ? c : String.fromCharCode(0xe000 + b);
	}).join('');
}

// disguiseSource leaves placeholders and asterisks as they are.
function disguiseSource(source) {
	return source.split('/').map((segment) => {
		const star = segment.endsWith('*') ? '*' : '';
		return /^:./.test(segment) ? segment : disguise(decode(star ? segment.slice(0, -1) : segment), true) + star;
	}).join('/');
}

function disguiseParameter(parameter) {
	const at = parameter.indexOf('=');
	if (at < 0) {
		return parameter;
	}
	return parameter.slice(0, at + 1) + disguise(decode(parameter.slice(at + 1).replaceAll('+', ' ')), false);
}

// reveal percent-encodes the disguised bytes of an answer. The matcher itself has encoded those of a parameter's value.
function reveal(text) {
	const hex = (b) => '%' + b.toString(16).toUpperCase().padStart(2, '0');
	return text
		.replace(/%EE%(8[0-3])%([89AB][0-9A-F])/g, (_, a, b) => hex((parseInt(a, 16) & 3) << 6 | parseInt(b, 16) & 63))
		.replace(/[\ue000-\ue0ff]/g, (c) => hex(c.charCodeAt(0) - 0xe000));
}

async function cloudflare(text) {
	const evaluate = generateRedirectsEvaluator(text);
	const rejected = logged.splice(0).flatMap((t) => t.startsWith('Found ') ? t.split('▶︎ ').slice(1) : [])
		.map((t) => t.trim().replace(/\s+/g, ' '));
	let asset;
	const assets = {
		fetch: async (request) => {
			asset = new URL(request.url).pathname;
			return new Response('');
		},
	};
	return {
		rejected,
		answer: async (request) => {
			asset = undefined;
			const response = await evaluate(new Request(`https://${host}` + request), assets);
			return response && { status: response.status, force: true,
				location: response.headers.get('location') ?? undefined, file: asset };
		},
	};
}
