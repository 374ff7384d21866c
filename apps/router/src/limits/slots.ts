import type { BudgetV1 } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import { type Call, callsInHand, hasEnded } from '@signalbox/run-engine';
import type { Logger } from '@signalbox/telemetry';
import type { RunShell } from '../runs/run-shell.js';
import type { BudgetsPort } from './budgets.port.js';
import type { LimitKind, LimitsPort } from './limits.port.js';
import { Scope } from './scope.js';
import { noBudget, rebalanced, sliceOf } from './slices.js';

export interface SlotsHome {
  partition: string;
  /** Name of this router. */
  owner: string;
  /** Whether the lease of the partition holds: without it nothing limited is started. */
  isHeld(): boolean;
  shells(): Iterable<RunShell>;
  /** A run that waited for a limit may try again. */
  retry(shell: RunShell): void;
}

export interface SlotsTools {
  budgets: BudgetsPort;
  limits: LimitsPort;
  logger: Logger;
}

/**
 * How much of what is limited is under way in one partition. What is in use follows from the journals alone, so a new
 * owner counts the same; how much may be is the partition's slice of the limit.
 */
export class Slots {
  readonly #scopes = new Map<string, Map<string, Scope>>();

  constructor(
    private readonly home: SlotsHome,
    private readonly tools: SlotsTools,
  ) {}

  weightOf(tenant: string): number {
    return this.tools.limits.weightOf(tenant);
  }

  /** Whether one more run may start or go on within the limits of its tenant and its agent; if not it waits. */
  takeRun(shell: RunShell): boolean {
    const scopes = this.#runScopes(shell);
    if (scopes.length === 0) return true;
    const full = scopes.find((scope) => !scope.hasRoom || !this.home.isHeld());
    if (full !== undefined) {
      this.#wait(full, shell);
      return false;
    }
    this.#hold(shell, scopes);
    return true;
  }

  /** The same where it goes on in any case: what began under another router, or is to end. */
  countRun(shell: RunShell): void {
    if (this.#scopes.size > 0) this.#hold(shell, this.#runScopes(shell));
  }

  /** The run waits for a person, or is over. */
  dropRun(shell: RunShell): void {
    for (const scope of this.#ofTenant(shell.ref.tenant)) {
      scope.waiting.delete(shell);
      if (scope.kind !== 'tool' && shell.slots?.delete(scope)) this.#free(scope, 1);
    }
  }

  /** The run leaves this process: it takes nothing any more. */
  leave(shell: RunShell): void {
    for (const scope of this.#ofTenant(shell.ref.tenant)) scope.waiting.delete(shell);
    const slots = shell.slots;
    shell.slots = null;
    for (const [scope, count] of slots ?? []) this.#free(scope, count);
  }

  /** Whether one more call of the tool may be asked for now; it counts from now on. If not, the run waits. */
  takeCall(shell: RunShell, tool: string): boolean {
    const scope = this.#scopeOf(shell.ref.tenant, 'tool', tool);
    if (scope === null) return true;
    if (!scope.hasRoom || !this.home.isHeld()) {
      this.#wait(scope, shell);
      return false;
    }
    scope.inUse += 1;
    (shell.slots ??= new Map()).set(scope, (shell.slots.get(scope) ?? 0) + 1);
    return true;
  }

  /** Counts the calls of a run as its journal has them now. */
  settle(shell: RunShell): void {
    const scopes = this.#scopes.get(shell.ref.tenant);
    if (scopes === undefined) return;
    for (const scope of scopes.values()) {
      if (scope.kind !== 'tool') continue;
      const before = shell.slots?.get(scope) ?? 0;
      const now = callsUnderWay(shell, scope.name);
      if (now === before) continue;
      (shell.slots ??= new Map()).set(scope, now);
      if (now < before) this.#free(scope, before - now);
      else scope.inUse += now - before;
    }
  }

  /** A budget changed somewhere: perhaps there is more for this partition now, or others want what it has. */
  onBudget(key: string, budget: BudgetV1): void {
    const [tenant = '', kind = '', name = ''] = key.split('.');
    const own = budget.slices[this.home.partition];
    let scope = this.#scopes.get(tenant)?.get(key);
    if (scope === undefined) {
      // Left by an earlier owner of the partition: it goes back to those who want it.
      if ((own?.count ?? 0) === 0 || budget.wants.length === 0) return;
      scope = this.#open(tenant, kind as LimitKind, name);
    }
    if (!scope.balancing && own?.owner === this.home.owner) scope.slice = own.count;
    this.#drain(scope);
    if (scope.owes(budget, this.home.partition)) void this.#balance(scope);
  }

  /** Makes up for everything that was missed. */
  tick(): void {
    for (const [key, budget] of this.tools.budgets.wanted()) this.onBudget(key, budget);
    for (const scopes of this.#scopes.values())
      for (const scope of scopes.values()) {
        this.#drain(scope);
        if (scope.waiting.size > 0) void this.#balance(scope);
      }
  }

  clear(): void {
    this.#scopes.clear();
  }

  #hold(shell: RunShell, scopes: readonly Scope[]): void {
    for (const scope of scopes) {
      if (shell.slots?.has(scope)) continue;
      scope.inUse += 1;
      (shell.slots ??= new Map()).set(scope, 1);
    }
  }

  #wait(scope: Scope, shell: RunShell): void {
    scope.wait(shell);
    if (scope.lacksMore(this.tools.budgets.known(scope.key), this.home.partition)) void this.#balance(scope);
  }

  #free(scope: Scope, count: number): void {
    scope.inUse -= count;
    const budget = this.tools.budgets.known(scope.key);
    if (budget !== null && scope.owes(budget, this.home.partition)) void this.#balance(scope);
    this.#drain(scope);
  }

