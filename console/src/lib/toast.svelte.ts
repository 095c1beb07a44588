// Short notes about what was just done, with a way back where there is one.

export interface Note {
  id: number;
  text: string;
  undo?: () => void;
}

const SHOWN_MS = 6000;
let next = 1;

export const notes = $state<Note[]>([]);

export function note(text: string, undo?: () => void): void {
  const id = next++;
  notes.push(undo ? { id, text, undo } : { id, text });
  setTimeout(() => dismiss(id), SHOWN_MS);
}

export function dismiss(id: number): void {
  const at = notes.findIndex((one) => one.id === id);
  if (at >= 0) notes.splice(at, 1);
}
