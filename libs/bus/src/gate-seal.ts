import { hash, type KeyObject, sign, verify } from 'node:crypto';
import { MeshError } from '@signalbox/kernel';

/** Entries under one signature, at most. */
export const SEALS_MAX = 128;
const HASH_BYTES = 32;
const SIGNATURE_BYTES = 64;
const LEVELS_MAX = Math.log2(SEALS_MAX);
/** Roots that a process remembers as checked. */
const ROOTS_MAX = 4_096;
/** No signed entry begins so. */
const ROOT_PREFIX = Buffer.from('sb-root-1\n');
const LEAF = Buffer.of(0);
const NODE = 1;

/** A SHA-256 as 32 latin1 characters: a buffer for each would cost more than the hashing. */
type Digest = string;

interface Leaf {
  content: Buffer;
  resolve: (seal: string) => void;
  reject: (error: unknown) => void;
}

/**
 * Signatures (Ed25519) of what the guard writes into journals: everybody can check them, at many times the cost of an
 * HMAC. So what is sealed in one turn of the event loop is signed together: the leaves of a Merkle tree (RFC 9162,
 * section 2.1) are the entries, its root is signed once, and each seal holds the way from its entry to the root. A reader
 * checks the signature of a root once.
 *
 * `e:<signature>` of one entry alone, `m:<signature, sides, siblings>` of one among many; base64url. `sides` is a byte
 * with a bit a level, from the leaves up: 1 where the sibling stands on the left.
 */
export class GateSigner {
  #leaves: Leaf[] = [];

  /** `sealsMax`: entries under one signature, at most SEALS_MAX. */
  constructor(
    private readonly key: () => KeyObject,
    private readonly sealsMax = SEALS_MAX,
  ) {}

  /** The seal of this content. Rejects where the key is missing. */
  seal(content: Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#leaves.push({ content, resolve, reject }) === 1) setImmediate(() => this.#signAll());
    });
  }

  #signAll(): void {
    const all = this.#leaves;
    this.#leaves = [];
    for (let at = 0; at < all.length; at += this.sealsMax) {
      const leaves = all.slice(at, at + this.sealsMax);
      try {
        const seals = sealsOf(
          leaves.map(({ content }) => content),
          this.key(),
        );
        for (const [index, { resolve }] of leaves.entries()) resolve(seals[index]!);
      } catch (error) {
        for (const { reject } of leaves) reject(MeshError.from(error));
      }
    }
  }
}

/** A seal for each content, under one signature. */
export function sealsOf(contents: readonly Buffer[], key: KeyObject): string[] {
  const [only, ...others] = contents;
  if (only !== undefined && others.length === 0) return [`e:${sign(null, only, key).toString('base64url')}`];
  const { root, paths } = treeOf(contents.map(leafHash));
  const signature = sign(null, Buffer.concat([ROOT_PREFIX, bytesOf(root)]), key);
  return paths.map(({ sides, siblings }) => {
    const parts = [signature, Buffer.of(sides), bytesOf(siblings.join(''))];
    return `m:${Buffer.concat(parts).toString('base64url')}`;
  });
}

export const isSignature = (seal: string): boolean => seal.startsWith('e:') || seal.startsWith('m:');

/** Whether this seal is the guard's, for this content. */
export function isSealOf(content: Buffer, seal: string, key: KeyObject): boolean {
  const bytes = Buffer.from(seal.slice(2), 'base64url');
  if (seal.startsWith('e:')) return verify(null, content, key, bytes);
  const levels = (bytes.length - SIGNATURE_BYTES - 1) / HASH_BYTES;
  if (!Number.isInteger(levels) || levels < 1 || levels > LEVELS_MAX) return false;
  const sides = bytes[SIGNATURE_BYTES]!;
  // One seal, one form: no bit may stand for a level that is not there.
  if (sides >> levels !== 0) return false;
  let node = leafHash(content);
  for (let level = 0; level < levels; level++) {
    const start = SIGNATURE_BYTES + 1 + level * HASH_BYTES;
    const sibling = bytes.toString('latin1', start, start + HASH_BYTES);
    node = (sides >> level) & 1 ? nodeHash(sibling, node) : nodeHash(node, sibling);
  }
  return isSigned(node, bytes.subarray(0, SIGNATURE_BYTES), key);
}

const checked = new WeakMap<KeyObject, Set<string>>();

function isSigned(root: Digest, signature: Buffer, key: KeyObject): boolean {
  const roots = checked.get(key) ?? new Set();
  checked.set(key, roots);
  const name = root + signature.toString('latin1');
  if (roots.has(name)) return true;
  if (!verify(null, Buffer.concat([ROOT_PREFIX, bytesOf(root)]), key, signature)) return false;
  const [oldest] = roots;
  if (roots.size >= ROOTS_MAX && oldest !== undefined) roots.delete(oldest);
  roots.add(name);
  return true;
}

interface Path {
  sides: number;
  siblings: Digest[];
}

/** A node without a sibling goes up as it is. */
function treeOf(leaves: readonly Digest[]): { root: Digest; paths: Path[] } {
  const paths: Path[] = leaves.map(() => ({ sides: 0, siblings: [] }));
  let level = leaves.map((node, index) => ({ node, below: [paths[index]!] }));
  while (level.length > 1) {
    const next: typeof level = [];
    for (let at = 0; at < level.length; at += 2) {
      const [left, right] = [level[at]!, level[at + 1]];
      if (right === undefined) {
        next.push(left);
        continue;
      }
      for (const path of left.below) path.siblings.push(right.node);
      for (const path of right.below) path.sides |= 1 << (path.siblings.push(left.node) - 1);
      next.push({ node: nodeHash(left.node, right.node), below: [...left.below, ...right.below] });
    }
    level = next;
  }
  return { root: level[0]!.node, paths };
}

const bytesOf = (digests: string): Buffer => Buffer.from(digests, 'latin1');

const leafHash = (content: Buffer): Digest => hash('sha256', Buffer.concat([LEAF, content]), 'binary');

/** Filled anew for each node. */
const pair = Buffer.alloc(1 + 2 * HASH_BYTES, NODE);
function nodeHash(left: Digest, right: Digest): Digest {
  pair.write(left, 1, 'latin1');
  pair.write(right, 1 + HASH_BYTES, 'latin1');
  return hash('sha256', pair, 'binary');
}