  /** Wakes as many as there is room for. */
  #drain(scope: Scope): void {
    if (!this.home.isHeld()) return;
    // Without a limit, nobody waits.
    const unlimited = this.tools.limits.limitOf(scope.tenant, scope.kind, scope.name) === null;
    let room = unlimited ? scope.waiting.size : scope.slice - scope.inUse;
    for (; room > 0; room--) {
      const next = scope.waiting.take();
      if (next === undefined) return;
      if (scope.kind === 'tool') next.look();
      else this.home.retry(next);
    }
  }

  /** One change of a budget at a time. */
  async #balance(scope: Scope): Promise<void> {
    scope.again = true;
    if (scope.balancing) return;
    scope.balancing = true;
    while (scope.again) {
      scope.again = false;
      try {
        const stored = await this.tools.budgets.change(scope.key, (before) => this.#rebalanced(scope, before));
        const own = stored?.slices[this.home.partition];
        if (own?.owner === this.home.owner) scope.slice = own.count;
        this.#drain(scope);
      } catch (error) {
        this.tools.logger.debug({ err: MeshError.from(error), budget: scope.key }, 'a budget could not be changed yet');
      }
    }
    scope.balancing = false;
  }

  #rebalanced(scope: Scope, before: BudgetV1 | null): BudgetV1 | null {
    const { partition, owner } = this.home;
    const limit = this.tools.limits.limitOf(scope.tenant, scope.kind, scope.name);
    if (!this.home.isHeld() || (limit === null && before === null)) return null;
    const { limit: most, version } = limit ?? { limit: before!.limit, version: 0 };
    const need = { partition, owner, inUse: scope.inUse, waiting: scope.waiting.size, limit: most, version };
    const after = rebalanced(before ?? noBudget(most, version), need);
    // What is given away is not used from now on, whether the change lands or not.
    scope.slice = Math.min(scope.slice, sliceOf(after, partition));
    return before !== null && JSON.stringify(before) === JSON.stringify(after) ? null : after;
  }

  #runScopes({ ref: { tenant }, state }: RunShell): Scope[] {
    const ofAgent = this.#scopeOf(tenant, 'agent', state.accepted?.agent ?? '');
    const ofTenant = this.#scopeOf(tenant, 'runs', 'all');
    return [ofTenant, ofAgent].filter((scope) => scope !== null);
  }

  /** Null: there is no such limit. */
  #scopeOf(tenant: string, kind: LimitKind, name: string): Scope | null {
    if (this.tools.limits.limitOf(tenant, kind, name) === null) return null;
    return this.#scopes.get(tenant)?.get(`${tenant}.${kind}.${name}`) ?? this.#open(tenant, kind, name);
  }

  /** Counts what is under way already. */
  #open(tenant: string, kind: LimitKind, name: string): Scope {
    const scope = new Scope(tenant, kind, name);
    const scopes = this.#scopes.get(tenant) ?? new Map<string, Scope>();
    this.#scopes.set(tenant, scopes.set(scope.key, scope));
    for (const shell of this.home.shells()) {
      if (shell.ref.tenant !== tenant) continue;
      const count = kind === 'tool' ? callsUnderWay(shell, name) : runUnderWay(shell, kind, name);
      if (count === 0) continue;
      scope.inUse += count;
      (shell.slots ??= new Map()).set(scope, count);
    }
    return scope;
  }

  #ofTenant(tenant: string): Scope[] {
    return [...(this.#scopes.get(tenant)?.values() ?? [])];
  }
}

function runUnderWay({ admitted, parked, state }: RunShell, kind: LimitKind, name: string): number {
  const counts = admitted && !parked && (kind === 'runs' || state.accepted?.agent === name);
  return counts ? 1 : 0;
}

/** Of calls in a row, the one that its worker is at: it asks for no more than one at a time. */
function callsUnderWay({ state }: RunShell, tool: string): number {
  const step = state.steps.at(-1);
  if (step === undefined || hasEnded(state)) return 0;
  const isUnderWay = ({ tool: name, status, wait }: Call): boolean =>
    name === tool && wait === null && (status === 'requested' || status === 'overdue');
  return callsInHand(state, step).filter(isUnderWay).length;
}
