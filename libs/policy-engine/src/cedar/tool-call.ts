import type { ToolManifest } from '@signalbox/contracts';
import type { CedarPolicyCode } from './policy.js';
import { argumentsOf, type RecordType } from './argument-type.js';
import { argumentValue } from './argument-value.js';
import { Entities } from './entities.js';
import type { CedarRequest } from './request.js';
import { keysFor } from './scope.js';
import { absent, CedarRecord, type CedarValue, EntityUid, PlainRecord } from './value.js';

const CALL = new EntityUid('Action', 'call');

/** Calls of one tool by one agent, as policies see them: `Agent::"id"`, `Action::"call"`, `Tool::"name"`. */
export class ToolCalls {
  readonly action = CALL;
  readonly principal: EntityUid;
  readonly resource: EntityUid;
  readonly entities: Entities;
  readonly #arguments: RecordType;

  constructor(agent: string, { name, effect, tier, driver, parameters }: ToolManifest) {
    this.principal = new EntityUid('Agent', agent);
    this.resource = new EntityUid('Tool', name);
    const attributes = new PlainRecord(new Map(Object.entries({ effect, tier, driver: driver.kind })));
    this.entities = new Entities([{ uid: this.resource, parents: [], attributes }]);
    this.#arguments = argumentsOf(parameters);
  }

  /** One call. */
  request(args: unknown, userId: string): CedarRequest {
    const { principal, action, resource, entities } = this;
    return { principal, action, resource, entities, context: new CallContext(this.#arguments, args, userId) };
  }
}

/** Whether the scope of a policy leaves room for calls of a tool, whoever makes them. */
export function concernsTool({ resource }: CedarPolicyCode, tool: string): boolean {
  const keys = keysFor(new EntityUid('Tool', tool), new Entities());
  return (resource.type ?? 'Tool') === 'Tool' && keys.some((key) => resource.keys.includes(key));
}

const NAMES = ['user', 'arguments'];

/** `context.user` and `context.arguments`, made when a policy first looks at them. */
class CallContext extends CedarRecord {
  #arguments: CedarValue | undefined;
  #user: CedarValue | undefined;

  constructor(
    private readonly type: RecordType,
    private readonly json: unknown,
    private readonly userId: string,
  ) {
    super();
  }

  override has(name: string): boolean {
    return NAMES.includes(name);
  }

  override get(name: string): CedarValue {
    if (name === 'arguments') return (this.#arguments ??= argumentValue(this.type, this.json));
    if (name === 'user') return (this.#user ??= new EntityUid('User', this.userId));
    return absent(name);
  }

  override names(): Iterable<string> {
    return NAMES;
  }
}
