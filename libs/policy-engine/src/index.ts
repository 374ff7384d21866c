export { type KeyInput } from './bundle/ed25519.js';
export { assertNotExpired, type BundleFault, openBundle, type OpenBundleOptions } from './bundle/open-bundle.js';
export { BUNDLE_CHARS_MAX, signBundle } from './bundle/sign-bundle.js';
export { CompiledPolicy, compilePolicy, type ResolvedAgent, type ToolAccess } from './compiled-policy.js';
export { isWithin, narrowedTo } from './governance.js';
export { compileBaseRules } from './labels/base-rules.js';
export { type ToolFlow, toolFlow } from './labels/tool-flow.js';
export { storedDigest } from './key-ring.js';
export { compileRules } from './rules/rule-set.js';
export { isSoundCondition } from './rules/condition.js';
export {
  type HostPattern,
  hostMatches,
  parseHostPattern,
  type UrlHost,
  urlHost,
  urlLeadsTo,
} from './rules/url-host.js';
export { type FloorFiles, floorFile, floorMemory, type FloorPort } from './store/floor.js';
export { type PolicyEvent, PolicyStore, type PolicyStoreOptions } from './store/policy-store.js';
export { bundleKey, type WatchableBucket, watchBundles, type WatchedEntry } from './store/watch-bundles.js';
export { type CedarEntity, Entities } from './cedar/entities.js';
export { literalOf } from './cedar/literal.js';
export { type CedarPolicyCode, compileCedarPolicy } from './cedar/policy.js';
export { CedarPolicySet, evaluatePolicies, type Findings } from './cedar/policy-set.js';
export { type RequestJson, requestJson } from './cedar/request-json.js';
export type { CedarRequest } from './cedar/request.js';
export { type CedarRecord, EntityUid } from './cedar/value.js';
export type { AccessQuestion, AccessUser } from './cedar/access-request.js';
export { cedarAccessSchema } from './cedar/access-schema.js';
export { accessActionsOf, isAboutCalls } from './cedar/decide-access.js';
export { concernsTool, ToolCalls } from './cedar/tool-call.js';
export { type ArgumentType, argumentsOf } from './cedar/argument-type.js';
export { namesReveal, type RevealAccess, revealSchema } from './cedar/reveal.js';
export { cedarSchemaOf } from './cedar/tool-schema.js';
