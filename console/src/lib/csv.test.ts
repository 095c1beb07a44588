import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCsv, toCsv, toTabs } from './csv.ts';

test('commas, semicolons and tabs are told apart by the first line', () => {
  assert.deepEqual(parseCsv('a,b\n1,2'), [['a', 'b'], ['1', '2']]);
  assert.deepEqual(parseCsv('a;b\r\n1,5;2\r\n'), [['a', 'b'], ['1,5', '2']]);
  assert.deepEqual(parseCsv('a\tb\n1\t'), [['a', 'b'], ['1', '']]);
});

test('quotes hold delimiters, line ends and quotes', () => {
  assert.deepEqual(parseCsv('a,b\n"x,""y""\nz",2'), [['a', 'b'], ['x,"y"\nz', '2']]);
});

test('a byte-order mark and blank lines are no data', () => {
  assert.deepEqual(parseCsv('\uFEFFa,b\n\n1,2\n\n'), [['a', 'b'], ['1', '2']]);
});

test('what is written is read back the same', () => {
  const rows = [['path', 'note'], ['org/site/a', 'with, comma'], ['b', 'with "quotes"\nand lines']];
  assert.deepEqual(parseCsv(toCsv(rows)), rows);
});

test('a cell that a spreadsheet would run is made harmless, a negative number is not', () => {
  assert.equal(toCsv([['=1+1', '-4.5', '@x']]), "'=1+1,-4.5,'@x\r\n");
});

test('the clipboard gets one line a row', () => {
  assert.equal(toTabs([['a\tb', 'c\nd'], ['1', '2']]), 'a b\tc d\n1\t2');
});
