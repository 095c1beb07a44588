import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AT_PLACES, grantsDifference, placesOf, tidyGrants, WHOLE } from './access.ts';
import type { Grant } from './types.ts';

const grant = (role: Grant['role'], place = '*'): Grant => ({ role, place });

test('an empty place is the whole organisation, slashes around a path say nothing, and each grant counts once', () => {
  assert.deepEqual(tidyGrants([grant('viewer', ' '), grant('operator', '/nf/melt/'), grant('viewer'), grant('operator', 'nf/melt')]),
    [grant('viewer'), grant('operator', 'nf/melt')]);
});

test('a difference tells what comes and what goes', () => {
  assert.deepEqual(grantsDifference([grant('viewer'), grant('operator', 'a')], [grant('operator', 'a'), grant('operator', 'b')]),
    { added: [grant('operator', 'b')], removed: [grant('viewer')] });
  assert.deepEqual(grantsDifference([grant('viewer')], [grant('viewer')]), { added: [], removed: [] });
});

test('places are the levels above tags, the wide ones first', () => {
  assert.deepEqual(placesOf(['nf/melt/eaf1/power', 'nf/rolling/speed']), ['nf', 'nf/melt', 'nf/rolling', 'nf/melt/eaf1']);
});

test('every permission of the server can be asked about, at places those that are of places', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/reference/permissions.md'), 'utf8');
  // "| `tag.read` | yes | ... | places | see tags |": the cell before the last says of what it is.
  const rows = [...page.matchAll(/^\| `([\w.]+)` \|.*\| ([\w ]+) \| [^|]+ \|$/gm)].map((row) => ({ name: row[1]!, of: row[2]! }));
  assert.ok(rows.length > 20, `${rows.length} rows found: the page is not read`);
  const named = (of: (place: string) => boolean) => rows.filter((row) => of(row.of)).map((row) => row.name).sort();
  assert.deepEqual([...AT_PLACES].sort(), named((of) => of === 'places'));
  assert.deepEqual([...WHOLE].sort(), named((of) => of !== 'places'));
  for (const language of ['en', 'zh']) {
    const words = JSON.parse(readFileSync(join(import.meta.dirname, `../words/${language}.json`), 'utf8')) as Record<string, string>;
    assert.deepEqual(rows.filter((row) => !words[`permission.${row.name}`]), [], language);
  }
});
