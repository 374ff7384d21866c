import type { ToolManifest } from '@signalbox/contracts';
import { schemaFaults } from '@signalbox/run-engine';

/** Why a tool would not take these arguments; null: it would. */
export function argumentsFault(manifest: ToolManifest | null, text: string): string | null {
  if (manifest === null) return 'the agent has no such tool any more';
  const value: unknown = JSON.parse(text);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return 'arguments are a JSON object';
  const faults = schemaFaults(manifest.parameters, value);
  return faults.length === 0 ? null : `the arguments do not match the schema of the tool: ${faults.join('; ')}`;
}
