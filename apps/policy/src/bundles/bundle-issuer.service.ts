import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@signalbox/app-runtime';
import { KeyRing } from '@signalbox/bus';
import { type BundleRef, MESSAGE_BYTES_MAX, type PolicyBundleV1, type ShadowDraft } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';
import type { Draft } from '../drafts/draft.js';
import { type CompiledPolicy, compilePolicy, openBundle, signBundle } from '@signalbox/policy-engine';
import type { PolicyConfig } from '../config.js';
import type { IssuedBundle, TenantPolicy, TenantTransaction } from '../storage/policy.repository.js';
import { assertPassing, runTests } from '../tests/run-tests.js';

const SHADOWED = ['models', 'tools', 'agents', 'rules', 'policies'] as const;
/** Left of a bus message for subject and headers, bytes. */
const ENVELOPE_BYTES = 4_096;

interface Signer {
  key: KeyObject;
  keyId: string;
}

export interface IssueOptions {
  /** What lies in the bucket already. */
  seen?: BundleRef;
  /** Who made the change; absent: the mesh itself. */
  author?: string;
  /** Only where the tenant's tests of its policies pass. */
  isTested?: boolean;
}

/** Makes and reads signed bundles. */
@Injectable()
export class BundleIssuer {
  #signer: Signer;
  /** Public halves of all keys that this process signed with. */
  readonly #known = new Map<string, KeyObject>();

  constructor(@Inject(CONFIG) private readonly config: PolicyConfig) {
    this.#signer = this.#read();
  }

  /** Names the signing key: a bundle of another key is issued anew. */
  get keyId(): string {
    return this.#signer.keyId;
  }

  /** Takes the key that lies in the key files now: it is rotated while the process runs. CONFIG_INVALID where there is none. */
  refreshKey(): void {
    this.#signer = this.#read();
  }

  #read(): Signer {
    const key = KeyRing.load(this.config.keysDir).privateKey('bundle-sign');
    const publicKey = createPublicKey(key);
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    const keyId = `k${createHash('sha256').update(spki).digest('hex').slice(0, 16)}`;
    this.#known.set(keyId, publicKey);
    return { key, keyId };
  }

  /**
   * Signs the tenant's policy as it stands in the transaction, one version after the newest (or after `seen`, where an
   * enforcement point may have that already), and keeps it there. Throws PAYLOAD_TOO_LARGE, REQUEST_INVALID when there
   * are more definitions of a kind than a bundle holds, and TESTS_FAILED.
   */
  async issue(
    transaction: TenantTransaction,
    change: string,
    { seen, author = '', isTested = false }: IssueOptions = {},
  ): Promise<IssuedBundle> {
    const newest = await transaction.newestBundle();
    const parent = seen && seen.version > transaction.version ? seen : newest;
    const issuedAt = Date.now();
    const { definition: limits } = await transaction.limits();
    const { tests, ...content } = await transaction.policy();
    const bundle: PolicyBundleV1 = {
      format: 1,
      tenant: transaction.tenant,
      version: Math.max(transaction.version, seen?.version ?? 0) + 1,
      parentHash: parent?.hash ?? null,
      issuedAt,
      expiresAt: issuedAt + this.config.bundleLifeMs,
      ...content,
      ...shadowOf(await transaction.shadowDraft()),
      ...(Object.keys(limits).length > 0 ? { limits } : {}),
    };
    const signed = signBundle(bundle, this.#signer.key, this.keyId);
    assertTravels(encode(signed));
    // What no enforcement point would take is not issued.
    const compiled = compilePolicy(bundle, signed.hash);
    if (isTested) assertPassing(runTests(compiled, tests, content.tools));
    const issued: IssuedBundle = {
      tenant: bundle.tenant,
      version: bundle.version,
      hash: signed.hash,
      keyId: this.keyId,
      issuedAt: new Date(bundle.issuedAt),
      expiresAt: new Date(bundle.expiresAt),
      delivered: false,
      signed,
      change,
      author,
    };
    await transaction.addBundle(issued);
    return issued;
  }

  /** A policy that is not issued, made ready to decide from: to see what it would do. */
  compiled(tenant: string, { tests: _tests, ...content }: TenantPolicy): CompiledPolicy {
    const now = Date.now();
    const times = { issuedAt: now, expiresAt: now + this.config.bundleLifeMs };
    return compilePolicy({ format: 1, tenant, version: 1, parentHash: null, ...times, ...content });
  }

  /** Whether a bundle must be replaced: another key signed it, or half of its life is over. */
  isStale(
    { keyId, issuedAt, expiresAt }: Pick<IssuedBundle, 'keyId' | 'issuedAt' | 'expiresAt'>,
    nowMs: number,
  ): boolean {
    return keyId !== this.keyId || nowMs >= (issuedAt.getTime() + expiresAt.getTime()) / 2;
  }

  /** Which bundle these bytes are, if our key signed them for this tenant; expired or not. */
  recognise(tenant: string, bytes: Uint8Array): BundleRef | null {
    try {
      const signed: unknown = JSON.parse(new TextDecoder().decode(bytes));
      const { version } = openBundle(signed, [...this.#known.values()], { nowMs: 0, tenant });
      return { version, hash: (signed as { hash: string }).hash };
    } catch {
      return null;
    }
  }
}

/** What a draft in shadow would change of what is decided. */
function shadowOf(draft: Draft | null): { shadow?: ShadowDraft } {
  if (draft === null) return {};
  const changes = draft.changes.flatMap(({ kind, id, definition }) =>
    SHADOWED.some((known) => known === kind)
      ? [{ kind: kind as (typeof SHADOWED)[number], id, definition: definition as Record<string, unknown> | null }]
      : [],
  );
  return { shadow: { draft: draft.id, changes } };
}

/** As a signed bundle lies in the bucket. */
export function encode(signed: IssuedBundle['signed']): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(signed));
}

function assertTravels(bytes: Uint8Array): void {
  const bytesMax = MESSAGE_BYTES_MAX - ENVELOPE_BYTES;
  if (bytes.length <= bytesMax) return;
  throw new MeshError(
    'PAYLOAD_TOO_LARGE',
    `The policy of the tenant is ${bytes.length} bytes, more than the ${bytesMax} that a bundle may have.`,
    {
      details: { bytes: bytes.length, bytesMax },
    },
  );
}
