import type { ArgumentRole, CallLabels, Label, ToolManifest } from '@signalbox/contracts';
import { callLabel, toolFlow } from '../labels/tool-flow.js';
import type { CedarPolicyCode } from './policy.js';
import { argumentsOf, type RecordType } from './argument-type.js';
import { argumentValue } from './argument-value.js';
import { Entities } from './entities.js';
import type { CedarRequest } from './request.js';
import { keysFor } from './scope.js';
import { absent, CedarRecord, CedarSet, type CedarValue, EntityUid, PlainRecord } from './value.js';

const CALL = new EntityUid('Action', 'call');

/** Calls of one tool by one agent, as policies see them: `Agent::"id"`, `Action::"call"`, `Tool::"name"`. */
export class ToolCalls {
  readonly action = CALL;
  readonly principal: EntityUid;
  readonly resource: EntityUid;
  readonly entities: Entities;
  readonly #arguments: RecordType;
  readonly #roles: readonly ArgumentRole[] | undefined;

  constructor(agent: string, tool: ToolManifest) {
    const { name, parameters, roles } = tool;
    this.principal = new EntityUid('Agent', agent);
    this.resource = new EntityUid('Tool', name);
    const attributes = new PlainRecord(new Map(Object.entries(attributesOf(tool))));
    this.entities = new Entities([{ uid: this.resource, parents: [], attributes }]);
    this.#arguments = argumentsOf(parameters);
    this.#roles = roles;
  }

  /** One call. */
  request(args: unknown, userId: string, labels: CallLabels): CedarRequest {
    const { principal, action, resource, entities } = this;
    const context = new CallContext(this.#arguments, args, userId, labels, this.#roles);
    return { principal, action, resource, entities, context };
  }

  /** One whose arguments are not known: a policy that looks at them throws UnknownArguments. */
  open(userId: string, labels: CallLabels): CedarRequest {
    const { principal, action, resource, entities } = this;
    const context = new OpenContext(this.#arguments, null, userId, labels, this.#roles);
    return { principal, action, resource, entities, context };
  }
}

/** What a policy asked for is not there yet. */
export class UnknownArguments extends Error {}

/** What policies may ask of a tool. */
function attributesOf(tool: ToolManifest): Record<string, CedarValue> {
  const { source, sensitivity, egress, readers } = toolFlow(tool);
  const { effect, tier, driver } = tool;
  const sets = { sensitivity: new CedarSet([...sensitivity]), readers: new CedarSet([...readers]) };
  return { effect, tier, driver: driver.kind, source, egress, ...sets };
}

/** Whether the scope of a policy leaves room for calls of a tool, whoever makes them. */
export function concernsTool({ resource }: CedarPolicyCode, tool: string): boolean {
  const keys = keysFor(new EntityUid('Tool', tool), new Entities());
  return (resource.type ?? 'Tool') === 'Tool' && keys.some((key) => resource.keys.includes(key));
}

const NAMES = ['user', 'arguments', 'untrusted', 'readers'];

/** The context of a call, made when a policy first looks at it. */
class CallContext extends CedarRecord {
  #arguments: CedarValue | undefined;
  #user: CedarValue | undefined;
  #label: Label | undefined;

  constructor(
    private readonly type: RecordType,
    private readonly json: unknown,
    private readonly userId: string,
    private readonly labels: CallLabels,
    private readonly roles: readonly ArgumentRole[] | undefined,
  ) {
    super();
  }

  override has(name: string): boolean {
    return NAMES.includes(name);
  }

  override get(name: string): CedarValue {
    if (name === 'arguments') return (this.#arguments ??= argumentValue(this.type, this.json));
    if (name === 'user') return (this.#user ??= new EntityUid('User', this.userId));
    if (!NAMES.includes(name)) return absent(name);
    const { integrity, readers } = (this.#label ??= callLabel(this.labels, this.roles));
    return name === 'untrusted' ? integrity === 'untrusted' : new CedarSet([...readers]);
  }

  override names(): Iterable<string> {
    return NAMES;
  }
}

class OpenContext extends CallContext {
  override get(name: string): CedarValue {
    if (name === 'arguments') throw new UnknownArguments('The arguments are not known.');
    return super.get(name);
  }
}
