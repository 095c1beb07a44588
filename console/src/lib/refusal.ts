// Which field a refusal is about: the server's details begin with its name, "shares[1]: weight: ...". Pure.
import type { Problem } from './types.ts';

export interface Refusal {
  field: string;
  text: string; // with the number of the error
}

export function refusalOf(problem: Problem, fields: readonly string[]): Refusal | null {
  const [, field, item, text] = /^([a-z_]+)(\[\d+\])?: ([^]+)$/.exec(problem.detail) ?? [];
  if (!field || !fields.includes(field)) return null;
  return { field, text: `${item ? `${item} ` : ''}${text} (${problem.id})` };
}
