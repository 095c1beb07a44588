import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fillMessage } from '../lib/message.ts';
import { NAMED_QUALITIES } from '../lib/quality.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const en = JSON.parse(read('words/en.json')) as Record<string, string>;
const zh = JSON.parse(read('words/zh.json')) as Record<string, string>;

const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(svelte|ts)$/.test(name) && !name.endsWith('.test.ts'))
  .map(read);
const quoted = new Set(sources.flatMap((text) => [...text.matchAll(/['"]([\w.-]+)['"]/g)].map((match) => match[1]!)));
const asked = sources.flatMap((text) => [...text.matchAll(/\bt(?:Or)?\((?:[^'"`(),]+\?\s*)?'([\w.-]+)'(?:\s*:\s*'([\w.-]+)')?/g)]
  .flatMap((match) => [match[1]!, ...(match[2] ? [match[2]] : [])]));
// "page.${entry.id}" asks for every key that has something in that place.
const patterns = [...new Set(sources.flatMap((text) => [...text.matchAll(/`([a-z]+\.(?:[\w.-]|\$\{[^}]*\})*\$\{(?:[^`])*?)`/g)].map((match) => match[1]!)))]
  .map((pattern) => new RegExp(`^${pattern.replaceAll('.', '\\.').replace(/\$\{[^}]*\}/g, '[\\w.-]+')}$`));
// Words that the server names: problems, qualities, and those that a problem's id is put together from.
const named = [/^error\.LS-\d{4}\.(title|remedy)$/, /^problem\.\w+\.(title|remedy)$/];

const placeholders = (text: string): string[] => [...new Set([...text.matchAll(/\{(\w+)(?=[,}])/g)].map((match) => match[1]!))].sort();

test('both languages have the same keys', () => {
  assert.deepEqual(Object.keys(en).filter((key) => !(key in zh)), []);
  assert.deepEqual(Object.keys(zh).filter((key) => !(key in en)), []);
});

test('no text is empty, and both languages fill in the same parameters', () => {
  for (const key of Object.keys(en)) {
    assert.ok(en[key]!.trim() && zh[key]!.trim(), key);
    assert.deepEqual(placeholders(zh[key]!), placeholders(en[key]!), key);
  }
});

test('every key that the console asks for exists', () => {
  assert.ok(asked.length > 300, `${asked.length} keys found: the search itself is broken`);
  assert.deepEqual([...new Set(asked)].filter((key) => !(key in en)), []);
  for (const pattern of patterns) assert.ok(Object.keys(en).some((key) => pattern.test(key)), `nothing matches ${pattern}`);
});

test('every key is used', () => {
  const isUsed = (key: string) => quoted.has(key) || [...patterns, ...named].some((pattern) => pattern.test(key));
  assert.deepEqual(Object.keys(en).filter((key) => !isUsed(key)), []);
});

test('every message can be filled in, for one and for many', () => {
  for (const [words, locale] of [[en, 'en-GB'], [zh, 'zh-CN']] as const) {
    for (const [key, text] of Object.entries(words)) {
      for (const n of [0, 1, 5]) {
        const params = Object.fromEntries(placeholders(text).map((name) => [name, n]));
        const filled = fillMessage(text, params, locale);
        assert.ok(filled.trim() !== '' && !/[{}]|undefined|NaN(?!\w)/.test(filled), `${key} in ${locale}: ${filled}`);
      }
    }
  }
});

test('every quality that has a name has words', () => {
  assert.deepEqual(NAMED_QUALITIES.filter((name) => !(`quality.${name}` in en)), []);
});

test('the errors of the server have words, in English the very same', () => {
  const definitions = readFileSync(join(root, '../../src/base/errors.def'), 'utf8');
  const entries = [...definitions.matchAll(/^LS_ERROR\((\d+), \w+, \w+, "((?:[^"\\]|\\.)*)",\s*"((?:[^"\\]|\\.)*)"\)/gm)];
  assert.ok(entries.length > 30, 'errors.def is not read');
  for (const [, id, title, remedy] of entries) {
    assert.doesNotMatch(title!, /:/, 'errorInWords finds the end of the title by its colon');
    assert.deepEqual([en[`error.LS-${id}.title`], en[`error.LS-${id}.remedy`]], [title, remedy], `LS-${id}`);
  }
});

test('every protocol, its settings and its columns of signals have words', () => {
  const rooms = join(root, '../../src/connect');
  const kinds = readdirSync(rooms, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('/kind.cpp'));
  assert.ok(kinds.length > 0, 'no protocol found');
  const namesIn = (text: string) => [...text.matchAll(/fields\.(?:integer|optional_int|boolean|string|secret|number|optional_double|word)\(\s*"(\w+)"/g)].map((match) => match[1]!);
  // Settings that several protocols share: void read_tls(Fields& fields, ...) and the like.
  const shared = readdirSync(rooms, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.cpp'))
    .flatMap((name) => [...readFileSync(join(rooms, name), 'utf8').matchAll(/^void read_\w+\(Fields& fields, \w+& [^]*?^\}/gm)].map((match) => match[0]));
  const missing: string[] = shared.flatMap(namesIn).map((name) => `setting.${name}`).filter((key) => !(key in en));
  for (const kind of kinds) {
    const text = readFileSync(join(rooms, kind), 'utf8');
    const between = (from: string, to: string) => text.slice(text.indexOf(from), text.indexOf(to));
    const protocol = /name\(\) const override \{ return "([\w-]+)"; \}/.exec(text)?.[1];
    const settings = namesIn(between('read_settings(', 'settings_json('));
    // Rare columns have no head on the page.
    const place = namesIn(between('read_point(', 'add_point_json(').split('fields.advanced()')[0]!);
    assert.ok(protocol && settings.length > 0 && place.length > 0, `${kind} is not read`);
    missing.push(...[`protocol.${protocol}`, ...settings.map((name) => `setting.${name}`), ...place.map((name) => `signal.${name}`)].filter((key) => !(key in en)));
  }
  assert.deepEqual(missing, []);
});

test('every kind of flow and its settings have words', () => {
  const rooms = join(root, '../../src/connect');
  const kinds = readdirSync(rooms, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('/flow_kind.cpp'));
  assert.ok(kinds.length > 0, 'no kind found');
  const missing = kinds.flatMap((name) => {
    const text = readFileSync(join(rooms, name), 'utf8');
    const kind = /name\(\) const override \{ return "([\w-]+)"; \}/.exec(text)?.[1];
    const settings = [...text.matchAll(/fields\.(?:integer|boolean|string|secret|number|word)\(\s*"(\w+)"/g)].map((match) => match[1]!);
    assert.ok(kind && settings.length > 0, `${name} is not read`);
    return [`flow.kind.${kind}`, ...settings.map((setting) => `setting.${setting}`)].filter((key) => !(key in en));
  });
  assert.deepEqual(missing, []);
});
