import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@signalbox/app-runtime';
import { KeyRing } from '@signalbox/bus';
import { MeshError } from '@signalbox/kernel';
import { keyIdOf, unwrapKey, wrapKey } from '@signalbox/privacy';
import type { GuardConfig } from '../../config.js';
import { RootKeysPort, type Wrapped } from '../root-keys.port.js';

const KEY_BYTES = 32;
const CURRENT = 'vault';
/** The one before, while what it wrapped is wrapped anew. */
const OLD = 'vault-old';

/** Root keys in the guard's folder, `vault.key` and `vault-old.key`, or in its environment. */
@Injectable()
export class FileRootKeysAdapter extends RootKeysPort {
  #keys: readonly Buffer[] = [];

  constructor(@Inject(CONFIG) private readonly config: Pick<GuardConfig, 'keysDir' | 'vaultKey' | 'vaultKeyOld'>) {
    super();
    this.reload();
  }

  override current(): string {
    return keyIdOf(this.#keys[0]!);
  }

  override holds(root: string): boolean {
    return this.#find(root) !== undefined;
  }

  override async wrap(key: Uint8Array, purpose: readonly string[]): Promise<Wrapped> {
    return { root: this.current(), wrapped: wrapKey(this.#keys[0]!, key, purpose) };
  }

  override async unwrap({ root, wrapped }: Wrapped, purpose: readonly string[]): Promise<Buffer> {
    if (!this.holds(root)) this.reload();
    const key = this.#find(root);
    if (key) return unwrapKey(key, wrapped, purpose);
    throw new MeshError('CONFIG_INVALID', `The vault was written with the root key ${root}, which is not held.`);
  }

  override reload(): void {
    const ring = KeyRing.load(this.config.keysDir);
    const { vaultKey, vaultKeyOld } = this.config;
    const current = vaultKey === undefined ? ring.secret(CURRENT) : Buffer.from(vaultKey, 'base64url');
    const old = vaultKeyOld === undefined ? [] : [Buffer.from(vaultKeyOld, 'base64url')];
    const keys = [current, ...old, ...(ring.has(OLD) ? [ring.secret(OLD)] : [])];
    if (keys.some(({ length }) => length !== KEY_BYTES))
      throw new MeshError('CONFIG_INVALID', `A root key of the vault has not ${KEY_BYTES} bytes.`);
    this.#keys = keys;
  }

  override masters(): readonly Uint8Array[] {
    return this.#keys;
  }

  #find(root: string): Buffer | undefined {
    return this.#keys.find((key) => keyIdOf(key) === root);
  }
}
