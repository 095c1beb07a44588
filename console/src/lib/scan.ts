// What a search for machines left out, gathered over the parts of a range.
import type { ScanLeftOut } from './types.ts';

/** A door that was not knocked at, at how many addresses; the first stands for them. */
export interface DoorLeftOut {
  protocol: string;
  port: number;
  first: string;
  others: number;
}

/** `before` with what a further part left out; in the order in which the doors came. */
export function withLeftOut(before: DoorLeftOut[], part: ScanLeftOut[]): DoorLeftOut[] {
  const all = before.map((door) => ({ ...door }));
  for (const { protocol, port, hosts } of part) {
    if (hosts.length === 0) continue;
    const known = all.find((door) => door.protocol === protocol && door.port === port);
    if (known) known.others += hosts.length;
    else all.push({ protocol, port, first: hosts[0]!, others: hosts.length - 1 });
  }
  return all;
}
