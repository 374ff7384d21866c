/** What the server we are connected to is. Nothing correctness-critical may depend on it. */
export interface BusCapabilities {
  version: string;
  /** JetStream API level; 0 where the server does not tell (before 2.12). */
  apiLevel: number;
  maxPayloadBytes: number;
  atLeast: (major: number, minor: number, patch?: number) => boolean;
}

interface ServerFacts {
  version: string;
  max_payload: number;
  api_lvl?: number;
}

export function capabilitiesOf(info: ServerFacts | undefined): BusCapabilities {
  const version = info?.version ?? '0.0.0';
  const have = version
    .split(/[.-]/)
    .slice(0, 3)
    .map((part) => Number.parseInt(part, 10) || 0);
  return {
    version,
    apiLevel: info?.api_lvl ?? 0,
    maxPayloadBytes: info?.max_payload ?? 0,
    atLeast: (...want) => compare(have, want) >= 0,
  };
}

function compare(a: readonly number[], b: readonly (number | undefined)[]): number {
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
