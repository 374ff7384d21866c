import type { ToolManifest } from '@signalbox/contracts';
import { type ArgumentType, argumentsOf } from './argument-type.js';

type Json = Record<string, unknown>;

const TEXT = { type: 'String' };
const TEXTS = { type: 'Set', element: TEXT };
const BOOLEAN = { type: 'Boolean' };
const TOOL = {
  effect: TEXT,
  tier: TEXT,
  driver: TEXT,
  source: TEXT,
  sensitivity: TEXTS,
  egress: BOOLEAN,
  readers: TEXTS,
};

/**
 * The Cedar schema, in JSON, of calls of one tool: its arguments are typed as its manifest says. One schema a tool, since
 * all share the action `call` and Cedar types the context by action.
 */
export function cedarSchemaOf({ parameters }: Pick<ToolManifest, 'parameters'>): Json {
  const context = {
    user: { type: 'Entity', name: 'User' },
    untrusted: BOOLEAN,
    readers: TEXTS,
    arguments: typeJson(argumentsOf(parameters)),
  };
  return {
    '': {
      entityTypes: {
        Agent: {},
        User: {},
        Tool: { shape: { type: 'Record', attributes: TOOL } },
      },
      actions: {
        call: {
          appliesTo: {
            principalTypes: ['Agent'],
            resourceTypes: ['Tool'],
            context: { type: 'Record', attributes: context },
          },
        },
      },
    },
  };
}

function typeJson(type: ArgumentType): Json {
  switch (type.kind) {
    case 'decimal':
      return { type: 'Extension', name: 'decimal' };
    case 'Set':
      return { type: 'Set', element: typeJson(type.element) };
    case 'Record':
      return {
        type: 'Record',
        attributes: Object.fromEntries(
          Array.from(type.attributes, ([name, { type: inner, isRequired }]) => [
            name,
            { ...typeJson(inner), required: isRequired },
          ]),
        ),
      };
    default:
      return { type: type.kind };
  }
}
