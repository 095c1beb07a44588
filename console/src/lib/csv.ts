// Comma- and tab-separated text, read and written as spreadsheets do (RFC 4180).

/** Rows of cells. The delimiter is the most frequent of tab, semicolon and comma in the first line. */
export function parseCsv(text: string): string[][] {
  const clean = text.replace(/^\uFEFF/, '');
  const head = clean.slice(0, clean.search(/\r?\n|$/));
  const delimiter = ['\t', ';', ','].reduce((best, one) =>
    head.split(one).length > head.split(best).length ? one : best);
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  const endCell = () => {
    row.push(cell.trim());
    cell = '';
  };
  const endRow = () => {
    endCell();
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  };
  for (let i = 0; i < clean.length; i++) {
    const c = clean[i]!;
    if (quoted) {
      if (c !== '"') cell += c;
      else if (clean[i + 1] === '"') cell += clean[++i];
      else quoted = false;
    } else if (c === '"' && cell.trim() === '') {
      quoted = true;
      cell = '';
    } else if (c === delimiter) endCell();
    else if (c === '\n') endRow();
    else if (c !== '\r') cell += c;
  }
  endRow();
  return rows;
}

// A cell that begins like a formula would run in a spreadsheet; numbers may begin with a sign.
const defused = (cell: string): string => (/^[=+\-@\t]/.test(cell) && !Number.isFinite(Number(cell)) ? `'${cell}` : cell);

export function toCsv(rows: readonly (readonly string[])[]): string {
  const quote = (cell: string) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return rows.map((row) => row.map((cell) => quote(defused(cell))).join(',')).join('\r\n') + '\r\n';
}

/** For the clipboard: what a spreadsheet pastes into cells. */
export function toTabs(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => row.map((cell) => cell.replace(/[\t\r\n]+/g, ' ')).join('\t')).join('\n');
}
