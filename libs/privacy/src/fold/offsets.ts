/** A growing list of offsets in little memory. */
export class Offsets {
  private items: Int32Array;
  private size = 0;

  constructor(expected: number) {
    this.items = new Int32Array(expected);
  }

  push(offset: number): void {
    this.reserve(1);
    this.items[this.size] = offset;
    this.size += 1;
  }

  /** `first`, `first + 1`, and so on. */
  pushRange(first: number, count: number): void {
    this.reserve(count);
    for (let i = 0; i < count; i += 1) this.items[this.size + i] = first + i;
    this.size += count;
  }

  list(): Int32Array {
    return this.items.subarray(0, this.size);
  }

  private reserve(count: number): void {
    if (this.size + count <= this.items.length) return;
    const grown = new Int32Array(Math.max(2 * this.items.length, this.size + count));
    grown.set(this.items);
    this.items = grown;
  }
}

export function joinOffsets(left: Int32Array, right: Int32Array): Int32Array {
  const joined = new Int32Array(left.length + right.length);
  joined.set(left);
  joined.set(right, left.length);
  return joined;
}
