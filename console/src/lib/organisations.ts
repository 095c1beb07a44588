// Organisations of the server: their quotas and what they use.
export const QUOTAS = ['tags', 'samples_per_second', 'bytes', 'requests_per_minute', 'connections', 'people', 'tokens'] as const;
export type Quota = (typeof QUOTAS)[number];
export type Quotas = Record<Quota, number | null>;

export interface Organisation {
  id: number;
  name: string;
  state: 'active' | 'suspended';
  leaves: string | null;
  quotas: Quotas;
  used: Record<Quota, number>;
  contact?: string;
}

export interface MadeOrganisation extends Organisation {
  email: string;
  password: string;
}

export interface Signup {
  id: number;
  organisation: string;
  email: string;
  name: string;
  note: string;
  address: string;
  state: 'waiting' | 'approved' | 'refused';
  asked: string;
  reason: string;
}

export interface Platform {
  signup: 'closed' | 'approval';
  contact: string;
}

export interface UsageHour {
  from: string;
  samples: number;
  requests: number;
  refused: number;
  tags: number;
  bytes: number;
}

export interface UsageDay extends Omit<UsageHour, 'from'> {
  day: string;
}

/** Hours summed up by day in UTC, the newest first: counts add up, of what there is the most counts. */
export function daysOf(hours: readonly UsageHour[]): UsageDay[] {
  const days = new Map<string, UsageDay>();
  for (const hour of hours) {
    const name = hour.from.slice(0, 10);
    const day = days.get(name) ?? { day: name, samples: 0, requests: 0, refused: 0, tags: 0, bytes: 0 };
    day.samples += hour.samples;
    day.requests += hour.requests;
    day.refused += hour.refused;
    day.tags = Math.max(day.tags, hour.tags);
    day.bytes = Math.max(day.bytes, hour.bytes);
    days.set(name, day);
  }
  return [...days.values()].reverse();
}

/** How much of a quota is used, 0 to 1 and beyond; null without one. */
export const partOf = (one: Organisation, quota: Quota): number | null => {
  const limit = one.quotas[quota];
  return limit === null ? null : one.used[quota] / limit;
};
