// Quality of a sample: an OPC UA StatusCode (IEC 62541-4, 7.39). The top two bits are the severity.

export type Severity = 'good' | 'uncertain' | 'bad';

export function severityOf(code: number): Severity {
  const top = code >>> 30;
  if (top === 0) return 'good';
  return top === 1 ? 'uncertain' : 'bad';
}

// The codes that Lineshaft itself gives, by the names of the standard.
const NAMES = new Map<number, string>([
  [0x00000000, 'Good'],
  [0x40000000, 'Uncertain'],
  [0x40900000, 'UncertainLastUsableValue'],
  [0x40910000, 'UncertainSubstituteValue'],
  [0x40940000, 'UncertainEngineeringUnitsExceeded'],
  [0x80000000, 'Bad'],
  [0x80050000, 'BadCommunicationError'],
  [0x800a0000, 'BadTimeout'],
  [0x80310000, 'BadNoCommunication'],
  [0x80320000, 'BadWaitingForInitialData'],
  [0x803b0000, 'BadNotWritable'],
  [0x803c0000, 'BadOutOfRange'],
  [0x803d0000, 'BadNotSupported'],
  [0x80740000, 'BadTypeMismatch'],
  [0x80890000, 'BadConfigurationError'],
  [0x808a0000, 'BadNotConnected'],
  [0x808b0000, 'BadDeviceFailure'],
  [0x808c0000, 'BadSensorFailure'],
  [0x808d0000, 'BadOutOfService'],
  [0x809d0000, 'BadDataLost'],
]);

export const NAMED_QUALITIES: readonly string[] = [...NAMES.values()];

export function qualityName(code: number): string {
  const known = NAMES.get(code >>> 0);
  return known ?? `0x${(code >>> 0).toString(16).toUpperCase().padStart(8, '0')}`;
}

/** Severity of a quality that comes as a name only. */
export function severityOfName(name: string): Severity {
  if (name.startsWith('Good')) return 'good';
  if (name.startsWith('Uncertain')) return 'uncertain';
  const hex = /^0x([0-9a-f]{8})$/i.exec(name);
  return hex ? severityOf(Number.parseInt(hex[1]!, 16)) : 'bad';
}
