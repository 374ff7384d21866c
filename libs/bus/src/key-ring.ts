import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type AccountName, type ServiceName } from '@signalbox/contracts';
import { MeshError } from '@signalbox/kernel';

const FILE_BYTES_MAX = 65_536;
const SECRET_BYTES_MIN = 16;

/**
 * The key files of one service, read once. A name may leave out its suffix: `secret('msgid')` is `msgid.key`.
 * A key that is missing or unreadable throws CONFIG_INVALID with the file's name, never its content.
 */
export class KeyRing {
  readonly #files: ReadonlyMap<string, string>;
  readonly #secrets = new Map<string, Buffer>();
  readonly #keys = new Map<string, KeyObject>();

  private constructor(files: ReadonlyMap<string, string>) {
    this.#files = files;
  }

  static load(dir: string): KeyRing {
    const files = new Map<string, string>();
    try {
      for (const name of readdirSync(dir)) {
        const stat = statSync(join(dir, name));
        if (stat.isFile() && stat.size <= FILE_BYTES_MAX) files.set(name, readFileSync(join(dir, name), 'utf8').trim());
      }
    } catch (cause) {
      throw new MeshError('CONFIG_INVALID', 'The folder of key files cannot be read.', { cause });
    }
    return new KeyRing(files);
  }

  has(name: string): boolean {
    return ['', '.key', '.pub', '.nk'].some((suffix) => this.#files.has(name + suffix));
  }

  /** Names of all key files of this service, sorted. */
  names(): string[] {
    return [...this.#files.keys()].toSorted();
  }

  /** The text of a file, trimmed: tokens, digests, bearer keys. */
  text(name: string): string {
    return this.#content(name, ['']);
  }

  /** Bytes of a secret that is kept in base64url. */
  secret(name: string): Buffer {
    return remember(this.#secrets, name, () => {
      const bytes = Buffer.from(this.#content(name, ['', '.key']), 'base64url');
      if (bytes.length < SECRET_BYTES_MIN)
        throw new MeshError('CONFIG_INVALID', `The key file ${name} holds no base64url secret.`);
      return bytes;
    });
  }

  /** The same as a key for HMAC, which is several times faster with it than with bytes. */
  hmacKey(name: string): KeyObject {
    return remember(this.#keys, `secret:${name}`, () => createSecretKey(this.secret(name)));
  }

  /** A private key kept as PKCS8 PEM. */
  privateKey(name: string): KeyObject {
    return remember(this.#keys, `private:${name}`, () =>
      parsePem(name, this.#content(name, ['', '.key']), createPrivateKey),
    );
  }

  /** A public key kept as SPKI PEM. */
  publicKey(name: string): KeyObject {
    return remember(this.#keys, `public:${name}`, () =>
      parsePem(name, this.#content(name, ['', '.pub']), createPublicKey),
    );
  }

  /** Name of the secret that two services share. */
  static pairName(a: ServiceName, b: ServiceName): string {
    return a < b ? `pair-${a}-${b}.key` : `pair-${b}-${a}.key`;
  }

  /** Seed of the bus user in an account. */
  natsSeed(account: AccountName): Uint8Array {
    return new TextEncoder().encode(this.#content(account.toLowerCase(), ['.nk']));
  }

  #content(name: string, suffixes: readonly string[]): string {
    for (const suffix of suffixes) {
      const content = this.#files.get(name + suffix);
      if (content !== undefined) return content;
    }
    throw new MeshError('CONFIG_INVALID', `The key file ${name}${suffixes.at(-1) ?? ''} is missing.`);
  }
}

function remember<V>(cache: Map<string, V>, key: string, make: () => V): V {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make();
  cache.set(key, made);
  return made;
}

function parsePem(name: string, pem: string, parse: (pem: string) => KeyObject): KeyObject {
  try {
    return parse(pem);
  } catch {
    // The cause is left out: it may quote the file.
    throw new MeshError('CONFIG_INVALID', `The key file ${name} holds no key in PEM.`);
  }
}
