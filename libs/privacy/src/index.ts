export * from './contains-raw.js';
export * from './pseudonyms/arguments.js';
export * from './pseudonyms/canonical-value.js';
export type { PatternStream } from './pseudonyms/pattern-stream.js';
export * from './pseudonyms/rendering.js';
export * from './pseudonyms/restore.js';
export * from './pseudonyms/token.js';
export {
  assertNotBlocked,
  type Blocked,
  type Cleaned,
  countFound,
  findingsOf,
  type Found,
  joinCleaned,
  type RedactOptions,
  SECRET_MASK,
} from './redaction/found.js';
export { EncodedStream } from './redaction/encoded-stream.js';
export { mapEncodedRuns, type RunReader } from './redaction/encoded.js';
export { JSON_LIMITS, mapJsonStrings, type JsonLimits } from './redaction/json-walk.js';
export * from './redaction/redact-json.js';
export { detect, redactText, TEXT_CHARS_MAX, type Span } from './redaction/redact-text.js';
export * from './redaction/redacting-stream.js';
export { safeView } from './redaction/safe-view.js';
export type { KnownValue } from './recognisers/known-values.js';
export { assertPattern, matchCharsOf, PATTERN_LIMITS } from './patterns/pattern-recogniser.js';
export { compareRulesets, type RulesetDifference } from './rules/compare-rulesets.js';
export { type Known, type RedactionDefinitions, TenantRulesets } from './rules/tenant-rulesets.js';
export { type ActionInForce, defaultActionOf, mayTreat } from './rules/actions.js';
export { createRuleset, MESH_RULESET, PROFILES, type Profile, type Ruleset } from './ruleset.js';
export * from './vault/key-box.js';
export * from './vault/seal.js';
export { generateVaultKeys, tenantPseudonymKey, type VaultKeyPair } from './vault/keys.js';
export { detectInstructions, SUSPICIOUS, suspicionOf } from './instructions/detect-instructions.js';
