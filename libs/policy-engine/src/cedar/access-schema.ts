type Json = Record<string, unknown>;

const TEXT = { type: 'String' };
const TEXTS = { type: 'Set', element: TEXT };
const USER = { type: 'Entity', name: 'User' };
const record = (attributes: Json): Json => ({ type: 'Record', attributes });

/** What is decided beside tool calls: who may start which agent, which model an agent may ask, which session it may read and write. */
export const ACCESS_ACTIONS = ['start', 'infer', 'recall', 'remember'] as const;
export type AccessAction = (typeof ACCESS_ACTIONS)[number];

/** The Cedar schema of these actions, in JSON: the same for every tenant. */
export function cedarAccessSchema(): Json {
  const ofAgent = (resource: string): Json => ({
    appliesTo: { principalTypes: ['Agent'], resourceTypes: [resource], context: record({ user: USER }) },
  });
  return {
    '': {
      entityTypes: {
        Agent: {},
        Role: {},
        User: { memberOfTypes: ['Role'] },
        Model: { shape: record({ provider: TEXT, regions: TEXTS }) },
        Session: {},
      },
      actions: {
        start: {
          appliesTo: {
            principalTypes: ['User'],
            resourceTypes: ['Agent'],
            context: record({ key: TEXT, priority: TEXT, regions: { ...TEXTS, required: false } }),
          },
        },
        infer: ofAgent('Model'),
        recall: ofAgent('Session'),
        remember: ofAgent('Session'),
      },
    },
  };
}
