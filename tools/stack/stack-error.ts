/** What keeps the mesh from running, with what the reader can do about it. */
export class StackError extends Error {
  override readonly name = 'StackError';

  constructor(message: string, advice?: string, options?: ErrorOptions) {
    super(advice === undefined ? message : `${message}\n${advice}`, options);
  }
}
