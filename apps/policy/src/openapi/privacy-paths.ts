import { RedactionReplayedV1, VaultStateV1 } from '@signalbox/contracts';
import type { z } from 'zod';
import {
  RedactionClasses,
  RedactionComparison,
  RedactionTrial,
  RedactionTrialResult,
} from '../privacy/redaction-trial.js';
import { RotationRequest } from '../privacy/vault.controller.js';
import { always, type Json, jsonBody, parameter, reply, tenant } from './openapi-parts.js';

export const privacySchemas: Record<string, z.ZodType> = {
  RedactionClasses,
  RedactionTrial,
  RedactionTrialResult,
  RedactionComparison,
  RedactionReplayed: RedactionReplayedV1,
  RotationRequest,
  VaultState: VaultStateV1,
};

/** Redaction before it is in force, and the keys of the vault, below `base`. */
export function privacyPaths(base: string): Json {
  const subject = parameter('subject', 'path', { type: 'string' }, 'A user of the tenant.');
  const answer = (operationId: string, tag: string, what: string, schema: string): Json => ({
    operationId,
    tags: [tag],
    responses: { 200: reply(what, schema), ...always },
  });
  return {
    [`${base}/redaction/classes`]: {
      parameters: [tenant],
      get: answer('listRedactionClasses', 'redaction', 'What is done with each class.', 'RedactionClasses'),
    },
    [`${base}/redaction/try`]: {
      parameters: [tenant],
      post: {
        ...answer('tryRedaction', 'redaction', 'What would become of the text.', 'RedactionTrialResult'),
        requestBody: { required: true, ...jsonBody('RedactionTrial') },
      },
    },
    [`${base}/redaction/compare`]: {
      parameters: [tenant],
      post: {
        ...answer('compareRedaction', 'redaction', 'What would change, over recorded runs.', 'RedactionReplayed'),
        requestBody: { required: true, ...jsonBody('RedactionComparison') },
      },
    },
    [`${base}/vault`]: {
      parameters: [tenant],
      get: answer('getVault', 'vault', 'Its keys and values, in numbers.', 'VaultState'),
    },
    [`${base}/vault/rotation`]: {
      parameters: [tenant],
      post: {
        ...answer('rotateVaultKey', 'vault', 'One part is done; asked again until nothing is left.', 'VaultState'),
        requestBody: { required: false, ...jsonBody('RotationRequest') },
      },
    },
    [`${base}/vault/subjects/{subject}`]: {
      parameters: [tenant, subject],
      delete: answer('eraseSubject', 'vault', 'Their keys are destroyed.', 'VaultState'),
    },
  };
}
