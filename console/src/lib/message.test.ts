import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillMessage } from './message.ts';

test('a parameter is put in its place, a number grouped as the reader writes it', () => {
  assert.equal(fillMessage('{a} of {b}', { a: 'x', b: 1234567 }, 'en'), 'x of 1,234,567');
  assert.equal(fillMessage('{b}', { b: 1234567 }, 'de'), '1.234.567');
});

test('a plural takes the form of its number', () => {
  const message = '{n, plural, =0 {no tags} one {# tag} other {# tags}} bad';
  assert.equal(fillMessage(message, { n: 0 }, 'en'), 'no tags bad');
  assert.equal(fillMessage(message, { n: 1 }, 'en'), '1 tag bad');
  assert.equal(fillMessage(message, { n: 2000 }, 'en'), '2,000 tags bad');
});

test('a language without plural forms uses the one called other', () => {
  assert.equal(fillMessage('{n, plural, other {# 个标签}}', { n: 1 }, 'zh-CN'), '1 个标签');
});

test('parameters inside a plural form are filled too', () => {
  assert.equal(fillMessage('{n, plural, one {# of {all}} other {# of {all}}}', { n: 3, all: 9 }, 'en'), '3 of 9');
});

test('a missing parameter leaves nothing, an unclosed brace does no harm', () => {
  assert.equal(fillMessage('a {b} c', {}, 'en'), 'a  c');
  assert.equal(fillMessage('a {b', { b: 1 }, 'en'), 'a ');
});
