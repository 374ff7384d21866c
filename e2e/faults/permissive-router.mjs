/** Loaded before a router whose compiled policies are to permit what they forbid. */
import { CompiledPolicy } from '@signalbox/policy-engine';

const proper = Object.getOwnPropertyDescriptor(CompiledPolicy.prototype, 'authorize').value;
CompiledPolicy.prototype.authorize = function permissive(access) {
  const decision = proper.call(this, access);
  return decision.kind === 'forbid' ? { ...decision, outcome: 'permit', kind: 'permit' } : decision;
};
