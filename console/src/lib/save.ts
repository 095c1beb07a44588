// Hands text to the person: as a file or on the clipboard.

import { bytesOfBase64 } from './merkle.ts';

function save(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export const saveBytes = (name: string, base64: string): void => save(name, new Blob([bytesOfBase64(base64)]));

export function saveFile(name: string, text: string, type = 'text/csv'): void {
  // Spreadsheets want a mark that it is UTF-8; what is signed stays as it is.
  const parts = type === 'text/csv' ? ['\uFEFF', text] : [text];
  save(name, new Blob(parts, { type: `${type};charset=utf-8` }));
}

export const copyText = (text: string): Promise<void> => navigator.clipboard.writeText(text);
